#pragma once
// The operator's own authority and certificate, and when they are made anew. Pure but for randomness.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gleaner::extensions::k8s_operator {

/// As PEM. What the Secret keeps.
struct Material {
  std::string authorities;  ///< the newest first: what callers are told to trust
  std::string authority_key;
  std::string certificate, key;
  bool operator==(const Material&) const = default;
};

struct Wanted {
  std::vector<std::string> names;  ///< host names and IP addresses
  std::int64_t lifetime = 0;       ///< seconds, of the certificate; an authority lives 40 times as long
};

struct Kept {
  Material material;
  std::int64_t renew_at = 0;   ///< seconds since 1970: time to look again
  bool changed = false;        ///< material is not the old one
  bool new_authority = false;  ///< callers have to be told before it is served
};

/// `old` while it is good at `now`, and otherwise what takes its place. A certificate is renewed when a third
/// of its life is left, for other names, and when it cannot be read; an authority when two lives of a
/// certificate are left. Old authorities stay in the list until they end, as others may still serve what they
/// signed.
Result<Kept> keep(const std::optional<Material>& old, const Wanted& wanted, std::int64_t now);

}  // namespace gleaner::extensions::k8s_operator
