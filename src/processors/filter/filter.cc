// What conditions pick is taken out of batches; what is empty after that goes too.
#include "match/match.h"
#include "processors/filter/config.h"
#include "text/expr/expr.h"

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

/// What expressions of match_type expr see of a point.
class PointHost final : public text::expr::Host {
 public:
  explicit PointHost(const pdata::Metric& metric) : metric_(metric) {}
  bool name(std::string_view name, pdata::Value& out) const override {
    static constexpr std::string_view kTypes[] = {
        "Empty", "Gauge", "Sum", "Histogram", "ExponentialHistogram", "Summary"};
    if (name == "MetricName")
      out = pdata::Value::string(metric_.name);
    else if (name == "MetricType")
      out = pdata::Value::string(kTypes[static_cast<std::size_t>(metric_.kind)]);
    else
      return false;
    return true;
  }
  bool call(std::string_view name, std::span<const pdata::Value> arguments, pdata::Value& out,
            std::string& flaw) const override {
    if (name != "HasLabel" && name != "Label") return false;
    if (arguments.size() != 1) {
      flaw = "invalid number of arguments: expected 1, got " + std::to_string(arguments.size());
    } else if (!arguments[0].is_string()) {
      flaw = std::string(name) + "() wants a string";
    } else {
      const pdata::Value* found = attributes->find(arguments[0].text());
      out = name == "HasLabel"
                ? pdata::Value::boolean(found != nullptr)
                : pdata::Value::string(found && found->is_string() ? found->text() : std::string_view());
    }
    return true;
  }
  const pdata::Map* attributes = nullptr;

 private:
  const pdata::Metric& metric_;
};

/// Names, expressions and resource attributes of metrics::include and ::exclude. Resource attributes decide
/// alone if they were written, and so do the others.
struct MetricNames {
  std::vector<match::TextMatch> names;
  std::vector<text::expr::Program> expressions;
  std::optional<match::Match> resource;

  bool asks_metrics() const { return !names.empty() || !expressions.empty(); }
  Result<bool> metric(const pdata::Metric& metric, Arena& scratch) const {
    if (std::any_of(names.begin(), names.end(), [&](const match::TextMatch& m) { return m(metric.name); }))
      return true;
    PointHost host(metric);
    const text::expr::Environment environment{.host = &host};
    for (const auto& expression : expressions) {
      const auto among = [&](const auto& points) -> Result<bool> {
        for (const auto& point : points) {
          host.attributes = &point.attributes;
          auto truth = expression.run(environment, scratch);
          if (!truth) return fail(std::move(truth.error()));
          if (truth->kind() != pdata::Value::Kind::boolean)
            return fail(Fault::permanent,
                        "filter returned non-boolean value metric=" + std::string(metric.name));
          if (truth->as_bool()) return true;
        }
        return false;
      };
      auto found = among(metric.numbers);
      if (found && !*found) found = among(metric.histograms);
      if (found && !*found) found = among(metric.exponentials);
      if (found && !*found) found = among(metric.summaries);
      if (!found || *found) return found;
    }
    return false;
  }
};
Result<std::optional<MetricNames>> compile(const std::optional<MetricMatch>& from) {
  if (!from) return std::optional<MetricNames>();
  MetricNames out;
  const bool expr = from->match_type == "expr";
  if (expr)
    for (const auto& expression : from->expressions) {
      auto made = text::expr::Program::compile(expression);
      if (!made) return fail(std::move(made.error()));
      out.expressions.push_back(std::move(*made));
    }
  for (const auto& name : expr ? Texts() : from->metric_names) {
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
  static void apply(const InOut<M>& form, Records<Logs>& records, ottl::Env& env, std::string&) {
    ottl::drop_where(records, ottl::Context::log, env, [&] {
      return form.unwanted([&](const M& m) { return m.log(*env.resource, *env.scope, *env.log); });
    });
  }
};
template <>
struct OldForm<Traces> {
  using M = match::Match;
  static auto compile(const Config& config) { return compile_both<M>(config.spans); }
  static void apply(const InOut<M>& form, Records<Traces>& records, ottl::Env& env, std::string&) {
    ottl::drop_where(records, ottl::Context::span, env, [&] {
      return form.unwanted([&](const M& m) { return m.span(*env.resource, *env.scope, *env.span); });
    });
  }
};
template <>
struct OldForm<Metrics> {
  using M = MetricNames;
  static auto compile(const Config& config) { return compile_both<M>(config.metrics); }
  static void apply(const InOut<M>& form, Records<Metrics>& records, ottl::Env& env, std::string& failed) {
    static const pdata::Scope kNone;
    static const pdata::Metric kNoMetric;
    const auto resource = [&](const std::optional<M>& part, bool wanted) {
      return part && part->resource && part->resource->point(*env.resource, kNone, kNoMetric, {}) != wanted;
    };
    ottl::drop_where(records, ottl::Context::resource, env,
                     [&] { return resource(form.include, true) || resource(form.exclude, false); });
    // What cannot be told stays.
    const auto unwanted = [&](const std::optional<M>& part, bool wanted, bool& out) {
      out = false;
      if (!part || !part->asks_metrics()) return true;
      const auto found = part->metric(*env.metric, *env.arena);
      if (found)
        out = *found != wanted;
      else if (failed.empty())
        failed = found.error().what;
      return static_cast<bool>(found);
    };
    ottl::drop_where(records, ottl::Context::metric, env, [&] {
      bool out = false;
      return unwanted(form.include, true, out) && (out || (unwanted(form.exclude, false, out) && out));
    });
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
    std::string failed;
    if (old_.any()) OldForm<S>::apply(old_, records, env, failed);
    const auto report = [&](std::string_view text, const std::string& error) {
      logger_.warn("failed to eval condition", {{"error", error}, {"condition", text}});
    };
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
