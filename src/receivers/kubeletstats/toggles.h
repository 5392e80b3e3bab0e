#pragma once
// The sections `metrics` and `resource_attributes`: one key per row of the tables in metrics.h.
#include <array>
#include <utility>

#include "config/compat.h"
#include "config/field.h"
#include "receivers/kubeletstats/metrics.h"

namespace gleaner::receivers::kubeletstats {

struct MetricToggle {
  bool enabled = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MetricToggle::enabled>("enabled", "whether it is sent"),
        config::later("attributes", "which attributes its points have"),
        config::later("aggregation_strategy", "how points without those attributes are joined"),
    };
    return kTable;
  }
};

/// One condition on an attribute's value.
struct Match {
  std::optional<std::string> strict, regexp;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Match::strict>("strict", "the whole value"),
        config::field<&Match::regexp>("regexp", "an expression found in the value"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct AttributeToggle {
  bool enabled = false;
  std::vector<Match> metrics_include, metrics_exclude;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&AttributeToggle::enabled>("enabled", "whether resources have it"),
        config::field<&AttributeToggle::metrics_include>(
            "metrics_include", "keep only resources whose value matches one of these"),
        config::field<&AttributeToggle::metrics_exclude>("metrics_exclude",
                                                         "drop resources whose value matches one of these"),
    };
    return kTable;
  }
};

/// A section whose keys are the names of `Info` rows, each a `T` that starts as the row's default.
template <class T, auto& Info, std::size_t N>
struct ToggleTable {
  std::array<T, N> rows;
  ToggleTable() {
    for (std::size_t i = 0; i < N; ++i) rows[i].enabled = on(Info[i]);
  }
  template <class Id>
  const T& of(Id id) const {
    return rows[static_cast<std::size_t>(id)];
  }
  static std::span<const config::Field> fields() { return table(std::make_index_sequence<N>()); }

 private:
  /// 0.102 had *.cpu.utilization where *.cpu.usage is now.
  template <class Row>
  static bool on(const Row& row) {
    const std::string_view name(row.name);
    if (config::is_0_102() && name.ends_with(".cpu.usage")) return false;
    return row.on || (config::is_0_102() && name.ends_with(".cpu.utilization"));
  }
  template <std::size_t... I>
  static std::span<const config::Field> table(std::index_sequence<I...>) {
    static const config::Field kTable[] = {
        config::Field{Info[I].name, Info[I].about, &config::detail::TypeOf<T>::ops,
                      [](void* object) -> void* { return &static_cast<ToggleTable*>(object)->rows[I]; }}...};
    return kTable;
  }
};
using MetricToggles = ToggleTable<MetricToggle, kMetricInfo, kMetrics>;
using AttributeToggles = ToggleTable<AttributeToggle, kAttributeInfo, kAttributes>;

}  // namespace gleaner::receivers::kubeletstats
