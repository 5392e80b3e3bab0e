#pragma once
#include "pipeline/factory.h"

namespace gleaner::exporters::nop {

/// No keys.
struct Config {
  static std::span<const config::Field> fields() { return {}; }
};

/// Takes everything and drops it as delivered. Source: spec/collector.md 5.7.
Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context);

}  // namespace gleaner::exporters::nop
