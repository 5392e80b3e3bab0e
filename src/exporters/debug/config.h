#pragma once
#include "config/compat.h"
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"

namespace gleaner::exporters::debug {

inline constexpr std::string_view kVerbosities[] = {"basic", "normal", "detailed"};

struct Config {
  std::string verbosity = "basic";
  std::uint32_t sampling_initial = 2;
  std::uint32_t sampling_thereafter = config::by_compat(1u, 500u);
  bool use_internal_logger = true;
  std::vector<std::string> output_paths;
  std::optional<QueueConfig> queue;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::verbosity>("verbosity",
                                          "basic: counts; normal: a line per item; detailed: everything")
            .one_of(kVerbosities),
        config::field<&Config::sampling_initial>("sampling_initial",
                                                 "messages printed each second before sampling begins"),
        config::field<&Config::sampling_thereafter>("sampling_thereafter",
                                                    "then every n-th; 1 = all, 0 = none"),
        config::field<&Config::use_internal_logger>("use_internal_logger",
                                                    "false: plain text to output_paths"),
        config::field<&Config::output_paths>("output_paths",
                                             "where plain text goes: stdout, stderr, files; default stdout"),
        config::field<&Config::queue>("sending_queue", "a queue in front; off by default").enabled_by_null(),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context);

}  // namespace gleaner::exporters::debug
