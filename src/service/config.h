#pragma once
// The `service` section. Source: spec/collector.md 3.
#include <cstdio>

#include "base/loop.h"
#include "config/field.h"
#include "service/config_metrics.h"

namespace gleaner::service {

inline constexpr std::string_view kLevels[] = {"debug", "info",  "warn", "error", "dpanic", "panic",
                                               "fatal", "DEBUG", "INFO", "WARN",  "ERROR"};
inline constexpr std::string_view kEncodings[] = {"console", "json"};

struct SamplingConfig {
  Duration tick = std::chrono::seconds(10);
  std::uint32_t initial = 10;
  std::uint32_t thereafter = 100;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&SamplingConfig::tick>("tick", "length of a counting period"),
        config::field<&SamplingConfig::initial>("initial", "lines of one message printed first"),
        config::field<&SamplingConfig::thereafter>("thereafter", "then every n-th; 0 = none"),
    };
    return kTable;
  }
};

struct LogsConfig {
  std::string level = "info";
  std::string encoding = "console";
  std::optional<SamplingConfig> sampling = SamplingConfig{};
  std::vector<std::string> output_paths = {"stderr"};
  bool development = false, disable_caller = false, disable_stacktrace = false, disable_zap_resource = false;
  std::vector<std::string> error_output_paths = {"stderr"};
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&LogsConfig::level>("level", "least level printed").one_of(kLevels),
        config::field<&LogsConfig::encoding>("encoding", "console or json").one_of(kEncodings),
        config::field<&LogsConfig::sampling>("sampling", "thins out repeated lines"),
        config::field<&LogsConfig::output_paths>("output_paths", "stderr, stdout or one file"),
        config::field<&LogsConfig::error_output_paths>("error_output_paths", "stderr"),
        config::field<&LogsConfig::development>("development", "no effect"),
        config::field<&LogsConfig::disable_caller>("disable_caller", "no effect: lines carry no caller"),
        config::field<&LogsConfig::disable_stacktrace>("disable_stacktrace",
                                                       "no effect: lines carry no stack trace"),
        config::field<&LogsConfig::disable_zap_resource>("disable_zap_resource",
                                                         "no effect: lines carry no resource"),
        config::later("initial_fields", "fields added to every line"),
        config::later("processors", "own logs by OTLP"),
    };
    return kTable;
  }
};

struct TelemetryConfig {
  LogsConfig logs;
  MetricsConfig metrics;
  config::Node resource;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&TelemetryConfig::logs>("logs", "gleaner's own log"),
        config::field<&TelemetryConfig::metrics>("metrics", "gleaner's own metrics"),
        config::later("traces", "gleaner's own traces"),
        config::field<&TelemetryConfig::resource>("resource", "attributes of gleaner's own telemetry"),
    };
    return kTable;
  }
};

struct PipelineConfig {
  std::vector<std::string> receivers, processors, exporters;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&PipelineConfig::receivers>("receivers", "where data comes from"),
        config::field<&PipelineConfig::processors>("processors", "what happens to it, in this order"),
        config::field<&PipelineConfig::exporters>("exporters", "where it goes"),
    };
    return kTable;
  }
};

struct ServiceConfig {
  std::vector<std::string> extensions;
  TelemetryConfig telemetry;
  config::Dict<PipelineConfig> pipelines;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ServiceConfig::extensions>("extensions", "extensions to start, in this order"),
        config::field<&ServiceConfig::telemetry>("telemetry", "what gleaner says of itself"),
        config::field<&ServiceConfig::pipelines>("pipelines", "how data flows"),
    };
    return kTable;
  }
};

}  // namespace gleaner::service
