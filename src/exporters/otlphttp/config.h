#pragma once
// Source: spec/collector.md 5.5.
#include "confignet/http_client.h"
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"

namespace gleaner::exporters::otlphttp {

inline constexpr std::string_view kEncodings[] = {"proto", "json"};

struct Config {
  SendingConfig sending{.timeout = std::chrono::seconds(30)};
  confignet::HttpClientConfig client;
  std::string traces_endpoint, metrics_endpoint, logs_endpoint, profiles_endpoint;
  std::string encoding = "proto";

  Config() {
    client.compression = "gzip";
    client.write_buffer_size = 512 << 10;
  }
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::sending>(),
        config::squash<&Config::client>(),
        config::field<&Config::traces_endpoint>("traces_endpoint", "URL of traces, used as it is"),
        config::field<&Config::metrics_endpoint>("metrics_endpoint", "URL of metrics, used as it is"),
        config::field<&Config::logs_endpoint>("logs_endpoint", "URL of logs, used as it is"),
        config::field<&Config::encoding>("encoding", "protobuf or JSON on the wire").one_of(kEncodings),
        config::field<&Config::profiles_endpoint>("profiles_endpoint", "URL of profiles, used as it is"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  /// Where requests of a signal go: its own URL, or /v1/{signal} behind the endpoint; "" without either.
  std::string url(SignalKind signal) const;
};

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context);

}  // namespace gleaner::exporters::otlphttp
