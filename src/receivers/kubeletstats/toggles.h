#pragma once
// The sections `metrics` and `resource_attributes`: one key per row of the tables in metrics.h.
#include "config/compat.h"
#include "config/toggles.h"
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

/// 0.102 had *.cpu.utilization where *.cpu.usage is now.
template <class Row>
bool on_by_default(const Row& row) {
  const std::string_view name(row.name);
  if (config::is_0_102() && name.ends_with(".cpu.usage")) return false;
  return row.on || (config::is_0_102() && name.ends_with(".cpu.utilization"));
}
using MetricToggles = config::ToggleTable<MetricToggle, kMetricInfo, kMetrics, &on_by_default<MetricInfo>>;
using AttributeToggles =
    config::ToggleTable<AttributeToggle, kAttributeInfo, kAttributes, &on_by_default<AttributeInfo>>;

}  // namespace gleaner::receivers::kubeletstats
