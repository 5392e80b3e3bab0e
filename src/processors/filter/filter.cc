// What conditions pick is taken out of batches; what is empty after that goes too.
#include "match/match.h"
#include "processors/filter/config.h"

namespace gleaner::processors::filter {

namespace ottl = text::ottl;

namespace {

/// Conditions of one context, asked after those of the contexts around it.
struct Pass {
  ottl::Context context = ottl::Context::log;
  ottl::Conditions conditions;
};

/// From the outside to the inside: resources before scopes before items before what is in them.
constexpr ottl::Context kOrder[] = {ottl::Context::resource, ottl::Context::scope,     ottl::Context::log,
                                    ottl::Context::span,     ottl::Context::spanevent, ottl::Context::metric,
                                    ottl::Context::datapoint};

Result<> add_pass(std::vector<Pass>& passes, ottl::Context context, const Texts& texts, bool prefixed,
                  ottl::ErrorMode mode) {
  auto made = ottl::Conditions::compile(
      texts, {.context = context, .prefixed = prefixed, .functions = ottl::kFilter}, mode);
  if (!made) return fail(std::move(made.error()));
  passes.push_back({context, std::move(*made)});
  return {};
}
Result<> add_pass(std::vector<Pass>& passes, ottl::Context context, const std::optional<Texts>& texts,
                  ottl::ErrorMode mode) {
  if (!texts) return {};
  return add_pass(passes, context, *texts, false, mode);
}

/// trace_conditions and its kin. In a group without a context every condition is of the context its paths
/// name.
template <class S>
Result<> add_groups(std::vector<Pass>& passes, const ConditionGroups<S>& groups, ottl::ErrorMode mode) {
  for (const auto& group : groups.list) {
    const auto own = ottl::error_mode(group.error_mode, mode);
    std::optional<ottl::Context> context;
    group_context(group.context, candidates_of<S>(), context);
    if (context) {
      if (auto ok = add_pass(passes, *context, group.conditions, false, own); !ok) return ok;
      continue;
    }
    std::vector<std::pair<ottl::Context, std::string>> inferred;
    for (const auto& text : group.conditions) {
      auto found = ottl::infer_context({}, {&text, 1}, candidates_of<S>(), ottl::kFilter);
      if (!found) return fail(std::move(found.error()));
      inferred.emplace_back(*found, text);
    }
    for (const auto one : kOrder) {
      Texts texts;
      for (const auto& [at, text] : inferred)
        if (at == one) texts.push_back(text);
      if (texts.empty()) continue;
      if (auto ok = add_pass(passes, one, texts, true, own); !ok) return ok;
    }
  }
  return {};
}

Result<std::vector<Pass>> passes_of(const Config& config, Logs) {
  std::vector<Pass> passes;
  const auto mode = ottl::error_mode(config.error_mode, ottl::ErrorMode::ignore);
  auto ok = add_groups(passes, config.log_conditions, mode);
  if (ok) ok = add_pass(passes, ottl::Context::resource, config.logs.resource, mode);
  if (ok) ok = add_pass(passes, ottl::Context::log, config.logs.log_record, mode);
  if (!ok) return fail(std::move(ok.error()));
  return passes;
}
Result<std::vector<Pass>> passes_of(const Config& config, Traces) {
  std::vector<Pass> passes;
  const auto mode = ottl::error_mode(config.error_mode, ottl::ErrorMode::ignore);
  auto ok = add_groups(passes, config.trace_conditions, mode);
  if (ok) ok = add_pass(passes, ottl::Context::resource, config.traces.resource, mode);
  if (ok) ok = add_pass(passes, ottl::Context::span, config.traces.span, mode);
  if (ok) ok = add_pass(passes, ottl::Context::spanevent, config.traces.spanevent, mode);
  if (!ok) return fail(std::move(ok.error()));
  return passes;
}
Result<std::vector<Pass>> passes_of(const Config& config, Metrics) {
  std::vector<Pass> passes;
  const auto mode = ottl::error_mode(config.error_mode, ottl::ErrorMode::ignore);
  auto ok = add_groups(passes, config.metric_conditions, mode);
  if (ok) ok = add_pass(passes, ottl::Context::resource, config.metrics.resource, mode);
  if (ok) ok = add_pass(passes, ottl::Context::metric, config.metrics.metric, mode);
  if (ok) ok = add_pass(passes, ottl::Context::datapoint, config.metrics.datapoint, mode);
  if (!ok) return fail(std::move(ok.error()));
  return passes;
}

/// include and exclude of the old forms: kept is what include matches and exclude does not.
template <class M>
struct InOut {
  std::optional<M> include, exclude;
  bool any() const { return include || exclude; }
  template <class Ask>
  bool unwanted(Ask&& ask) const {
    return (include && !ask(*include)) || (exclude && ask(*exclude));
  }
};

/// Names and resource attributes of metrics::include and ::exclude. Either alone decides if it was written.
struct MetricNames {
  std::vector<match::TextMatch> names;
  std::optional<match::Match> resource;
};
Result<std::optional<MetricNames>> compile(const std::optional<MetricMatch>& from) {
  if (!from) return std::optional<MetricNames>();
  MetricNames out;
  for (const auto& name : from->metric_names) {
    auto made = match::TextMatch::compile(name, from->match_type == "regexp");
    if (!made) return fail(std::move(made.error()));
    out.names.push_back(std::move(*made));
  }
  if (!from->resource_attributes.empty()) {
    match::MatchConfig around;
    around.match_type = from->match_type;
    around.resources = from->resource_attributes;
    auto made = match::Match::compile(around);
    if (!made) return fail(std::move(made.error()));
    out.resource = std::move(*made);
  }
  return std::optional<MetricNames>(std::move(out));
}
Result<std::optional<match::Match>> compile(const std::optional<LogMatch>& from) {
  if (!from || from->empty()) return std::optional<match::Match>();
  auto made = match::Match::compile(from->as_match());
  if (!made) return fail(std::move(made.error()));
  return std::optional<match::Match>(std::move(*made));
}
Result<std::optional<match::Match>> compile(const std::optional<match::MatchConfig>& from) {
  if (!from) return std::optional<match::Match>();
  auto made = match::Match::compile(*from);
  if (!made) return fail(std::move(made.error()));
  return std::optional<match::Match>(std::move(*made));
}
template <class M, class Section>
Result<InOut<M>> compile_both(const Section& section) {
  InOut<M> out;
  auto include = compile(section.include);
  if (!include) return fail(std::move(include.error()));
  auto exclude = compile(section.exclude);
  if (!exclude) return fail(std::move(exclude.error()));
  out.include = std::move(*include);
  out.exclude = std::move(*exclude);
  return out;
}

template <class S>
struct OldForm;
template <>
struct OldForm<Logs> {
  using M = match::Match;
  static auto compile(const Config& config) { return compile_both<M>(config.logs); }
  static void apply(const InOut<M>& form, Records<Logs>& records, ottl::Env& env) {
    ottl::drop_where(records, ottl::Context::log, env, [&] {
      return form.unwanted([&](const M& m) { return m.log(*env.resource, *env.scope, *env.log); });
    });
  }
};
template <>
struct OldForm<Traces> {
  using M = match::Match;
  static auto compile(const Config& config) { return compile_both<M>(config.spans); }
  static void apply(const InOut<M>& form, Records<Traces>& records, ottl::Env& env) {
    ottl::drop_where(records, ottl::Context::span, env, [&] {
      return form.unwanted([&](const M& m) { return m.span(*env.resource, *env.scope, *env.span); });
    });
  }
};
template <>
struct OldForm<Metrics> {
  using M = MetricNames;
  static auto compile(const Config& config) { return compile_both<M>(config.metrics); }
  static void apply(const InOut<M>& form, Records<Metrics>& records, ottl::Env& env) {
    static const pdata::Scope kNone;
    static const pdata::Metric kNoMetric;
    const auto resource = [&](const std::optional<M>& part, bool wanted) {
      return part && part->resource && part->resource->point(*env.resource, kNone, kNoMetric, {}) != wanted;
    };
    ottl::drop_where(records, ottl::Context::resource, env,
                     [&] { return resource(form.include, true) || resource(form.exclude, false); });
    const auto name = [&](const std::optional<M>& part, bool wanted) {
      if (!part || part->names.empty()) return false;
      const bool found = std::any_of(part->names.begin(), part->names.end(),
                                     [&](const match::TextMatch& m) { return m(env.metric->name); });
      return found != wanted;
    };
    ottl::drop_where(records, ottl::Context::metric, env,
                     [&] { return name(form.include, true) || name(form.exclude, false); });
  }
};

template <class S>
class Filter final : public Processor<S> {
 public:
  using Old = InOut<typename OldForm<S>::M>;
  Filter(std::vector<Pass> passes, Old old, const Context& context, Consumer<S>& next)
      : Processor<S>(next),
        passes_(std::move(passes)),
        old_(std::move(old)),
        logger_(context.logger),
        filtered_(context.metrics.counter(counter_name(), {{"filter", context.id}}, counter_help())) {}
  bool mutates() const override { return true; }

