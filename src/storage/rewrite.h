#pragma once
// What is live in a store's file, written anew beside it and put in its place by rename.
#include <memory>

#include "storage/recover.h"

namespace gleaner::storage {

struct Rewritten {
  std::unique_ptr<Disk::File> file;  ///< locked
  std::uint64_t salt = 0;
  std::uint64_t end = 0;
  Index index;
};

/// Blocks. Whatever fails, and at whatever moment the process or the machine dies, `path` is the old file or
/// the new one, whole and synced.
/// @param from  where the values are; may be null when the index is empty
Result<Rewritten> rewrite(Disk& disk, const std::string& path, Disk::File* from, const Index& index);

}  // namespace gleaner::storage
