#include "match/match.h"
#include "pipeline/change_resources.h"
#include "processors/attributes/actions.h"

namespace gleaner::processors::attributes {
namespace {

/// Calls `change(attributes map)` for what the signal's items carry and `wanted(...)` picks.
class Filter {
 public:
  static Result<Filter> compile(const Config& config) {
    Filter filter;
    for (auto& [from, into] :
         {std::pair{&config.include, &filter.include_}, {&config.exclude, &filter.exclude_}}) {
      if (!*from) continue;
      auto made = match::Match::compile(**from);
      if (!made) return fail(std::move(made.error()));
      *into = std::move(*made);
    }
    return filter;
  }
  template <class Ask>
  bool wants(Ask&& ask) const {
    return (!include_ || ask(*include_)) && (!exclude_ || !ask(*exclude_));
  }

 private:
  std::optional<match::Match> include_, exclude_;
};

template <class S>
class Attributes final : public Processor<S> {
 public:
  Attributes(Actions actions, Filter filter, Consumer<S>& next)
      : Processor<S>(next), actions_(std::move(actions)), filter_(std::move(filter)) {}
  bool mutates() const override { return true; }

  Task<Result<>> consume(Batch<S>& batch) override {
    auto& records = batch.data.records();
    const Client* client = batch.client.get();
    for (auto& resource : records.resources)
      for (auto& scope : resource.scopes)
        for (auto& item : scope.records) change(records.arena, resource.resource, scope.scope, item, client);
    return this->next_.consume(batch);
  }

 private:
  void change(Arena& arena, const pdata::Resource& resource, const pdata::Scope& scope,
              pdata::LogRecord& record, const Client* client) {
    if (filter_.wants([&](const match::Match& m) { return m.log(resource, scope, record); }))
      actions_.apply(arena, record.attributes, client);
  }
  void change(Arena& arena, const pdata::Resource& resource, const pdata::Scope& scope, pdata::Span& span,
              const Client* client) {
    if (filter_.wants([&](const match::Match& m) { return m.span(resource, scope, span); }))
      actions_.apply(arena, span.attributes, client);
  }
  void change(Arena& arena, const pdata::Resource& resource, const pdata::Scope& scope, pdata::Metric& metric,
              const Client* client) {
    const auto points = [&](auto& list) {
      for (auto& point : list)
        if (filter_.wants(
                [&](const match::Match& m) { return m.point(resource, scope, metric, point.attributes); }))
          actions_.apply(arena, point.attributes, client);
    };
    points(metric.numbers);
    points(metric.histograms);
    points(metric.exponentials);
    points(metric.summaries);
  }
  const Actions actions_;
  const Filter filter_;
};

template <class S>
class ResourceAttributes final : public Processor<S> {
 public:
  ResourceAttributes(Actions actions, Consumer<S>& next) : Processor<S>(next), actions_(std::move(actions)) {}
  bool mutates() const override { return true; }
  Task<Result<>> consume(Batch<S>& batch) override {
    change_resources(batch.data, [&](Arena& arena, pdata::Map& attributes) {
      actions_.apply(arena, attributes, batch.client.get());
      return true;
    });
    return this->next_.consume(batch);
  }

 private:
  const Actions actions_;
};

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context&, Consumer<S>& next) {
  auto actions = Actions::compile(config.actions);
  if (!actions) return fail(std::move(actions.error()));
  auto filter = Filter::compile(config);
  if (!filter) return fail(std::move(filter.error()));
  return std::make_unique<Attributes<S>>(std::move(*actions), std::move(*filter), next);
}
template <class S>
Result<std::unique_ptr<Processor<S>>> MakeResource::make(const ResourceConfig& config, const Context&,
                                                         Consumer<S>& next) {
  auto actions = Actions::compile(config.attributes);
  if (!actions) return fail(std::move(actions.error()));
  return std::make_unique<ResourceAttributes<S>>(std::move(*actions), next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);
template Result<std::unique_ptr<Processor<Logs>>> MakeResource::make(const ResourceConfig&, const Context&,
                                                                     Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> MakeResource::make(const ResourceConfig&, const Context&,
                                                                        Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> MakeResource::make(const ResourceConfig&, const Context&,
                                                                       Consumer<Traces>&);

}  // namespace gleaner::processors::attributes