  Task<Result<>> consume(Batch<S>& batch) override {
    if (passes_.empty() && !old_.any()) return this->next_.consume(batch);
    return filter(batch);
  }

 private:
  static constexpr std::string_view counter_name() {
    if constexpr (S::kind == SignalKind::logs) return "processor_filter_logs_filtered";
    if constexpr (S::kind == SignalKind::traces) return "processor_filter_spans_filtered";
    return "processor_filter_datapoints_filtered";
  }
  static constexpr std::string_view counter_help() {
    if constexpr (S::kind == SignalKind::logs) return "Number of logs dropped by the filter processor";
    if constexpr (S::kind == SignalKind::traces) return "Number of spans dropped by the filter processor";
    return "Number of metric data points dropped by the filter processor";
  }

  Task<Result<>> filter(Batch<S>& batch) {
    const std::size_t before = batch.data.items();
    auto& records = batch.data.records();
    Result<> ok = run(records);
    batch.data.recount();
    const std::size_t gone = before - batch.data.items();
    filtered_.add(gone);
    if (ok && records.resources.empty()) {
      batch.settle(Outcome::dropped, Drop::filtered);
      co_return Result<>();
    }
    if (gone > 0) batch.receipt.drop(gone, Drop::filtered);
    if (!ok) co_return ok;
    co_return co_await this->next_.consume(batch);
  }

