#pragma once
#include "pipeline/factory.h"

namespace gleaner::processors::batch {

struct Config {
  Duration timeout = std::chrono::milliseconds(200);
  std::uint32_t send_batch_size = 8192;
  std::uint32_t send_batch_max_size = 0;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::timeout>("timeout",
                                        "period of the timer that sends whatever is there; 0 = send at once"),
        config::field<&Config::send_batch_size>("send_batch_size",
                                                "items that make a batch go at once; 0 = send at once"),
        config::field<&Config::send_batch_max_size>("send_batch_max_size",
                                                    "larger batches are split; 0 = never"),
        config::later("metadata_keys", "one batch per combination of client metadata"),
        config::later("metadata_cardinality_limit", "limit of such combinations"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (timeout < Duration{0}) check.error("timeout", "must be greater or equal to 0");
    if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size)
      check.error("send_batch_max_size", "must be greater or equal to send_batch_size");
  }
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::batch
