#include "service/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/compat.h"

namespace gleaner::service {
namespace {

/// A pipeline's door: books what comes in, and takes the booking back when it is refused.
template <class S>
class Entry final : public Consumer<S> {
 public:
  Entry(Ledger& ledger, Consumer<S>& next, bool mutates) : ledger_(ledger), next_(next), mutates_(mutates) {}
  Task<Result<>> consume(Batch<S>& batch) override {
    batch.receipt.enter(ledger_);
    auto result = co_await next_.consume(batch);
    if (!result) batch.receipt.leave(ledger_);
    co_return result;
  }
  bool mutates() const override { return mutates_; }

 private:
  Ledger& ledger_;
  Consumer<S>& next_;
  bool mutates_;
};

/// Counts what passes, on its way in or out of a processor. Adds no coroutine.
template <class S>
class Meter final : public Consumer<S> {
 public:
  Meter(metrics::Counter& counter, Consumer<S>& next) : counter_(counter), next_(next) {}
  Task<Result<>> consume(Batch<S>& batch) override {
    counter_.add(batch.data.items());
    return next_.consume(batch);
  }
  bool mutates() const override { return next_.mutates(); }
  bool wants_wire() const override { return next_.wants_wire(); }

 private:
  metrics::Counter& counter_;
  Consumer<S>& next_;
};

/// Processors that the reference builds without its helper, which is what counts there.
bool counts_items(std::string_view type) { return type != "batch"; }

template <class S>
auto make_processor(const Configured<ProcessorFactory>& configured, const Context& context,
                    Consumer<S>& next) {
  const auto& factory = *configured.factory;
  if constexpr (S::kind == SignalKind::logs)
    return factory.make_logs(configured.config, context, next);
  else if constexpr (S::kind == SignalKind::metrics)
    return factory.make_metrics(configured.config, context, next);
  else if constexpr (S::kind == SignalKind::traces)
    return factory.make_traces(configured.config, context, next);
  else  // only what takes profiles comes here: assemble() refuses the rest
    return factory.make_profiles(configured.config, context, next);
}

/// What pipelines send to the exporter `id`.
SignalSet signals_of(const Assembly& assembly, const std::string& id) {
  SignalSet signals = 0;
  for (const auto& pipeline : assembly.pipelines)
    if (std::find(pipeline.exporters.begin(), pipeline.exporters.end(), id) != pipeline.exporters.end())
      signals |= bit(pipeline.signal);
  return signals;
}

/// Whether a component is made on the lane at `place`.
bool belongs(const FactoryBase& factory, Place place) {
  return factory.spread == Spread::every_lane || place.lane == 0;
}

}  // namespace

Graph::~Graph() = default;

Context Graph::context(const std::string& id, std::string_view kind, std::string_view pipeline) const {
  const bool old = config::is_0_102();
  auto logger = old ? host_.logger.with({{"kind", kind}, {"name", id}})
                    : host_.logger.with({{"otelcol.component.id", id}, {"otelcol.component.kind", kind}});
  if (!pipeline.empty()) logger = logger.with({{old ? "pipeline" : "otelcol.pipeline.id", pipeline}});
  return {host_.loop,
          logger,
          host_.metrics,
          host_.memory,
          id,
          host_.version,
          host_.fatal,
          [this](const std::string& name) -> Extension* {
            const auto found = extension_of_.find(name);
            return found == extension_of_.end() ? nullptr : found->second;
          },
          kAllSignals,
          host_.place};
}

template <class S>
Result<> Graph::build_pipeline(const Assembly& assembly, const Pipeline& pipeline) {
  auto& lane = this->lane<S>();
  ledgers_.push_back(std::make_unique<Ledger>());
  Ledger& ledger = *ledgers_.back();
  ledger.pipeline = pipeline.id;

  std::vector<Consumer<S>*> ends;
  for (const auto& id : pipeline.exporters) {
    Consumer<S>* input = exporters_.at(id)->inputs().template of<S>();
    if (!input)
      return fail(Fault::config,
                  fmt::format("exporter \"{}\": telemetry type is not supported ({})", id, S::name));
    ends.push_back(input);
  }
  Consumer<S>* next = ends.front();
  if (ends.size() > 1) {
    lane.owned.push_back(std::make_unique<FanOut<S>>(ends, true));
    next = lane.owned.back().get();
  }
  bool mutates = next->mutates();
  for (auto id = pipeline.processors.rbegin(); id != pipeline.processors.rend(); ++id) {
    const auto& configured = assembly.processors.at(*id);
    const bool counted = counts_items(configured.factory->type);
    const auto meter = [&](std::string_view what, Consumer<S>& to) {
      auto& counter =
          host_.metrics.counter(fmt::format("processor_{}_items", what),
                                {{"otel_signal", std::string(S::name)}, {"processor", *id}},
                                what == "incoming" ? "Number of items passed to the processor."
                                                   : "Number of items emitted from the processor.");
      lane.owned.push_back(std::make_unique<Meter<S>>(counter, to));
      return lane.owned.back().get();
    };
    if (counted) next = meter("outgoing", *next);
    auto made = make_processor<S>(configured, context(*id, "processor", pipeline.id), *next);
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create \"{}\" processor, in pipeline \"{}\"",
                                      configured.mark.text(), *id, pipeline.id)));
    lane.processors.push_back(std::move(*made));
    next = lane.processors.back().get();
    order_.push_back({*id, lane.processors.back().get()});
    mutates |= next->mutates();
    if (counted) next = meter("incoming", *next);
  }
  lane.owned.push_back(std::make_unique<Entry<S>>(ledger, *next, mutates));
  lane.entries[pipeline.id] = lane.owned.back().get();
  return {};
}

