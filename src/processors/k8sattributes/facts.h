#pragma once
// What is kept of an object: a few hundred bytes in one piece, as there may be thousands of them.
#include <optional>
#include <string>
#include <vector>

#include "processors/k8sattributes/rules.h"

namespace gleaner::processors::k8sattributes {

struct ContainerFacts {
  std::string_view name, image;
  std::string_view id;        ///< without the runtime's scheme
  std::string_view image_id;  ///< as the runtime says it
  std::uint64_t restarts = 0;
  bool started = false;  ///< has a status
};

/// Views into an object, or into a Packed.
struct Facts {
  std::string_view uid, name, name_space, node, host_name, ip, created;
  std::string_view owner_kind, owner_name, owner_uid;
  std::string_view service_name, service_version;  ///< by labels
  std::uint64_t started = 0;
  bool host_network = false, ignored = false;
  bool hashed = false;     ///< the owner's name ends with the hash of a Deployment's template
  bool scheduled = false;  ///< the owner's name ends with the minute at which a CronJob made it
  pdata::Map attributes;   ///< texts, by labels and annotations
  List<ContainerFacts> containers;
  List<std::string_view> ids;  ///< by which a pod is found
};

/// What of `object` the rules need. @param arena for what is made anew
Facts gather(const Rules& rules, Kind kind, const k8s::Object& object, Arena& arena);

/// The key of a pod under an association: its number and the values of its sources.
void start_id(std::string& id, std::size_t association);
void add_to_id(std::string& id, std::string_view value);
inline constexpr std::size_t kByAddress = 255;  ///< the association where none is configured

std::string pack(const Facts& facts);
/// `packed` must outlive the result.
Facts unpack(std::string_view packed, Arena& arena);
/// The ids alone, for whoever keeps the index.
std::vector<std::string_view> ids_of(std::string_view packed);

/// "shop-6c45f8d6f6" -> "shop"; empty when the name has no hash.
std::string_view without_hash(std::string_view replica_set);
/// "backup-28401234" -> "backup" and the minute; false when the name has no such end.
bool is_scheduled(std::string_view job, std::string_view& cron_job, std::int64_t& minute);
/// Minutes since 1970 of a time as Kubernetes writes it, "2026-05-01T10:00:00Z"; nothing for others.
std::optional<std::int64_t> minutes_of(std::string_view time);

}  // namespace gleaner::processors::k8sattributes
