#pragma once
// Source: spec/collector.md 7.2.
#include "config/compat.h"
#include "confignet/tls.h"
#include "pipeline/factory.h"

namespace gleaner::extensions::health_check {

struct ResponseBody {
  std::string healthy, unhealthy;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ResponseBody::healthy>("healthy", "text of a 200"),
        config::field<&ResponseBody::unhealthy>("unhealthy", "text of a 503"),
    };
    return kTable;
  }
};

struct Config {
  std::string endpoint = config::by_compat("localhost:13133", "0.0.0.0:13133");
  std::string path = "/";
  std::optional<confignet::TlsServerConfig> tls;
  std::optional<ResponseBody> response_body;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::endpoint>("endpoint", "host:port to answer on"),
        config::field<&Config::path>("path", "where; / answers every path"),
        config::field<&Config::tls>("tls", "encryption"),
        config::field<&Config::response_body>("response_body", "own texts instead of JSON"),
        config::later("check_collector_pipeline", "has no effect in the reference either"),
    };
    return kTable;
  }
};

/// Answers 200 while the pipelines run, 503 before and while stopping.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::health_check
