#pragma once
// From facts to attributes.
#include "pipeline/client.h"
#include "processors/k8sattributes/cache.h"
#include "processors/k8sattributes/facts.h"

namespace gleaner::processors::k8sattributes {

/// An attribute that is there and not empty stays as it is.
bool set_if_absent(Arena& arena, pdata::Map& map, std::string_view key, std::string_view value);

/// The sender's address as pods have theirs: "::ffff:10.0.0.1" is "10.0.0.1".
std::string_view pod_address(std::string_view peer);

/// By what a resource's pod is to be looked for.
struct Wanted {
  std::string id;            ///< empty: nothing tells
  std::string_view address;  ///< when the sender's address, or what stands for it, is a part of it
};
Wanted wanted_pod(const Rules& rules, const pdata::Map& resource, const Client* client);

class Labels {
 public:
  Labels(const Rules& rules, const Cache& cache) : rules_(rules), cache_(cache) {}
  /// Looks for the pod and sets what is known of it, its namespace, its node and who made it.
  /// @param missed counts when something told whose it is and no such pod is known
  bool apply(Arena& arena, pdata::Map& resource, const Client* client, std::uint64_t& missed) const;
  /// The same when the pod is known to be this one.
  bool apply(Arena& arena, pdata::Map& resource, const Facts& pod) const;

 private:
  bool apply_pod(Arena& arena, pdata::Map& resource, const Facts& pod) const;
  bool apply_owner(Arena& arena, pdata::Map& resource, const Facts& pod) const;
  bool apply_container(Arena& arena, pdata::Map& resource, const Facts& pod) const;
  bool apply_around(Arena& arena, pdata::Map& resource, const Facts* pod) const;
  bool apply_texts(Arena& arena, pdata::Map& resource, Kind kind, std::string_view key, Meta uid) const;
  const Rules& rules_;
  const Cache& cache_;
};

}  // namespace gleaner::processors::k8sattributes
