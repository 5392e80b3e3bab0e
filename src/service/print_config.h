#pragma once
#include "service/collector.h"

namespace gleaner::service {

struct PrintOptions {
  bool redacted = true;
  bool json = false;
  bool validate = true;
};

/// Prints the merged, expanded configuration. @return the exit code; what is wrong is on stderr by then
/// Source: spec/collector.md 1.1.
int print_config(const Options& options, const PrintOptions& how);

/// Puts [REDACTED] in place of every secret the field tables know of. What no table describes is hidden
/// whole.
void redact(config::Node& root);

}  // namespace gleaner::service
