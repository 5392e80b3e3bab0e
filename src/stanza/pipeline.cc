#include "stanza/pipeline.h"

#include <algorithm>
#include <map>
#include <set>

namespace gleaner::stanza {

/// The end of every path.
class Pipeline::Emitter : public Operator {
 public:
  explicit Emitter(const log::Logger& logger) : Operator("log_emitter", "log_emitter", logger) {}
  void process(EntryList&, Flow&) override {}
  void consume(EntryList& list, Flow& flow) override {
    flow.tally.out += list.size();
    if (flow.out.empty())
      flow.out.swap(list);
    else
      flow.out.insert(flow.out.end(), list.begin(), list.end());
  }
};

namespace {

/// Ids as the reference gives them: the type, numbered from the second on, stepping over ids that are taken.
std::vector<std::string> unique_ids(const config::Node& operators) {
  std::vector<std::string> ids, types;
  for (const auto& node : operators.items()) {
    const auto text = [&](const char* key) {
      const config::Node* value = node.find(key);
      return value && value->is_scalar() ? value->text() : std::string();
    };
    types.push_back(text("type"));
    ids.push_back(text("id").empty() ? types.back() : text("id"));
  }
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != types[i]) continue;
    int& count = seen[types[i]];
    if (count == 0) {
      count = 1;
      continue;
    }
    std::string id = types[i] + std::to_string(count);
    while (std::find(ids.begin(), ids.end(), id) != ids.end()) id = types[i] + std::to_string(++count);
    ++count;
    ids[i] = id;
  }
  return ids;
}

}  // namespace

Pipeline::Pipeline(Loop& loop, Sink sink) : loop_(loop), sink_(std::move(sink)), timer_(loop) {}
Pipeline::~Pipeline() = default;

std::unique_ptr<Pipeline> Pipeline::build(const config::Node& operators, const std::string& path,
                                          config::Problems& problems, const log::Logger& logger, Loop& loop,
                                          Sink sink) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(loop, std::move(sink)));
  pipeline->emitter_ = std::make_unique<Emitter>(logger);
  pipeline->first_ = {pipeline->emitter_.get()};
  if (operators.is_null()) return pipeline;
  if (!operators.is_list()) {
    problems.error(operators.mark(), path, "a list of operators is expected here");
    return pipeline;
  }
  const std::size_t before = problems.errors();
  const auto ids = unique_ids(operators);
  for (std::size_t i = 0; i < operators.items().size(); ++i) {
    const config::Node& node = operators.items()[i];
    const std::string at = path + "::" + std::to_string(i);
    const config::Node* type = node.find("type");
    if (!type || !type->is_scalar() || type->text().empty()) {
      problems.error(node.mark(), at, "missing required field 'type'");
      continue;
    }
    const auto kinds = operator_kinds();
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.type == type->text(); });
    if (kind == kinds.end()) {
      std::vector<std::string_view> known;
      for (const auto& k : kinds) known.push_back(k.type);
      problems.error(type->mark(), at + "::type",
                     "unsupported type '" + type->text() + "'" + config::did_you_mean(type->text(), known));
      continue;
    }
    auto made = kind->make({node, at, ids[i], problems, logger, loop});
    if (!made) continue;
    if (const config::Node* output = node.find("output")) {
      std::vector<std::string> written;
      if (output->is_scalar()) written.push_back(output->text());
      for (const auto& item : output->items()) written.push_back(item.text());
      made->set_output_ids(split_ids(written));
    }
    pipeline->operators_.push_back(std::move(made));
  }
  if (problems.errors() == before) pipeline->wire(operators, path, problems);
  return pipeline;
}

bool Pipeline::wire(const config::Node& operators, const std::string& path, config::Problems& problems) {
  std::map<std::string, Operator*> by_id;
  const std::size_t count = operators_.size();
  const auto refuse = [&](std::size_t i, std::string what) {
    problems.error(operators.items()[i].mark(), path + "::" + std::to_string(i), std::move(what));
    return false;
  };
  for (std::size_t i = 0; i < count; ++i)
    if (!by_id.emplace(operators_[i]->id(), operators_[i].get()).second)
      return refuse(i, "operator with id '" + operators_[i]->id() + "' already exists in pipeline");
  by_id.emplace(emitter_->id(), emitter_.get());

  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Operator*> outputs;
    std::set<std::string> seen;
    for (const auto& id : operators_[i]->wanted_outputs()) {
      const auto there = by_id.find(id);
      if (there == by_id.end()) {
        std::vector<std::string_view> known;
        known.reserve(by_id.size());
        for (const auto& pair : by_id) known.push_back(pair.first);
        return refuse(i, "operators cannot be connected, because the output '" + id +
                             "' does not exist in the pipeline" + config::did_you_mean(id, known));
      }
      if (!seen.insert(id).second)
        return refuse(i, "operators cannot be connected, because a connection from '" + operators_[i]->id() +
                             "' to '" + id + "' already exists");
      outputs.push_back(there->second);
    }
    if (operators_[i]->takes_default_output())
      outputs = {i + 1 < count ? operators_[i + 1].get() : emitter_.get()};
    operators_[i]->connect(outputs);
  }

  // Depth first from every operator: a way back to one on the way is a cycle. The order found is the order of
  // stop().
  std::map<const Operator*, int> state;  // 1 = on the way, 2 = done
  std::vector<Operator*> order;
  std::string cycle;
  const std::function<bool(Operator*)> visit = [&](Operator* op) {
    int& mark = state[op];
    if (mark == 2) return true;
    if (mark == 1) {
      cycle = op->id();
      return false;
    }
    mark = 1;
    for (Operator* next : op->outputs()) {
      if (visit(next)) continue;
      cycle = op->id() + " -> " + cycle;
      return false;
    }
    state[op] = 2;
    order.push_back(op);
    return true;
  };
  for (std::size_t i = 0; i < count; ++i)
    if (!visit(operators_[i].get())) return refuse(i, "pipeline has a circular dependency: " + cycle);

  if (count > 0) first_ = {operators_[0].get()};
  std::reverse(order.begin(), order.end());
  std::stable_sort(operators_.begin(), operators_.end(), [&](const auto& a, const auto& b) {
    return std::find(order.begin(), order.end(), a.get()) < std::find(order.begin(), order.end(), b.get());
  });
  return true;
}

