#pragma once
// From the bytes of a store's file back to what they say. Source: DESIGN §2 law 1: nothing damaged is passed
// over in silence, and what is whole is kept.
#include <string>
#include <unordered_map>

#include "storage/disk.h"

namespace gleaner::storage {

/// Where a key's value is.
struct Place {
  std::uint64_t at = 0;    ///< in the file
  std::uint32_t size = 0;  ///< bytes of the value
};
using Index = std::unordered_map<std::string, Place>;

struct Recovered {
  enum class Kind : std::uint8_t {
    empty,    ///< nothing in it yet
    good,     ///< perhaps with an unfinished write at its end
    damaged,  ///< whole frames lie behind broken ones: the index has what is left
    foreign,  ///< not a store's file, or of a later version
  };
  Kind kind = Kind::empty;
  std::uint8_t version = 0;
  std::uint64_t salt = 0;
  std::uint64_t end = 0;     ///< behind the last whole frame
  std::uint64_t torn = 0;    ///< bytes of an unfinished write behind it
  std::uint64_t broken = 0;  ///< bytes between whole frames that are none
  Index index;
};

/// Reads it all, in pieces. @return Fault::os when the disk refuses
Result<Recovered> recover(Disk::File& file);

}  // namespace gleaner::storage
