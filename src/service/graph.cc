#include "service/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/compat.h"
#include "pipeline/unsettled.h"
#include "service/figures.h"

namespace gleaner::service {
namespace {

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

/// The pipelines of a signal that a receiver feeds.
std::vector<std::string> pipelines_behind(const Assembly& assembly, const std::string& receiver,
                                          SignalKind signal) {
  std::vector<std::string> ids;
  for (const auto& pipeline : assembly.pipelines)
    if (pipeline.signal == signal &&
        std::find(pipeline.receivers.begin(), pipeline.receivers.end(), receiver) != pipeline.receivers.end())
      ids.push_back(pipeline.id);
  return ids;
}

constexpr Duration kSettle = std::chrono::seconds(5);      // a longer outage of a backend is not waited for
constexpr Duration kLook = std::chrono::milliseconds(10);  // between two looks

bool unsettled(const std::unique_ptr<Receiver>& receiver) {
  const auto* one = dynamic_cast<const Unsettled*>(receiver.get());
  return one && one->unsettled();
}

/// Whether a component is made on the lane at `place`.
bool belongs(const FactoryBase& factory, Place place) {
  return factory.spread == Spread::every_lane || place.lane == 0;
}

void note(const char* kind, const std::string& id, const Troubled* part,
          std::vector<std::pair<std::string, const Troubles*>>& parts) {
  if (part) parts.emplace_back(kind + id, part->troubles);
}

}  // namespace

Graph::~Graph() {
  // What an exporter still holds is booked: the books go last.
  each_signal([&](auto& chains) {
    for (auto& [id, chain] : chains) unsettled_.push_back(std::move(chain.ledger));
  });
}

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
Result<> Graph::make_chain(const Assembly& assembly, const Pipeline& pipeline) {
  auto& chains = std::get<Chains<S>>(chains_);
  if (chains.contains(pipeline.id)) return {};
  Chain<S> chain;
  chain.ledger->pipeline = pipeline.id;
  const auto own = [&](std::unique_ptr<Consumer<S>> made) {
    chain.owned.push_back(std::move(made));
    return chain.owned.back().get();
  };

  std::vector<Consumer<S>*> ends;
  for (const auto& id : pipeline.exporters) {
    Consumer<S>* input = exporters_.at(id)->inputs().template of<S>();
    if (!input)
      return fail(Fault::config,
                  fmt::format("exporter \"{}\": telemetry type is not supported ({})", id, S::name));
    ends.push_back(input);
    note("exporter ", id, dynamic_cast<const Troubled*>(input), chain.parts);
  }
  Consumer<S>* next = ends.size() == 1 ? ends.front() : own(std::make_unique<FanOut<S>>(ends, true));
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
      return own(std::make_unique<Meter<S>>(counter, to));
    };
    if (counted) next = meter("outgoing", *next);
    auto made = make_processor<S>(configured, context(*id, "processor", pipeline.id), *next);
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create \"{}\" processor, in pipeline \"{}\"",
                                      configured.mark.text(), *id, pipeline.id)));
    chain.processors.push_back(std::move(*made));
    next = chain.processors.back().get();
    note("processor ", *id, dynamic_cast<const Troubled*>(next), chain.parts);
    mutates |= next->mutates();
    if (counted) next = meter("incoming", *next);
  }
  chain.entry = own(std::make_unique<Entry<S>>(*chain.ledger, *next, mutates));
  chains.emplace(pipeline.id, std::move(chain));
  return {};
}

template <class S>
Consumer<S>* Graph::connect(const Assembly& assembly, const std::string& receiver) {
  const auto pipelines = pipelines_behind(assembly, receiver, S::kind);
  if (pipelines.empty()) return nullptr;
  auto& socket = std::get<std::unique_ptr<Socket<S>>>(receivers_[receiver].sockets);
  if (socket && !socket->held()) return socket.get();
  if (!socket) socket = std::make_unique<Socket<S>>();
  std::vector<Consumer<S>*> to;
  to.reserve(pipelines.size());
  for (const auto& id : pipelines) to.push_back(std::get<Chains<S>>(chains_).at(id).entry);
  std::unique_ptr<Consumer<S>> all;
  if (to.size() > 1) all = std::make_unique<FanOut<S>>(to, false);
  Consumer<S>& next = all ? *all : *to.front();
  socket->lead_to(pipelines, next, std::move(all));
  return socket.get();
}

Result<> Graph::make_extensions(const Assembly& assembly) {
  for (const auto& id : assembly.extension_order) {
    const auto& configured = assembly.extensions.at(id);
    if (!belongs(*configured.factory, host_.place)) continue;
    auto made = configured.factory->make(configured.config, context(id, "extension"));
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create extension \"{}\"", configured.mark.text(), id)));
    extension_of_[id] = made->get();
    if (auto* teller = dynamic_cast<TellsTroubles*>(made->get())) teller->tell(host_.troubles);
    extensions_.emplace_back(id, std::move(*made));
  }
  return {};
}

