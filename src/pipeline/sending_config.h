#pragma once
// The keys every sending exporter shares. Source: spec/collector.md 5.2, 5.3.
#include <algorithm>
#include <cctype>
#include <set>

#include "config/field.h"

namespace gleaner {

inline constexpr std::string_view kSizers[] = {"requests", "items", "bytes"};

struct PartitionConfig {
  std::vector<std::string> metadata_keys;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&PartitionConfig::metadata_keys>(
            "metadata_keys", "senders' headers: one batch for each combination of their values"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    std::set<std::string> seen;
    for (std::string key : metadata_keys) {
      std::transform(key.begin(), key.end(), key.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (!seen.insert(key).second)
        check.error("metadata_keys", "duplicate entry in metadata_keys: \"" + key + "\" (case-insensitive)");
    }
  }
};

struct ExporterBatchConfig {
  Duration flush_timeout = std::chrono::milliseconds(200);
  std::uint64_t min_size = 8192;
  std::uint64_t max_size = 0;
  std::string sizer;
  PartitionConfig partition;

  static std::span<const config::Field> fields() {
    static constexpr std::string_view kItemSizers[] = {"items", "bytes"};
    static const config::Field kTable[] = {
        config::field<&ExporterBatchConfig::flush_timeout>("flush_timeout",
                                                           "longest wait since the first item of a batch"),
        config::field<&ExporterBatchConfig::min_size>("min_size", "a batch of this size is sent at once"),
        config::field<&ExporterBatchConfig::max_size>("max_size", "larger requests are split; 0 = never"),
        config::field<&ExporterBatchConfig::sizer>("sizer", "what sizes count; default the queue's, or items")
            .one_of(kItemSizers),
        config::field<&ExporterBatchConfig::partition>("partition", "which senders' data is not joined"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (flush_timeout <= Duration{0}) check.error("flush_timeout", "must be positive");
    if (max_size > 0 && max_size < min_size)
      check.error("max_size", "must be greater than or equal to min_size");
  }
  std::string sizer_of(const std::string& queue) const {
    return !sizer.empty() ? sizer : queue == "requests" ? std::string("items") : queue;
  }
};

struct QueueConfig {
  std::uint32_t num_consumers = 10;
  std::uint64_t queue_size = 1000;
  std::string sizer = "requests";
  bool block_on_overflow = false;
  bool wait_for_result = false;
  std::optional<ExporterBatchConfig> batch;
  std::optional<std::string> storage;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&QueueConfig::num_consumers>("num_consumers", "requests sent at the same time"),
        config::field<&QueueConfig::queue_size>("queue_size",
                                                "what the queue holds at most, counted by the sizer"),
        config::field<&QueueConfig::sizer>("sizer", "what queue_size counts").one_of(kSizers),
        config::field<&QueueConfig::block_on_overflow>(
            "block_on_overflow", "a full queue makes the sender wait instead of refusing it"),
        config::field<&QueueConfig::wait_for_result>("wait_for_result",
                                                     "the sender waits for the backend's answer"),
        config::field<&QueueConfig::batch>("batch", "join small requests in the queue").enabled_by_null(),
        config::field<&QueueConfig::storage>("storage", "a storage extension that keeps the queue in files"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (num_consumers == 0) check.error("num_consumers", "must be positive");
    if (queue_size == 0) check.error("queue_size", "must be positive");
    if (storage && wait_for_result)
      check.error("wait_for_result",
                  "`wait_for_result` is not supported with a persistent queue configured with `storage`");
    if (batch && batch->sizer.empty() && sizer == "requests" && check.written("sizer"))
      check.error("batch", "supports only `items` or `bytes` sizer, found \"requests\"");
    if (batch && sizer == batch->sizer_of(sizer) && batch->min_size > queue_size)
      check.error("batch", "min_size must be less than or equal to queue_size");
  }
};

struct RetryConfig {
  Duration initial_interval = std::chrono::seconds(5);
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = std::chrono::seconds(30);
  Duration max_elapsed_time = std::chrono::minutes(5);

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&RetryConfig::initial_interval>("initial_interval", "wait after the first failure"),
        config::field<&RetryConfig::randomization_factor>("randomization_factor",
                                                          "waits vary by this share, 0 to 1"),
        config::field<&RetryConfig::multiplier>("multiplier", "each wait is this many times the last"),
        config::field<&RetryConfig::max_interval>("max_interval", "longest wait"),
        config::field<&RetryConfig::max_elapsed_time>("max_elapsed_time", "give up after this; 0 = never"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (initial_interval < Duration{0}) check.error("initial_interval", "must be non-negative");
    if (randomization_factor < 0 || randomization_factor > 1)
      check.error("randomization_factor", "must be within [0, 1]");
    if (multiplier < 0) check.error("multiplier", "must be non-negative");
    if (max_interval < Duration{0}) check.error("max_interval", "must be non-negative");
    if (max_elapsed_time < Duration{0}) check.error("max_elapsed_time", "must be non-negative");
    if (max_elapsed_time > Duration{0}) {
      if (max_elapsed_time < initial_interval)
        check.error("max_elapsed_time", "must not be less than initial_interval");
      else if (max_elapsed_time < max_interval)
        check.error("max_elapsed_time", "must not be less than max_interval");
    }
  }
};

/// timeout, sending_queue, retry_on_failure: squashed into an exporter's own keys.
struct SendingConfig {
  Duration timeout = std::chrono::seconds(5);
  std::optional<QueueConfig> queue = QueueConfig{};
  std::optional<RetryConfig> retry = RetryConfig{};

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&SendingConfig::timeout>("timeout", "limit of one attempt; 0 = none"),
        config::field<&SendingConfig::queue>("sending_queue", "memory between the pipeline and the backend")
            .enabled_by_null(),
        config::field<&SendingConfig::retry>("retry_on_failure", "what to do when the backend fails")
            .enabled_by_null(),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (timeout < Duration{0}) check.error("timeout", "must be non-negative");
  }
};

}  // namespace gleaner
