#pragma once
// Reads the databases in which the reference's storage extension keeps state (bbolt), and never writes them.
//
// A page is page_size bytes: id:8 flags:2 count:2 overflow:4, then its content; with overflow it goes on over
// the next pages. Pages 0 and 1 are meta pages, of which the whole one with the highest transaction counts:
// magic:4 version:4 page_size:4 flags:4 root_bucket:8 sequence:8 freelist:8 pages:8 transaction:8 checksum:8
// (FNV-1a of what is before it). A branch page has elements of position:4 key_size:4 page:8, a leaf page of
// flags:4 position:4 key_size:4 value_size:4; positions count from their element. A leaf element with flag 1
// is a bucket: its value is root_page:8 sequence:8 and, when the root page is 0, a leaf page in place. All
// little endian on the machines that matter.
#include <functional>
#include <string_view>

#include "storage/disk.h"

namespace gleaner::storage {

struct BboltLimits {
  std::uint64_t bytes = 256 << 20;  ///< read in all
  std::uint32_t page = 64 << 20;    ///< bytes of a page with its overflow
  int depth = 32;
};

/// Calls `what` for every key of a bucket of the database's root, in order of the keys. The views live until
/// it returns.
/// @return Fault::permanent when the file is none or is broken: what came before it is good
Result<> walk_bbolt(Disk::File& file, std::string_view bucket,
                    const std::function<void(std::string_view key, std::string_view value)>& what,
                    const BboltLimits& limits = {});

}  // namespace gleaner::storage
