#pragma once
// The face of storage extensions, for the components that keep state.
#include <string>

#include "storage/queue_log.h"
#include "storage/store.h"

namespace gleaner::storage {

/// Whose state it is: what its file is called after.
struct Owner {
  std::string_view kind;  ///< "receiver", "exporter", ...
  std::string_view type;  ///< today's name of the component's type; underscores do not count
  std::string_view name;  ///< what the user put behind the slash
  std::string_view part;  ///< of a component that has several, else empty
};

/// The name in a component's id: "filelog/app" -> "app", "filelog" -> "".
inline std::string_view name_in(std::string_view id) {
  const auto slash = id.find('/');
  return slash == std::string_view::npos ? std::string_view() : id.substr(slash + 1);
}

class Storage {
 public:
  virtual ~Storage() = default;
  /// Opens the store of a component; closed when the extension stops, which is after everything that uses it.
  /// A component that stops releases it: its successor gets the same one.
  /// @return Fault::os when its file is there and cannot be used
  virtual Task<Result<Store*>> open(Owner owner) = 0;
  /// Where a component keeps a queue, and how. The queue is the component's own.
  virtual QueueOptions queue(const Owner& owner) = 0;
  /// Where the reference keeps the same component's state.
  virtual std::string reference_path(const Owner& owner) const = 0;
};

}  // namespace gleaner::storage
