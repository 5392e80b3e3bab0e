#pragma once
// Who gets which sidecar: what pod and namespace ask for, among the collectors there are. Source:
// spec/operator.md 6.1.
#include <span>
#include <string>

#include "deploy/collector.h"
#include "deploy/workload.h"

namespace gleaner::deploy {

/// What the sidecar is chosen by, besides the workload.
struct Asked {
  std::string by_namespace;  ///< its annotation, "" without one
  std::string name_space;    ///< the workload's
  std::string container;     ///< what the sidecar is to be called
  bool anyway = false;       ///< though nobody asks for one
};

struct Choice {
  enum class Kind : std::uint8_t {
    unasked,
    declined,  ///< the annotation says false
    present,   ///< there is a container of that name
    missed,    ///< asked for, and there is none
    found
  };
  Kind kind = Kind::unasked;
  const Collector* sidecar = nullptr;
  std::string why;  ///< nothing is done
};

/// @param sidecars  of mode sidecar; they outlive the choice
Choice choose(const Workload& workload, const Asked& asked, std::span<const Collector* const> sidecars);

}  // namespace gleaner::deploy