Result<> Graph::make_exporters(const Assembly& assembly) {
  for (const auto& pipeline : assembly.pipelines) {
    for (const auto& id : pipeline.exporters) {
      if (exporters_.contains(id)) continue;
      const auto& configured = assembly.exporters.at(id);
      Context given = context(id, "exporter");
      given.signals = signals_of(assembly, id);
      auto made = configured.factory->make(configured.config, given);
      if (!made)
        return fail(std::move(made.error())
                        .in(fmt::format("{}: failed to create \"{}\" exporter", configured.mark.text(), id)));
      exporters_[id] = std::move(*made);
    }
  }
  return {};
}

Result<> Graph::make_chains(const Assembly& assembly) {
  for (const auto& pipeline : assembly.pipelines) {
    Result<> ok;
    switch (pipeline.signal) {
      case SignalKind::logs:
        ok = make_chain<Logs>(assembly, pipeline);
        break;
      case SignalKind::metrics:
        ok = make_chain<Metrics>(assembly, pipeline);
        break;
      case SignalKind::traces:
        ok = make_chain<Traces>(assembly, pipeline);
        break;
      case SignalKind::profiles:
        ok = make_chain<Profiles>(assembly, pipeline);
        break;
    }
    if (!ok) return ok;
  }
  return {};
}

Result<> Graph::make_receivers(const Assembly& assembly) {
  for (const auto& [id, configured] : assembly.receivers) {
    if (!belongs(*configured.factory, host_.place)) continue;
    Consumers next;
    next.logs = connect<Logs>(assembly, id);
    next.metrics = connect<Metrics>(assembly, id);
    next.traces = connect<Traces>(assembly, id);
    next.profiles = connect<Profiles>(assembly, id);
    if (!next.logs && !next.metrics && !next.traces && !next.profiles)
      continue;  // in no pipeline: checked, never made
    auto& source = receivers_[id];
    if (source.receiver) continue;
    auto made = configured.factory->make(configured.config, context(id, "receiver"), next);
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("{}: failed to create \"{}\" receiver", configured.mark.text(), id)));
    source.receiver = std::move(*made);
  }
  return {};
}

Result<> Graph::make_all(const Assembly& assembly) {
  if (auto ok = make_exporters(assembly); !ok) return ok;
  if (auto ok = make_chains(assembly); !ok) return ok;
  if (auto ok = make_receivers(assembly); !ok) return ok;
  arrange(assembly);
  return {};
}

void Graph::arrange(const Assembly& assembly) {
  order_.clear();
  for (auto& [id, extension] : extensions_) order_.push_back({id, extension.get()});
  std::set<std::string> placed;
  for (const auto& pipeline : assembly.pipelines)
    for (const auto& id : pipeline.exporters)
      if (placed.insert(id).second) order_.push_back({id, exporters_.at(id).get()});
  for (const auto& pipeline : assembly.pipelines)
    each_signal([&](auto& chains) {
      const auto chain = chains.find(pipeline.id);
      if (chain == chains.end()) return;
      auto id = pipeline.processors.rbegin();
      for (auto& processor : chain->second.processors) order_.push_back({*id++, processor.get()});
    });
  for (auto& [id, source] : receivers_) order_.push_back({id, source.receiver.get()});
}

Result<std::unique_ptr<Graph>> Graph::build(const Assembly& assembly, const Host& host) {
  std::unique_ptr<Graph> graph(new Graph(host));
  if (auto ok = graph->make_extensions(assembly); !ok) return fail(std::move(ok.error()));
  if (auto ok = graph->make_all(assembly); !ok) return fail(std::move(ok.error()));
  return graph;
}

Task<Result<>> Graph::start() {
  if (!extensions_.empty() && host_.place.lane == 0) host_.logger.info("Starting extensions...");
  if (auto ok = co_await start_rest(); !ok) co_return ok;
  for (auto& [id, extension] : extensions_) extension->pipelines_ready();
  co_return Result<>();
}

Task<Result<>> Graph::start_rest() {
  for (const auto& [id, component] : order_) {
    if (started_.contains(component)) continue;
    auto ok = co_await component->start();
    if (ok) {
      started_.insert(component);
      continue;
    }
    Error error = std::move(std::move(ok.error()).in(fmt::format("failed to start \"{}\"", id)));
    (void)co_await stop();
    co_return fail(std::move(error));
  }
  co_return Result<>();
}

Task<Result<>> Graph::stop() {
  for (auto& [id, extension] : extensions_) extension->pipelines_stopping();
  for (auto& [id, source] :
       receivers_)  // after a change that went wrong: who waits there would keep its receiver
    each_socket(source, [](auto& socket) {
      if (socket.held()) socket.shut();
    });
  co_return co_await stop_but({});
}

Task<> Graph::stop_one(const std::string& id, Component& component, Result<>& first) {
  auto ok = co_await component.stop();
  if (!ok && first) first = fail(std::move(ok.error()).in(fmt::format("failed to stop \"{}\"", id)));
}

