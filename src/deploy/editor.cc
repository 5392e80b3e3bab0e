#include "deploy/editor.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/same.h"
#include "deploy/patch.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;

std::size_t line_of(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

bool apply(Node& tree, const Change& change) {
  Node* node = find(tree, change.path);
  if (!node) return false;
  auto& items = node->items();
  switch (change.kind) {
    case Kind::add_item:
      if (!node->is_list()) return false;
      items.push_back(change.value);
      return true;
    case Kind::add_front:
      if (!node->is_list()) return false;
      items.insert(items.begin(), change.value.items().begin(), change.value.items().end());
      return true;
    case Kind::add_entry:
      if (!node->is_map() || node->find(change.key)) return false;
      (*node)[change.key] = change.value;
      return true;
    case Kind::fill:
      if (!node->is_null()) return false;
      *node = change.value;
      return true;
    case Kind::empty:
      *node = Node::null({});
      return true;
    case Kind::drop_item: {
      const auto index = index_in(items, change.key);
      if (index >= items.size()) return false;
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
      return true;
    }
    case Kind::drop_front:
      if (change.count > items.size()) return false;
      items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(change.count));
      return true;
    case Kind::drop_entry:
      if (!node->find(change.key)) return false;
      node->remove(change.key);
      return true;
  }
  return false;
}

Result<std::string> edit(std::string text, const std::vector<std::vector<Change>>& plans,
                         const std::string& source, std::size_t line) {
  const bool open_end = text.empty() || text.back() != '\n';
  const auto cannot = [&](std::size_t at, std::string_view path) {
    return fail(
        Fault::config,
        fmt::format("{}:{}: {} is written in a way that cannot be changed in place (anchors, merge keys, or "
                    "a block text at the end of the file): write it out",
                    source, line + line_of(text, at) - 1, path.empty() ? "the document" : path));
  };
  auto now = parse(text, source, line);
  if (!now) return fail(std::move(now.error()));
  if (open_end) {
    text += '\n';
    auto closed = parse(text, source, line);
    if (!closed || !config::same(closed->tree, now->tree)) return cannot(text.size() - 1, "");
    now = std::move(closed);
  }
  std::size_t rounds = 0;
  for (const auto& plan : plans) rounds = std::max(rounds, plan.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<Patch> patches;
    for (const auto& plan : plans) {
      if (round >= plan.size()) continue;
      const Change& change = plan[round];
      Patch patch;
      if (!apply(now->tree, change) || !patch_of(change, text, now->spans, patch)) {
        const Span* span = find(now->spans, change.path);
        return cannot(span ? span->begin : 0, change.path);
      }
      patches.push_back(std::move(patch));
    }
    std::sort(patches.begin(), patches.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    std::string changed;
    std::size_t kept = 0;
    for (const auto& patch : patches) {
      if (patch.begin < kept) return cannot(patch.begin, "");
      changed.append(text, kept, patch.begin - kept).append(patch.text);
      kept = patch.end;
    }
    changed.append(text, kept);
    auto then = parse(changed, source, line);
    if (!then || !config::same(then->tree, now->tree)) {
      // Which of them it was does not matter to whoever has to write it out: the first is named.
      const auto& first =
          *std::find_if(plans.begin(), plans.end(), [&](const auto& plan) { return round < plan.size(); });
      return cannot(patches.front().begin, first[round].path);
    }
    text = std::move(changed);
    now = std::move(then);
  }
  if (open_end) text.pop_back();
  return text;
}

}  // namespace gleaner::deploy
