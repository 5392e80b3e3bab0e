#pragma once
// How positions outlive the process.
#include <cstdint>

#include "stanza/files/file.h"

namespace gleaner::stanza::files {

/// A position and the file it belongs to.
struct Kept {
  enum class Fate : std::uint8_t {
    open,       ///< patterns found it when that was last known
    away,       ///< still there, but no pattern finds it
    truncated,  ///< not in that file any more; a copy may turn up
  };
  Position position;
  Identity identity;
  Fate fate = Fate::open;
};

class PositionKeeper {
 public:
  virtual ~PositionKeeper() = default;
  /// Told of a position that may be new or have moved; position.key is 0 the first time.
  /// @return the key it is kept under
  virtual std::uint64_t keep(const Kept& kept) = 0;
  virtual void forget(std::uint64_t key) = 0;
};

}  // namespace gleaner::stanza::files
