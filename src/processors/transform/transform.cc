#include "processors/transform/config.h"

namespace gleaner::processors::transform {

namespace ottl = text::ottl;

namespace {

struct Group {
  ottl::Context context = ottl::Context::log;
  ottl::Conditions conditions;
  ottl::Statements statements;
};

Result<Group> compile(const GroupTexts& texts, ottl::ContextSet candidates, ottl::ErrorMode mode) {
  auto options = group_options(texts, candidates);
  if (!options) return fail(std::move(options.error()));
  mode = ottl::error_mode(texts.error_mode, mode);
  Group group;
  group.context = options->context;
  auto statements = ottl::Statements::compile(texts.statements, *options, mode);
  if (!statements) return fail(std::move(statements.error()));
  group.statements = std::move(*statements);
  options->functions = ottl::kFilter;
  auto conditions = ottl::Conditions::compile(texts.conditions, *options, mode);
  if (!conditions) return fail(std::move(conditions.error()));
  group.conditions = std::move(*conditions);
  return group;
}

const StatementGroups<Logs>& groups_of(const Config& config, Logs) { return config.log_statements; }
const StatementGroups<Metrics>& groups_of(const Config& config, Metrics) { return config.metric_statements; }
const StatementGroups<Traces>& groups_of(const Config& config, Traces) { return config.trace_statements; }

template <class S>
class Transform final : public Processor<S> {
 public:
  Transform(std::vector<Group> groups, const Context& context, Consumer<S>& next)
      : Processor<S>(next), groups_(std::move(groups)), logger_(context.logger) {}
  bool mutates() const override { return true; }

  Task<Result<>> consume(Batch<S>& batch) override {
    if (groups_.empty()) return this->next_.consume(batch);
    return transform(batch);
  }

 private:
  Task<Result<>> transform(Batch<S>& batch) {
    const std::size_t before = batch.data.items();
    Result<> ok = run(batch.data.records());
    batch.data.recount();
    // Functions may make points of points, or join them.
    const std::size_t after = batch.data.items();
    if (after > before) batch.receipt.grow(after - before);
    if (after < before) batch.receipt.drop(before - after, Drop::filtered);
    if (!ok) co_return ok;
    co_return co_await this->next_.consume(batch);
  }

  Result<> run(Records<S>& records) {
    ottl::Env env(records.arena);
    const auto report = [&](std::string_view text, const std::string& error) {
      logger_.warn("failed to execute statement", {{"error", error}, {"statement", text}});
    };
    for (const auto& group : groups_) {
      const bool done = ottl::walk(records, group.context, env, [&] {
        bool wanted = true;
        if (!group.conditions.empty() && !group.conditions.any(env, report, wanted)) return false;
        return !wanted || group.statements.run(env, report);
      });
      if (done) continue;
      logger_.error("failed processing " + std::string(S::name), {{"error", env.error}});
      return fail(Fault::retryable, env.error);
    }
    if (env.ignored_nil && !said_nil_) {
      said_nil_ = true;
      logger_.warn("a set() was given nil and did nothing, as in the reference");
    }
    return {};
  }

  const std::vector<Group> groups_;
  const log::Logger logger_;
  bool said_nil_ = false;
};

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  const auto mode = ottl::error_mode(config.error_mode, ottl::ErrorMode::ignore);
  std::vector<Group> groups;
  for (const auto& texts : groups_of(config, S{}).list) {
    auto made = compile(texts, ottl::contexts_of<S>(), mode);
    if (!made) return fail(std::move(made.error()));
    groups.push_back(std::move(*made));
  }
  return std::make_unique<Transform<S>>(std::move(groups), context, next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::transform
