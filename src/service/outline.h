#pragma once
// What stays when a configuration gives way to another.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "service/assembly.h"

namespace gleaner::service {

/// A configuration in service, as numbers: enough to tell what the next one changes.
struct Outline {
  std::map<std::string, std::uint64_t> receivers, processors, exporters;  ///< fingerprints by id
  std::uint64_t frame = 0;  ///< of what everything leans on: extensions, own metrics
  std::vector<Pipeline> pipelines;
};
Outline outline(const Assembly& assembly);

/// What goes on running. All else is stopped, or made and started.
struct Staying {
  std::set<std::string> exporters;  ///< same configuration, same signals
  std::set<std::string> pipelines;  ///< same processors throughout, same exporters, all of which stay
  std::set<std::string> receivers;  ///< same configuration, same signals; where their data goes may change
  bool all = false;                 ///< nothing differs
};
/// Requires the same frame. Comparing a configuration with an empty outline keeps nothing.
Staying staying(const Outline& now, const Outline& next);

}  // namespace gleaner::service
