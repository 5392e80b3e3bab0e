// Source: spec/collector.md 6.1.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "processors/batch/shard.h"

namespace gleaner::processors::batch {
namespace {

/// Bytes of all combinations that are remembered: they stay as long as the processor.
constexpr std::size_t kMaxCombinations = 1 << 20;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <class S>
class Batcher final : public Processor<S> {
 public:
  Batcher(const Config& config, const Context& context, Consumer<S>& next)
      : Processor<S>(next),
        config_(config),
        context_(context),
        counters_{
            context.metrics.counter("processor_batch_batch_size_trigger_send", {{"processor", context.id}},
                                    "Number of times the batch was sent due to a size trigger.",
                                    metrics::Detail::normal),
            context.metrics.counter("processor_batch_timeout_trigger_send", {{"processor", context.id}},
                                    "Number of times the batch was sent due to a timeout trigger.",
                                    metrics::Detail::normal),
            context.metrics.histogram("processor_batch_batch_send_size", {{"processor", context.id}},
                                      "Number of units in the batch.", metrics::item_bounds(),
                                      metrics::Detail::normal),
            context.metrics.histogram("processor_batch_batch_send_size_bytes", {{"processor", context.id}},
                                      "Number of bytes in batch that was sent.", metrics::byte_bounds(),
                                      metrics::Detail::detailed)},
        cardinality_(context.metrics.gauge(
            "processor_batch_metadata_cardinality", {{"processor", context.id}},
            "Number of distinct metadata value combinations being processed.",
            [this] { return static_cast<double>(shards_.size()); }, false, metrics::Detail::normal)) {
    for (const auto& key : config.metadata_keys) keys_.push_back(lower(key));
    std::sort(keys_.begin(), keys_.end());
    if (keys_.empty()) (void)open({}, nullptr);
  }
  ~Batcher() override { context_.metrics.remove(cardinality_); }

  bool mutates() const override { return true; }
  bool wants_wire() const override { return this->next_.wants_wire(); }

  Task<Result<>> consume(Batch<S>& batch) override {
    if (keys_.empty()) return shards_.begin()->second->consume(batch);
    Shard<S>* shard = shard_of(batch.client.get());
    return shard ? shard->consume(batch) : too_many();
  }

  Task<Result<>> stop() override {
    for (auto& [key, shard] : shards_) co_await shard->stop();
    co_return Result<>();
  }

 private:
  static Task<Result<>> too_many() {
    co_return fail(Fault::permanent, "too many batcher metadata-value combinations");
  }

  /// Where batches of this sender are collected, or nullptr when there are too many already.
  Shard<S>* shard_of(const Client* sender) {
    static const Client kNobody;
    if (!sender) sender = &kNobody;
    std::string combination;
    Client kept;
    for (const auto& key : keys_) {
      const auto values = sender->header(key);
      combination += fmt::format("{}:", values.size());
      for (const auto value : values) {
        combination += fmt::format("{}:{}", value.size(), value);
        kept.metadata.emplace_back(key, value);
      }
    }
    if (const auto found = shards_.find(combination); found != shards_.end()) return found->second.get();
    const std::size_t bytes = combination.size() + kept.bytes();
    if (config_.metadata_cardinality_limit && shards_.size() >= config_.metadata_cardinality_limit)
      return nullptr;
    if (bytes > kMaxCombinations - combination_bytes_) return nullptr;
    combination_bytes_ += bytes;
    return open(std::move(combination), std::make_shared<const Client>(std::move(kept)));
  }

  Shard<S>* open(std::string combination, std::shared_ptr<const Client> client) {
    auto shard = std::make_unique<Shard<S>>(config_, context_, this->next_, counters_, std::move(client));
    return (shards_[std::move(combination)] = std::move(shard)).get();
  }

  const Config config_;
  const Context context_;
  Counters counters_;
  std::vector<std::string> keys_;  ///< in lower case, sorted
  std::map<std::string, std::unique_ptr<Shard<S>>> shards_;
  std::size_t combination_bytes_ = 0;
  const std::size_t cardinality_;  ///< token of the gauge
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (timeout < Duration{0}) check.error("timeout", "must be greater or equal to 0");
  if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size)
    check.error("send_batch_max_size", "must be greater or equal to send_batch_size");
  std::vector<std::string> seen;
  for (const auto& key : metadata_keys) {
    if (std::find(seen.begin(), seen.end(), lower(key)) != seen.end())
      check.error("metadata_keys",
                  fmt::format("duplicate entry in metadata_keys: \"{}\" (case-insensitive)", lower(key)));
    seen.push_back(lower(key));
  }
}

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  return std::make_unique<Batcher<S>>(config, context, next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::batch
