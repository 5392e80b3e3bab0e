#pragma once
// Source: spec/collector.md 5.4.
#include "confignet/auth.h"
#include "confignet/tls.h"
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"

namespace gleaner::exporters::otlp {

inline constexpr std::string_view kCompressions[] = {"gzip", "zstd", "snappy", "none", ""};
inline constexpr std::string_view kBalancers[] = {"round_robin", "pick_first"};

struct KeepaliveConfig {
  Duration time = std::chrono::seconds(10), timeout = std::chrono::seconds(10);
  bool permit_without_stream = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&KeepaliveConfig::time>("time", "ping after this much silence; at least 10s"),
        config::field<&KeepaliveConfig::timeout>("timeout", "reconnect when no answer comes within this"),
        config::field<&KeepaliveConfig::permit_without_stream>("permit_without_stream",
                                                               "ping without requests too"),
    };
    return kTable;
  }
};

struct Config {
  SendingConfig sending;
  std::string endpoint;
  confignet::TlsClientConfig tls;
  std::string compression = "gzip";
  config::Headers headers;
  std::optional<confignet::AuthConfig> auth;
  std::string balancer_name = "round_robin";
  std::optional<KeepaliveConfig> keepalive;
  bool wait_for_ready = false;
  std::string authority, user_agent;
  std::uint64_t read_buffer_size = 0, write_buffer_size = 512 << 10;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::sending>(),
        config::field<&Config::endpoint>("endpoint", "host:port; http:// in front means without TLS"),
        config::field<&Config::tls>("tls", "on unless insecure is true"),
        config::field<&Config::compression>("compression", "of requests").one_of(kCompressions),
        config::field<&Config::headers>("headers", "sent with every request"),
        config::field<&Config::balancer_name>("balancer_name", "which of the host's addresses are used")
            .one_of(kBalancers),
        config::field<&Config::keepalive>("keepalive", "pings"),
        config::field<&Config::wait_for_ready>("wait_for_ready", "requests wait for a connection"),
        config::field<&Config::authority>("authority", "overrides :authority"),
        config::field<&Config::user_agent>("user_agent", "overrides User-Agent"),
        config::field<&Config::read_buffer_size>("read_buffer_size", "no effect: buffers follow the traffic"),
        config::field<&Config::write_buffer_size>("write_buffer_size",
                                                  "no effect: buffers follow the traffic"),
        config::field<&Config::auth>("auth", "credentials of every request; most need TLS"),
        config::later("middlewares", "extensions around requests"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (endpoint.empty()) check.error("endpoint", "requires a non-empty \"endpoint\"");
  }
  /// The gRPC target, and whether the endpoint itself asks for plain text.
  std::string target() const;
  bool plain() const { return endpoint.starts_with("http://") || tls.plain(); }
};

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context);

}  // namespace gleaner::exporters::otlp
