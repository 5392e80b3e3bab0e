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
    bool texts = false, sections = false;
    for (const auto& item : node.items()) (item.is_map() ? sections : texts) = true;
    if (texts && sections)
      return d.error(node, "texts and sections cannot stand in one list: write either, not both");
    if (!texts) {
      for (std::size_t i = 0; i < node.items().size(); ++i)
        d.inside(std::to_string(i), [&] { TypeOf<T>::ops.decode(d, node.items()[i], &list.emplace_back()); });
      return;
    }
    T& made = list.emplace_back();
    for (const auto& item : node.items()) {
      if (item.is_null()) return d.error(item, "an empty item");
      (made.*Member).push_back(d.text(item));
    }
    Check check(d.problems(), node, d.path());
    TypeOf<T>::validate(check, &made);
  }
  static constexpr TypeOps ops{"list",
                               R"("array")",
                               &decode,
                               &show_nothing,
                               TypeOf<T>::ops.nested,
                               TypeOps::Shape::list,
                               nullptr,
                               nullptr,
                               TypeOf<T>::ops.make};
};

}  // namespace detail
}  // namespace gleaner::config
