#pragma once
// Sections whose keys are the rows of a table of names, each a section with `enabled`: which metrics and
// attributes a component sends.
#include <array>
#include <utility>

#include "config/field.h"

namespace gleaner::config {

/// `Info` is an array of rows with `name` and `about`; each key is a `T` whose `enabled` starts as On(row)
/// says.
template <class T, auto& Info, std::size_t N, auto On>
struct ToggleTable {
  static constexpr auto& kRows = Info;
  std::array<T, N> rows;
  ToggleTable() {
    for (std::size_t i = 0; i < N; ++i) rows[i].enabled = On(Info[i]);
  }
  template <class Id>
  const T& of(Id id) const {
    return rows[static_cast<std::size_t>(id)];
  }
  static std::span<const Field> fields() { return table(std::make_index_sequence<N>()); }

 private:
  template <std::size_t... I>
  static std::span<const Field> table(std::index_sequence<I...>) {
    static const Field kTable[] = {
        Field{Info[I].name, Info[I].about, &detail::TypeOf<T>::ops,
              [](void* object) -> void* { return &static_cast<ToggleTable*>(object)->rows[I]; }}...};
    return kTable;
  }
};

/// The plainest row.
struct Toggle {
  bool enabled = false;
  static std::span<const Field> fields() {
    static const Field kTable[] = {field<&Toggle::enabled>("enabled", "whether it is set")};
    return kTable;
  }
};

}  // namespace gleaner::config