template <class S>
void Graph::connect_receiver(const Assembly& assembly, const std::string& id, Consumers& into) {
  auto& lane = this->lane<S>();
  std::vector<Consumer<S>*> targets;
  for (const auto& pipeline : assembly.pipelines)
    if (pipeline.signal == S::kind &&
        std::find(pipeline.receivers.begin(), pipeline.receivers.end(), id) != pipeline.receivers.end())
      targets.push_back(lane.entries.at(pipeline.id));
  if (targets.empty()) return;
  if (targets.size() == 1) {
    into.of<S>() = targets.front();
    return;
  }
  lane.owned.push_back(std::make_unique<FanOut<S>>(targets, false));
  into.of<S>() = lane.owned.back().get();
}

Result<std::unique_ptr<Graph>> Graph::build(const Assembly& assembly, const Host& host) {
  std::unique_ptr<Graph> graph(new Graph(host));
  for (const auto& id : assembly.extension_order) {
    const auto& configured = assembly.extensions.at(id);
    if (!belongs(*configured.factory, host.place)) continue;
    auto made = configured.factory->make(configured.config, graph->context(id, "extension"));
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create extension \"{}\"", configured.mark.text(), id)));
    graph->extension_of_[id] = made->get();
    graph->order_.push_back({id, made->get()});
    graph->extensions_.push_back(std::move(*made));
  }
  for (const auto& pipeline : assembly.pipelines) {
    for (const auto& id : pipeline.exporters) {
      if (graph->exporters_.contains(id)) continue;
      const auto& configured = assembly.exporters.at(id);
      Context given = graph->context(id, "exporter");
      given.signals = signals_of(assembly, id);
      auto made = configured.factory->make(configured.config, given);
      if (!made)
        return fail(std::move(made.error())
                        .in(fmt::format("{}: failed to create \"{}\" exporter", configured.mark.text(), id)));
      graph->order_.push_back({id, made->get()});
      graph->exporters_[id] = std::move(*made);
    }
  }
  for (const auto& pipeline : assembly.pipelines) {
    Result<> ok;
    switch (pipeline.signal) {
      case SignalKind::logs:
        ok = graph->build_pipeline<Logs>(assembly, pipeline);
        break;
      case SignalKind::metrics:
        ok = graph->build_pipeline<Metrics>(assembly, pipeline);
        break;
      case SignalKind::traces:
        ok = graph->build_pipeline<Traces>(assembly, pipeline);
        break;
      case SignalKind::profiles:
        ok = graph->build_pipeline<Profiles>(assembly, pipeline);
        break;
    }
    if (!ok) return fail(std::move(ok.error()));
  }
  for (const auto& [id, configured] : assembly.receivers) {
    Consumers next;
    graph->connect_receiver<Logs>(assembly, id, next);
    graph->connect_receiver<Metrics>(assembly, id, next);
    graph->connect_receiver<Traces>(assembly, id, next);
    graph->connect_receiver<Profiles>(assembly, id, next);
    if (!next.logs && !next.metrics && !next.traces && !next.profiles)
      continue;  // in no pipeline: checked, never made
    if (!belongs(*configured.factory, host.place)) continue;
    auto made = configured.factory->make(configured.config, graph->context(id, "receiver"), next);
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create \"{}\" receiver", configured.mark.text(), id)));
    graph->order_.push_back({id, made->get()});
    graph->receivers_.push_back(std::move(*made));
  }
  return graph;
}

Task<Result<>> Graph::start() {
  if (!extensions_.empty() && host_.place.lane == 0) host_.logger.info("Starting extensions...");
  for (; started_ < order_.size(); ++started_) {
    const Named& named = order_[started_];
    auto ok = co_await named.component->start();
    if (ok) continue;
    Error error = std::move(std::move(ok.error()).in(fmt::format("failed to start \"{}\"", named.id)));
    (void)co_await stop();
    co_return fail(std::move(error));
  }
  for (auto& extension : extensions_) extension->pipelines_ready();
  co_return Result<>();
}

Task<Result<>> Graph::stop() {
  for (auto& extension : extensions_) extension->pipelines_stopping();
  Result<> first;
  while (started_ > 0) {
    const Named& named = order_[--started_];
    auto ok = co_await named.component->stop();
    if (!ok && first) first = fail(std::move(ok.error()).in(fmt::format("failed to stop \"{}\"", named.id)));
  }
  co_return first;
}

}  // namespace gleaner::service