Task<Result<>> Graph::stop_but(std::set<const Component*> staying) {
  Result<> first;
  const auto leaves = [&](const Component* component) {
    return !staying.contains(component) && started_.erase(component) > 0;
  };
  Gate receivers;  // none waits for another: the patience of the slowest is that of all
  for (auto& [id, source] : receivers_)
    if (leaves(source.receiver.get())) receivers.spawn(stop_one(id, *source.receiver, first));
  co_await receivers.join();
  for (auto named = order_.rbegin(); named != order_.rend(); ++named)
    if (leaves(named->component)) co_await stop_one(named->id, *named->component, first);
  co_return first;
}

Task<Result<>> Graph::change(const Assembly& assembly, const Staying& stay) {
  co_await hold(stay, assembly);
  if (auto ok = co_await stop_but(components(stay)); !ok)
    host_.logger.error("A component that leaves did not stop well", {{"error", ok.error().what}});
  co_await settle(stay);
  forget(stay);
  if (auto made = make_all(assembly); !made) {
    (void)co_await stop();
    co_return fail(std::move(made.error()).in("failed to build pipelines"));
  }
  if (auto started = co_await start_rest(); !started)
    co_return fail(std::move(started.error()).in("cannot start pipelines"));
  for (auto& [id, source] : receivers_)
    each_socket(source, [](auto& socket) {
      if (socket.held()) socket.release();
    });
  co_return Result<>();
}

Task<> Graph::hold(const Staying& stay, const Assembly& assembly) {
  std::vector<Task<>> passing;
  for (auto& [id, source] : receivers_) {
    if (!stay.receivers.contains(id)) continue;
    each_socket(source, [&]<class S>(Socket<S>& socket) {
      const auto& now = socket.pipelines();
      const auto stays = [&](const std::string& pipeline) { return stay.pipelines.contains(pipeline); };
      if (std::all_of(now.begin(), now.end(), stays) && now == pipelines_behind(assembly, id, S::kind))
        return;
      socket.hold();
      passing.push_back(socket.passed());
    });
  }
  for (auto& one : passing) co_await std::move(one);
  co_await host_.loop.yield();  // who passed last is still on its way out
}

Task<> Graph::settle(const Staying& stay) {
  const TimePoint until = host_.loop.now() + kSettle;
  Timer timer(host_.loop);
  for (auto& [id, source] : receivers_) {
    if (stay.receivers.contains(id)) continue;
    while (unsettled(source.receiver) && host_.loop.now() < until) (void)co_await timer.sleep(kLook);
    if (unsettled(source.receiver))
      host_.logger.warn("What a receiver that leaves had handed on is still on its way, and may come twice",
                        {{"receiver", id}});
  }
}

std::set<const Component*> Graph::components(const Staying& stay) {
  std::set<const Component*> all;
  for (auto& [id, extension] : extensions_) all.insert(extension.get());
  for (auto& [id, exporter] : exporters_)
    if (stay.exporters.contains(id)) all.insert(exporter.get());
  each_signal([&](auto& chains) {
    for (auto& [id, chain] : chains)
      if (stay.pipelines.contains(id))
        for (auto& processor : chain.processors) all.insert(processor.get());
  });
  for (auto& [id, source] : receivers_)
    if (stay.receivers.contains(id)) all.insert(source.receiver.get());
  return all;
}

void Graph::forget(const Staying& stay) {
  std::erase_if(departed_, [](const Source& source) { return !unsettled(source.receiver); });
  for (auto& [id, source] : receivers_)
    if (!stay.receivers.contains(id) && unsettled(source.receiver)) departed_.push_back(std::move(source));
  std::erase_if(receivers_, [&](const auto& pair) { return !stay.receivers.contains(pair.first); });
  each_signal([&](auto& chains) {
    for (auto& [id, chain] : chains)
      if (!stay.pipelines.contains(id)) unsettled_.push_back(std::move(chain.ledger));
    std::erase_if(chains, [&](const auto& pair) { return !stay.pipelines.contains(pair.first); });
  });
  std::erase_if(exporters_, [&](const auto& pair) { return !stay.exporters.contains(pair.first); });
  std::erase_if(unsettled_, [&](const auto& ledger) {
    if (ledger->held > 0) return false;
    absorb(past_, {*ledger});
    return true;
  });
}

std::vector<Trouble> Graph::troubles() const {
  std::vector<std::pair<const std::string*, const Parts*>> there;
  const auto take = [&](const auto& chains) {
    for (const auto& [id, chain] : chains) there.emplace_back(&id, &chain.parts);
  };
  std::apply([&](const auto&... chains) { (take(chains), ...); }, chains_);
  std::vector<Trouble> all;
  for (const auto& [id, parts] : there) {
    all.push_back({*id, {}, false, {}, {}});
    for (const auto& [part, troubles] : *parts) troubles->tell(all, *id, part, host_.loop.now());
  }
  return all;
}

std::vector<Ledger> Graph::ledgers() const {
  std::vector<Ledger> all = past_;
  for (const auto& ledger : unsettled_) absorb(all, {*ledger});
  const auto take = [&](const auto& chains) {
    for (const auto& [id, chain] : chains) absorb(all, {*chain.ledger});
  };
  std::apply([&](const auto&... chains) { (take(chains), ...); }, chains_);
  return all;
}

}  // namespace gleaner::service
