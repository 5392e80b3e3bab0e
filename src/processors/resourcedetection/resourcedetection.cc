#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "config/compat.h"
#include "pipeline/change_resources.h"
#include "processors/resourcedetection/detectors.h"
#include "processors/resourcedetection/documents.h"

namespace gleaner::processors::resourcedetection {
namespace {

/// What is the same for every signal.
class Core {
 public:
  Core(const Config& config, const Context& context, net::HttpClientOptions options)
      : config_(config),
        context_(context),
        http_(net::HttpClient::make(context.loop, std::move(options))),
        refresh_(context.loop) {}

  Task<Result<>> start() {
    if (!config_.resource->take_charge()) co_return Result<>();  // another pipeline or lane detects for all
    in_charge_ = true;
    context_.logger.info("began detecting resource information");
    auto detected = co_await detect_all();
    if (!detected) co_return fail(std::move(detected.error()));
    context_.logger.info("detected resource information",
                         {log::Field::raw("resource", text_of((*detected)->attributes))});
    config_.resource->set(std::move(*detected));
    if (config_.refresh_interval > Duration{0}) gate_.spawn(keep_fresh());
    co_return Result<>();
  }
  Task<Result<>> stop() {
    stopping_ = true;
    refresh_.cancel();
    co_await http_->stop();
    co_await gate_.join();
    co_await http_->stop();
    if (std::exchange(in_charge_, false)) config_.resource->leave_charge();
    co_return Result<>();
  }

  /// For one batch: what is known now.
  std::shared_ptr<const Detected> known() const { return config_.resource->get(); }
  bool change(Arena& arena, pdata::Map& resource, const Detected& detected) const {
    bool changed = false;
    for (const auto& [key, value] : detected.attributes) {
      const pdata::Value* there = resource.find(key);
      if (there && (!config_.override_ || pdata::equal(*there, value))) continue;
      resource.set(arena, arena.copy(key), pdata::clone(arena, value));
      changed = true;
    }
    return changed;
  }

 private:
  static std::string text_of(const pdata::Map& map) {
    pdata::Map copy = map;
    std::string out;
    pdata::append_json(out, pdata::Value::map(&copy));
    return out;
  }

  struct Part {
    Detected detected;
    Result<> result;
  };

  Task<Result<std::shared_ptr<const Detected>>> detect_all() {
    std::vector<Part> parts(config_.detectors.size());
    const TimePoint now = context_.loop.now();
    const Duration most = config_.retry && config_.retry->max_elapsed_time > Duration{0}
                              ? config_.retry->max_elapsed_time
                              : config_.timeout;
    Gate side_by_side;
    for (std::size_t i = 0; i < parts.size(); ++i)
      side_by_side.spawn(detect_one(config_.detectors[i], now + most, parts[i]));
    co_await side_by_side.join();

    auto all = std::make_shared<Detected>();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].result) {
        const std::string what = fmt::format("failed to detect resource: {}: {}", config_.detectors[i],
                                             parts[i].result.error().what);
        // A pod on Fargate cannot be told much, and must not fail for it.
        if (!config::is_0_102() && !is_fargate(node_name())) co_return fail(Fault::config, what);
        context_.logger.warn("failed to detect resource",
                             {{"detector", config_.detectors[i]}, {"error", parts[i].result.error().what}});
      }
      for (const auto& [key, value] : parts[i].detected.attributes) {
        if (all->attributes.find(key) || !wanted(key)) continue;
        all->attributes.set(all->arena, all->arena.copy(key), pdata::clone(all->arena, value));
      }
    }
    co_return all;
  }
  bool wanted(std::string_view key) const {
    return config_.attributes.empty() ||
           std::find(config_.attributes.begin(), config_.attributes.end(), key) != config_.attributes.end();
  }

  /// With the waits of `retry` between attempts, until the deadline.
  Task<> detect_one(std::string name, TimePoint end, Part& part) {
    const Tools tools{config_, context_, *http_, gate_};
    Timer timer(context_.loop);
    Duration wait = config_.retry ? config_.retry->initial_interval : Duration{0};
    std::minstd_rand random(static_cast<unsigned>(unix_nanos()));
    for (;;) {
      const TimePoint now = context_.loop.now();
      const TimePoint attempt = config_.timeout > Duration{0} ? std::min(end, now + config_.timeout) : end;
      Detected fresh;
      part.result = co_await detect(name, tools, attempt, fresh);
      part.detected = std::move(fresh);
      if (part.result || !config_.retry || stopping_ || part.result.error().fault == Fault::config) co_return;
      const double share =
          1 - config_.retry->randomization_factor +
          2 * config_.retry->randomization_factor * static_cast<double>(random()) / std::minstd_rand::max();
      const auto pause = Duration(static_cast<std::int64_t>(static_cast<double>(wait.count()) * share));
      if (context_.loop.now() + pause >= end) co_return;
      context_.logger.warn("resource detector failed; trying again",
                           {{"detector", name}, {"error", part.result.error().what}});
      if (!co_await timer.sleep(pause)) co_return;
      wait = std::min(
          Duration(static_cast<std::int64_t>(static_cast<double>(wait.count()) * config_.retry->multiplier)),
          config_.retry->max_interval);
    }
  }

  Task<> keep_fresh() {
    while (!stopping_ && co_await refresh_.sleep(config_.refresh_interval)) {
      auto detected = co_await detect_all();
      if (stopping_) break;
      if (detected)
        config_.resource->set(std::move(*detected));
      else
        context_.logger.warn("resource refresh failed; what was detected before stays",
                             {{"error", detected.error().what}});
    }
  }

  const Config config_;
  const Context context_;
  std::unique_ptr<net::HttpClient> http_;
  Timer refresh_;
  Gate gate_;
  bool in_charge_ = false, stopping_ = false;
};

template <class S>
class ResourceDetection final : public Processor<S> {
 public:
  ResourceDetection(std::unique_ptr<Core> core, Consumer<S>& next)
      : Processor<S>(next), core_(std::move(core)) {}
  bool mutates() const override { return true; }
  Task<Result<>> start() override { return core_->start(); }
  Task<Result<>> stop() override { return core_->stop(); }
  Task<Result<>> consume(Batch<S>& batch) override {
    if (const auto known = core_->known(); known && !known->attributes.empty())
      change_resources(batch.data, [&](Arena& arena, pdata::Map& attributes) {
        return core_->change(arena, attributes, *known);
      });
    return this->next_.consume(batch);
  }

 private:
  const std::unique_ptr<Core> core_;
};

Result<std::unique_ptr<Core>> make_core(const Config& config, const Context& context) {
  auto options = config.http.options("gleaner/" + context.version);
  if (!options) return fail(std::move(options.error()));
  // Metadata services are asked directly, unless a proxy is configured for just this.
  options->environment_proxies = false;
  return std::make_unique<Core>(config, context, std::move(*options));
}

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  auto core = make_core(config, context);
  if (!core) return fail(std::move(core.error()));
  return std::make_unique<ResourceDetection<S>>(std::move(*core), next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::resourcedetection
