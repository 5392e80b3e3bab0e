#pragma once
// A list that is written in one of two ways: texts alone, or sections. Texts are together one section's
// `Member`.
//
//   log_statements: ['set(log.body, "a")', ...]        log_statements: [{context: log, statements: [...]},
//   ...]
#include <string>
#include <vector>

#include "config/field.h"

namespace gleaner::config {

template <class T, auto Member>
struct TextsOrSections {
  std::vector<T> list;
};

/// An error at text `i` of the list `key`, or of the section itself when that is a list.
inline void error_at_text(Check& check, std::string_view key, std::size_t i, std::string what) {
  const Node* list = check.node().is_list() ? &check.node() : check.node().find(key);
  const bool there = list && list->is_list() && i < list->items().size();
  check.problems().error(there ? list->items()[i].mark() : check.node().mark(), check.path(),
                         std::move(what));
}

namespace detail {

template <class T, auto Member>
struct TypeOf<TextsOrSections<T, Member>> {
  static void decode(Decoder& d, const Node& node, void* out) {
    if (node.is_null()) return;
    if (!node.is_list()) return d.mismatch(node, "a list");
    auto& list = static_cast<TextsOrSections<T, Member>*>(out)->list;
    list.clear();
    const auto& items = node.items();
    std::size_t first = 0;  // of the texts: they may stand behind sections, as in the reference
    while (first < items.size() && items[first].is_map()) ++first;
    for (std::size_t i = 0; i < first; ++i)
      d.inside(std::to_string(i), [&] { TypeOf<T>::ops.decode(d, items[i], &list.emplace_back()); });
    if (first == items.size()) return;
    T& made = list.emplace_back();
    Node texts = Node::list(node.mark());
    for (std::size_t i = first; i < items.size(); ++i) {
      if (items[i].is_null()) return d.error(items[i], "an empty item");
      if (items[i].is_map())
        return d.error(items[i], "texts and sections cannot stand in one list: write either, not both");
      (made.*Member).push_back(d.text(items[i]));
      texts.items().push_back(items[i]);
    }
    Check check(d.problems(), texts, d.path());
    TypeOf<T>::validate(check, &made);
  }
  static constexpr TypeOps ops = [] {
    TypeOps out = TypeOf<std::vector<T>>::ops;
    out.decode = &decode;
    out.or_texts = true;
    return out;
  }();
};

}  // namespace detail
}  // namespace gleaner::config
