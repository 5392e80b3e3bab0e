#include <fmt/format.h>

#include <cstdlib>

#include "config/yaml.h"
#include "deploy/plan.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;
}

Result<std::vector<Change>> undo(const Workload& workload) {
  const Node* notes = node_at(*workload.object, workload.path("metadata/annotations"));
  const Node* record = notes ? notes->find(kRecord) : nullptr;
  if (!record) return std::vector<Change>{};
  const auto parsed = config::parse_yaml(record->text(), "record");
  const Node* lines = parsed ? parsed->find("undo") : nullptr;
  if (!lines || !lines->is_list())
    return fail(Fault::config, fmt::format("{}: {}: the annotation {} is no record of gleaner's",
                                           record->mark().text(), workload.title(), kRecord));
  std::vector<Change> changes;
  Node tree = *workload.object;
  const auto take = [&](Change change) {
    if (apply(tree, change)) changes.push_back(std::move(change));
  };
  for (auto line = lines->items().rbegin(); line != lines->items().rend(); ++line) {
    std::vector<std::string> words;
    for (const Node& word : line->items()) words.push_back(word.text());
    if (words.size() < 3) continue;
    const std::string where = workload.path(words[1]);
    if (words[0] == "i") {
      take({Kind::drop_item, where, words[2], {}, 0});
    } else if (words[0] == "f") {
      // Only while the program's words are still behind ours.
      const Node* command = node_at(tree, where);
      const auto count = static_cast<std::size_t>(std::strtoul(words[2].c_str(), nullptr, 10));
      if (command && count > 0 && count < command->items().size() &&
          command->items()[0].text().ends_with("/gleaner-exec"))
        take({Kind::drop_front, where, "", {}, count});
    } else {
      const bool entry = words[0] == "d";
      const Node* value = node_at(tree, where);
      if (value && entry) value = value->find(words[2]);
      if (!value) continue;
      const std::string its = entry ? (where.empty() ? "" : where + "/") + words[2] : where;
      const bool only_ours =
          value->is_scalar() || value->entries().size() + value->items().size() == words.size() - 3;
      if (!only_ours)
        for (std::size_t i = 3; i < words.size(); ++i)
          take({words[i].starts_with('=') ? Kind::drop_item : Kind::drop_entry, its, words[i], {}, 0});
      else if (entry)
        take({Kind::drop_entry, where, words[2], {}, 0});
      else
        take({Kind::empty, where, words[2], {}, 0});
    }
  }
  for (Change& change : changes) change.path = Workload::join(workload.place, change.path);
  return changes;
}

}  // namespace gleaner::deploy
