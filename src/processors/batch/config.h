#pragma once
#include "pipeline/factory.h"

namespace gleaner::processors::batch {

struct Config {
  Duration timeout = std::chrono::milliseconds(200);
  std::uint32_t send_batch_size = 8192;
  std::uint32_t send_batch_max_size = 0;
  std::vector<std::string> metadata_keys;
  std::uint32_t metadata_cardinality_limit = 1000;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::timeout>("timeout",
                                        "period of the timer that sends whatever is there; 0 = send at once"),
        config::field<&Config::send_batch_size>("send_batch_size",
                                                "items that make a batch go at once; 0 = send at once"),
        config::field<&Config::send_batch_max_size>("send_batch_max_size",
                                                    "larger batches are split; 0 = never"),
        config::field<&Config::metadata_keys>(
            "metadata_keys", "senders' headers: one batch for each combination of their values"),
        config::field<&Config::metadata_cardinality_limit>("metadata_cardinality_limit",
                                                           "most such combinations; 0 = any number"),
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

}  // namespace gleaner::processors::batch