Result<> Pipeline::start_at(const std::vector<std::string>& ids) {
  std::vector<Operator*> first;
  for (const auto& id : ids) {
    const auto there =
        std::find_if(operators_.begin(), operators_.end(), [&](const auto& op) { return op->id() == id; });
    if (there == operators_.end())
      return fail(Fault::config, "the output '" + id + "' does not exist in the pipeline");
    first.push_back(there->get());
  }
  if (!first.empty()) first_ = std::move(first);
  return {};
}

std::vector<std::string> Pipeline::process(Entries&& entries) {
  Entries out;
  out.arena = std::move(entries.arena);
  Flow flow{out.arena, out.list, tally_, {}, {}};
  tally_.in += entries.list.size();
  for (std::size_t i = 0; i + 1 < first_.size(); ++i) {
    EntryList copies;
    for (const auto& entry : entries.list) copies.push_back(clone(out.arena, entry));
    tally_.copied += copies.size();
    first_[i]->consume(copies, flow);
  }
  if (!entries.list.empty()) first_.back()->consume(entries.list, flow);
  auto errors = std::move(flow.errors);
  out.also = std::move(flow.also);
  arm();
  if (!out.list.empty()) sink_(std::move(out));
  return errors;
}

void Pipeline::flush(bool all) {
  Entries out;
  Flow flow{out.arena, out.list, tally_, {}, {}};
  for (const auto& op : operators_) {
    EntryList list;
    op->flush(loop_.now(), all, list, flow);
    op->forward(list, flow);
    for (const auto& error : flow.errors)
      op->logger().error("failed to write batch of entries", {{"error", error}});
    flow.errors.clear();
  }
  if (!all) arm();
  out.also = std::move(flow.also);
  if (!out.list.empty()) sink_(std::move(out));
}

void Pipeline::arm() {
  std::optional<TimePoint> next;
  for (const auto& op : operators_)
    if (const auto due = op->due(); due && (!next || *due < *next)) next = due;
  if (!next || stopped_) return timer_.cancel();
  if (timer_.running() && armed_ == *next) return;
  armed_ = *next;
  timer_.start(*next, [this](bool came) {
    if (came) flush(false);
  });
}

void Pipeline::stop() {
  if (std::exchange(stopped_, true)) return;
  timer_.cancel();
  flush(true);
}

std::uint64_t Pipeline::held() const {
  std::uint64_t sum = 0;
  for (const auto& op : operators_) sum += op->held();
  return sum;
}

std::optional<Spot> Pipeline::held_from(std::uint32_t source) const {
  std::optional<Spot> lowest;
  for (const auto& op : operators_)
    if (const auto from = op->held_from(source); from && (!lowest || *from < *lowest)) lowest = from;
  return lowest;
}

Result<std::unique_ptr<Pipeline>> Pipeline::make(const config::Node& operators,
                                                 const std::vector<std::string>& output,
                                                 const log::Logger& logger, Loop& loop, Sink sink) {
  config::Problems problems;
  auto made = build(operators, "operators", problems, logger, loop, std::move(sink));
  if (problems.any_errors()) return fail(Fault::config, problems.errors_text());
  if (!output.empty())
    if (auto ok = made->start_at(split_ids(output)); !ok) return fail(std::move(ok.error()));
  return made;
}

void Pipeline::check(const config::Node& operators, const std::vector<std::string>& output,
                     config::Check& check) {
  class Silent final : public log::Sink {
    void put(std::string_view) override {}
  };
  Loop loop(Loop::Clock::manual);
  Silent silent;
  const auto trial = build(operators, check.path() + "::operators", check.problems(), log::Logger(silent),
                           loop, [](Entries&&) {});
  if (!output.empty())
    if (auto ok = trial->start_at(split_ids(output)); !ok) check.error("output", ok.error().what);
}

}  // namespace gleaner::stanza