  Result<> run(Records<S>& records) {
    Arena scratch;  // what conditions compute; the batch keeps nothing of it
    ottl::Env env(scratch);
    if (old_.any()) OldForm<S>::apply(old_, records, env);
    const auto report = [&](std::string_view text, const std::string& error) {
      logger_.warn("failed to eval condition", {{"error", error}, {"condition", text}});
    };
    std::string failed;
    for (const auto& pass : passes_) {
      ottl::drop_where(records, pass.context, env, [&] {
        bool unwanted = false;
        if (!pass.conditions.any(env, report, unwanted) && failed.empty()) failed = env.error;
        if (scratch.held_bytes() > kScratch) scratch = Arena();
        return unwanted;
      });
    }
    if (failed.empty()) return {};
    logger_.error("failed processing " + std::string(S::name), {{"error", failed}});
    return fail(Fault::retryable, std::move(failed));
  }

  static constexpr std::size_t kScratch = 256 << 10;  // bytes kept for one item's temporaries
  const std::vector<Pass> passes_;
  const Old old_;
  const log::Logger logger_;
  metrics::Counter& filtered_;
};

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  auto passes = passes_of(config, S{});
  if (!passes) return fail(std::move(passes.error()));
  auto old = OldForm<S>::compile(config);
  if (!old) return fail(std::move(old.error()));
  return std::make_unique<Filter<S>>(std::move(*passes), std::move(*old), context, next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::filter
