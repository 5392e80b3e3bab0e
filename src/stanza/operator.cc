#include "stanza/operator.h"

namespace gleaner::stanza {

void Operator::send(EntryList& list, Flow& flow, const std::vector<Operator*>& outputs) {
  if (list.empty()) return;
  for (std::size_t i = 0; i + 1 < outputs.size(); ++i) {
    EntryList copies;
    copies.reserve(list.size());
    for (const auto& entry : list) copies.push_back(clone(flow.arena, entry));
    flow.tally.copied += copies.size();
    outputs[i]->consume(copies, flow);
  }
  if (!outputs.empty()) outputs.back()->consume(list, flow);
}

text::expr::Environment Conditional::environment(const Entry& entry) {
  return {entry.body, &entry.attributes, &entry.resource, entry.timestamp};
}

Result<bool> Conditional::test(const text::expr::Program& program, const Entry& entry) {
  if (scratch_.held_bytes() > (64u << 10)) scratch_ = Arena();
  return program.test(environment(entry), scratch_);
}

Conditional::Gate Conditional::gate(const Entry& entry) {
  const auto truth = test(*options_.condition, entry);
  if (truth) return *truth ? Gate::run : Gate::pass;
  fail("running if expr: " + truth.error().what);
  return Gate::failed;
}

}  // namespace gleaner::stanza
