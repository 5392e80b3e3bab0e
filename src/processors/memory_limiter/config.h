#pragma once
// Source: spec/collector.md 6.2.
#include "pipeline/factory.h"

namespace gleaner::processors::memory_limiter {

struct Config {
  Duration check_interval{0};
  std::uint32_t limit_mib = 0, spike_limit_mib = 0, limit_percentage = 0, spike_limit_percentage = 0;
  Duration min_gc_interval_when_soft_limited = std::chrono::seconds(10), min_gc_interval_when_hard_limited{0};
  Duration max_gc_interval_when_soft_limited = std::chrono::seconds(30),
           max_gc_interval_when_hard_limited = std::chrono::seconds(30);

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::check_interval>("check_interval",
                                               "time between two looks at the memory in use"),
        config::field<&Config::limit_mib>("limit_mib", "hard limit in MiB"),
        config::field<&Config::spike_limit_mib>("spike_limit_mib",
                                                "refuse from limit minus this; default a fifth of it"),
        config::field<&Config::limit_percentage>("limit_percentage",
                                                 "hard limit as a share of the container's memory"),
        config::field<&Config::spike_limit_percentage>("spike_limit_percentage", "the same for the spike"),
        config::field<&Config::min_gc_interval_when_soft_limited>("min_gc_interval_when_soft_limited",
                                                                  "time between two trims"),
        config::field<&Config::min_gc_interval_when_hard_limited>("min_gc_interval_when_hard_limited",
                                                                  "no effect"),
        config::field<&Config::max_gc_interval_when_soft_limited>("max_gc_interval_when_soft_limited",
                                                                  "no effect"),
        config::field<&Config::max_gc_interval_when_hard_limited>("max_gc_interval_when_hard_limited",
                                                                  "no effect"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::memory_limiter
