#pragma once
// service::telemetry::metrics and ::resource. Source: spec/collector.md 3.7, 3.9.
#include "config/field.h"

namespace gleaner::service {

inline constexpr std::string_view kMetricLevels[] = {"none", "basic", "normal", "detailed"};

/// Which resource attributes become labels; "*" stands for any characters.
struct ConstantLabelsConfig {
  std::vector<std::string> included, excluded;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ConstantLabelsConfig::included>("included", "attributes to show; * matches anything"),
        config::field<&ConstantLabelsConfig::excluded>("excluded", "attributes not to show"),
    };
    return kTable;
  }
};

struct PrometheusConfig {
  std::string host;
  std::uint16_t port = 0;
  bool without_scope_info = true, without_units = true, without_type_suffix = true;
  std::optional<ConstantLabelsConfig> with_resource_constant_labels;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&PrometheusConfig::host>("host", "address to listen on"),
        config::required<&PrometheusConfig::port>("port", "port of /metrics"),
        config::field<&PrometheusConfig::without_scope_info>("without_scope_info", "no otel_scope_* labels"),
        config::field<&PrometheusConfig::without_units>("without_units", "no _seconds, _bytes behind names"),
        config::field<&PrometheusConfig::without_type_suffix>("without_type_suffix",
                                                              "no _total behind counters"),
        config::field<&PrometheusConfig::with_resource_constant_labels>(
            "with_resource_constant_labels", "resource attributes that every series carries"),
    };
    return kTable;
  }
};

struct PullExporterConfig {
  std::optional<PrometheusConfig> prometheus;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&PullExporterConfig::prometheus>("prometheus", "Prometheus text at /metrics"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (!prometheus) check.error("must specify exporter: prometheus");
  }
};

struct PullConfig {
  PullExporterConfig exporter;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&PullConfig::exporter>("exporter", "what is served"),
        config::later("producers", "metrics of other libraries"),
    };
    return kTable;
  }
};

struct ReaderConfig {
  std::optional<PullConfig> pull;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ReaderConfig::pull>("pull", "an endpoint that is asked"),
        config::later("periodic", "own metrics sent by OTLP"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (!pull && !check.written("periodic")) check.error("no valid metric reader: pull is expected here");
  }
};

struct MetricsConfig {
  std::string level = "normal";
  std::string address;  ///< 0.102's key; "" = as the readers say
  std::optional<std::vector<ReaderConfig>> readers;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MetricsConfig::level>("level", "none switches the endpoint off").one_of(kMetricLevels),
        config::field<&MetricsConfig::address>("address", "host:port of /metrics; the key of old versions"),
        config::field<&MetricsConfig::readers>("readers", "endpoints; default: Prometheus on localhost:8888"),
        config::later("views", "only with level detailed"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (level != "none" && readers && readers->empty())
      check.error("readers", "collector telemetry metrics reader should exist when metric level is not none");
  }
};

}  // namespace gleaner::service
