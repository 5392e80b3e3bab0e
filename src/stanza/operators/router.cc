// Sends each record the way of the first route whose expression is true. Records of one file stay in their
// order, which the reference loses. Does not look at `if`.
#include <algorithm>

#include "stanza/expr_text.h"
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct RouteConfig {
  std::string expr;
  std::vector<std::string> output;
  config::Dict<std::string> attributes;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&RouteConfig::expr>("expr", "true = this route"),
        config::field<&RouteConfig::output>("output", "ids of operators"),
        config::field<&RouteConfig::attributes>("attributes", "attributes to set; values may hold EXPR(...)"),
    };
    return kTable;
  }
};

struct Config {
  OperatorConfig common;
  std::vector<RouteConfig> routes;
  std::vector<std::string> otherwise;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::common>(),
        config::field<&Config::routes>("routes", "tried in their order"),
        config::field<&Config::otherwise>(
            "default", "where records go that no route takes; without it they are dropped"),
    };
    return kTable;
  }
};

struct Route {
  text::expr::Program condition;
  std::vector<std::string> ids;
  std::vector<std::pair<std::string, ExprText>> attributes;
  std::vector<Operator*> outputs;
};

class Router : public Operator {
 public:
  Router(const Build& build, std::vector<Route> routes)
      : Operator(build.id, "router", build.logger), routes_(std::move(routes)) {}

  std::vector<std::string> wanted_outputs() const override {
    std::vector<std::string> all;
    for (const auto& route : routes_)
      for (const auto& id : route.ids)
        if (std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
    return all;
  }
  bool takes_default_output() const override { return false; }
  void connect(const std::vector<Operator*>& outputs) override {
    Operator::connect(outputs);
    for (auto& route : routes_)
      for (const auto& id : route.ids)
        for (auto* output : outputs)
          if (output->id() == id) route.outputs.push_back(output);
  }

  void process(EntryList&, Flow&) override {}
  void consume(EntryList& list, Flow& flow) override {
    // Runs of records that go the same way are handed on together.
    EntryList run;
    const Route* way = nullptr;
    const auto hand_on = [&] {
      if (run.empty()) return;
      if (!way || way->outputs.empty())
        flow.tally.unrouted += run.size();
      else
        send(run, flow, way->outputs);
      run.clear();
    };
    for (auto& entry : list) {
      const Route* next = route(entry, flow);
      if (next != way) {
        hand_on();
        way = next;
      }
      run.push_back(entry);
    }
    hand_on();
  }

 private:
  const Route* route(Entry& entry, Flow& flow) {
    if (scratch_.held_bytes() > (64u << 10)) scratch_ = Arena();
    const text::expr::Environment environment{entry.body, &entry.attributes, &entry.resource,
                                              entry.timestamp};
    for (const auto& route : routes_) {
      const auto truth = route.condition.test(environment, scratch_);
      if (!truth) {
        log_entry(logger_, log::Level::warn, "Running expression returned an error", entry,
                  truth.error().what);
        continue;
      }
      if (!*truth) continue;
      for (const auto& [key, text] : route.attributes) {
        const auto value = text.render(environment, flow.arena);
        if (!value) {
          log_entry(logger_, log::Level::error, "Failed to label entry", entry, value.error().what);
          ++flow.tally.failed;
          return nullptr;
        }
        entry.attributes.set(flow.arena, flow.arena.copy(key), pdata::Value::string(*value));
      }
      return &route;
    }
    return nullptr;
  }

  std::vector<Route> routes_;
  Arena scratch_;
};

}  // namespace

std::span<const config::Field> router_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_router(const Build& build) {
  auto config = build.decode<Config>();
  if (!config.otherwise.empty()) config.routes.push_back({"true", config.otherwise, {}});
  std::vector<Route> routes;
  for (const auto& written : config.routes) {
    auto condition = build.condition("routes", written.expr);
    if (!condition) continue;
    Route route{std::move(*condition), split_ids(written.output), {}, {}};
    for (const auto& [key, value] : written.attributes) {
      auto text = ExprText::compile(value);
      if (!text)
        return build.error(
            "routes", "failed to build attributer for route '" + written.expr + "': " + text.error().what);
      route.attributes.emplace_back(key, std::move(*text));
    }
    routes.push_back(std::move(route));
  }
  return std::make_unique<Router>(build, std::move(routes));
}

}  // namespace gleaner::stanza
