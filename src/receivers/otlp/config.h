#pragma once
// Source: spec/collector.md 4.1, 8.3.
#include "config/compat.h"
#include "confignet/auth.h"
#include "confignet/tls.h"
#include "pipeline/factory.h"

namespace gleaner::receivers::otlp {

inline constexpr std::string_view kTransports[] = {"tcp", "tcp4", "tcp6", "unix"};

struct ServerParameters {
  Duration max_connection_idle{0}, max_connection_age{0}, max_connection_age_grace{0};
  Duration time = std::chrono::hours(2), timeout = std::chrono::seconds(20);
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ServerParameters::max_connection_idle>("max_connection_idle",
                                                              "close idle connections after this; 0 = never"),
        config::field<&ServerParameters::max_connection_age>("max_connection_age",
                                                             "close connections after this; 0 = never"),
        config::field<&ServerParameters::max_connection_age_grace>("max_connection_age_grace",
                                                                   "time for requests in progress then"),
        config::field<&ServerParameters::time>("time", "ping a silent client after this"),
        config::field<&ServerParameters::timeout>("timeout", "and close when it does not answer"),
    };
    return kTable;
  }
};
struct EnforcementPolicy {
  Duration min_time = std::chrono::minutes(5);
  bool permit_without_stream = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&EnforcementPolicy::min_time>("min_time", "clients that ping more often are cut off"),
        config::field<&EnforcementPolicy::permit_without_stream>("permit_without_stream",
                                                                 "allow pings without requests"),
    };
    return kTable;
  }
};
struct KeepaliveConfig {
  std::optional<ServerParameters> server_parameters;
  std::optional<EnforcementPolicy> enforcement_policy;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&KeepaliveConfig::server_parameters>("server_parameters", "pings and ages"),
        config::field<&KeepaliveConfig::enforcement_policy>("enforcement_policy", "what clients may do"),
    };
    return kTable;
  }
};

struct GrpcConfig {
  std::string endpoint = config::by_compat("localhost:4317", "0.0.0.0:4317");
  std::string transport = "tcp";
  std::optional<confignet::TlsServerConfig> tls;
  std::uint32_t max_recv_msg_size_mib = 0;
  std::uint32_t max_concurrent_streams = 0;
  std::optional<KeepaliveConfig> keepalive;
  bool include_metadata = false;
  std::optional<confignet::AuthConfig> auth;
  std::uint64_t read_buffer_size = 512 << 10, write_buffer_size = 0;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&GrpcConfig::endpoint>("endpoint", "host:port, or a path with transport unix"),
        config::field<&GrpcConfig::transport>("transport", "kind of socket").one_of(kTransports),
        config::field<&GrpcConfig::tls>("tls", "encryption"),
        config::field<&GrpcConfig::max_recv_msg_size_mib>("max_recv_msg_size_mib",
                                                          "largest message, decompressed; 0 = 4 MiB"),
        config::field<&GrpcConfig::max_concurrent_streams>("max_concurrent_streams",
                                                           "requests at once on a connection; 0 = 1000"),
        config::field<&GrpcConfig::keepalive>("keepalive", "pings and ages of connections"),
        config::field<&GrpcConfig::include_metadata>("include_metadata",
                                                     "keep request headers with the data"),
        config::field<&GrpcConfig::read_buffer_size>("read_buffer_size",
                                                     "no effect: buffers follow the traffic"),
        config::field<&GrpcConfig::write_buffer_size>("write_buffer_size",
                                                      "no effect: buffers follow the traffic"),
        config::field<&GrpcConfig::auth>("auth", "who may send"),
        config::later("middlewares", "extensions around requests"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct CorsConfig {
  std::vector<std::string> allowed_origins, allowed_headers, exposed_headers;
  std::int64_t max_age = 0;  ///< seconds
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&CorsConfig::allowed_origins>("allowed_origins",
                                                    "origins that may ask; * stands for any text"),
        config::field<&CorsConfig::allowed_headers>("allowed_headers", "headers they may send"),
        config::field<&CorsConfig::exposed_headers>("exposed_headers", "headers they may see"),
        config::field<&CorsConfig::max_age>("max_age", "seconds a preflight answer holds"),
    };
    return kTable;
  }
};

struct HttpConfig {
  std::string endpoint = config::by_compat("localhost:4318", "0.0.0.0:4318");
  std::string transport = "tcp";
  std::optional<confignet::TlsServerConfig> tls;
  std::optional<CorsConfig> cors;
  std::string traces_url_path = "/v1/traces", metrics_url_path = "/v1/metrics", logs_url_path = "/v1/logs";
  std::uint64_t max_request_body_size = 0;
  std::vector<std::string> compression_algorithms = {"",       "gzip",    "zstd", "zlib",
                                                     "snappy", "deflate", "lz4",  "x-snappy-framed"};
  bool include_metadata = false;
  std::optional<confignet::HttpServerAuthConfig> auth;
  config::Headers response_headers;
  Duration read_timeout{0}, read_header_timeout{0}, write_timeout{0}, idle_timeout{0};
  bool keep_alives_enabled = true;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&HttpConfig::endpoint>("endpoint", "host:port, or a path with transport unix"),
        config::field<&HttpConfig::transport>("transport", "kind of socket").one_of(kTransports),
        config::field<&HttpConfig::tls>("tls", "encryption"),
        config::field<&HttpConfig::cors>("cors", "requests from browsers"),
        config::field<&HttpConfig::traces_url_path>("traces_url_path", "where traces are posted"),
        config::field<&HttpConfig::metrics_url_path>("metrics_url_path", "where metrics are posted"),
        config::field<&HttpConfig::logs_url_path>("logs_url_path", "where logs are posted"),
        config::field<&HttpConfig::max_request_body_size>("max_request_body_size",
                                                          "bytes, on the wire and decompressed; 0 = 20 MiB"),
        config::field<&HttpConfig::compression_algorithms>("compression_algorithms",
                                                           "content encodings taken"),
        config::field<&HttpConfig::include_metadata>("include_metadata",
                                                     "keep request headers with the data"),
        config::field<&HttpConfig::response_headers>("response_headers", "added to every answer"),
        config::field<&HttpConfig::read_timeout>("read_timeout", "limit for a whole request; 0 = none"),
        config::field<&HttpConfig::read_header_timeout>("read_header_timeout",
                                                        "limit for its headers; 0 = none"),
        config::field<&HttpConfig::write_timeout>("write_timeout", "limit for the answer; 0 = none"),
        config::field<&HttpConfig::idle_timeout>("idle_timeout", "limit between requests; 0 = none"),
        config::field<&HttpConfig::keep_alives_enabled>("keep_alives_enabled",
                                                        "several requests on a connection"),
        config::field<&HttpConfig::auth>("auth", "who may send"),
        config::later("middlewares", "extensions around requests"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct Protocols {
  std::optional<GrpcConfig> grpc;
  std::optional<HttpConfig> http;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Protocols::grpc>("grpc", "OTLP/gRPC").enabled_by_null(),
        config::field<&Protocols::http>("http", "OTLP/HTTP, protobuf and JSON").enabled_by_null(),
    };
    return kTable;
  }
};

struct Config {
  Protocols protocols;
  bool wait_for_delivery = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::protocols>("protocols", "at least one of grpc and http"),
        config::field<&Config::wait_for_delivery>(
            "wait_for_delivery", "answer only when the data is delivered, on disk, or given up"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (!protocols.grpc && !protocols.http)
      check.error("must specify at least one protocol when using the OTLP receiver");
  }
};

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next);

}  // namespace gleaner::receivers::otlp
