// The databases and offsets the reference leaves. Properties: nothing outside the file is looked at (the
// sanitizers see to that), the work is bounded by the limits, and offsets that come back are usable.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "receivers/filelog/reference_offsets.h"
#include "storage/bbolt.h"
#include "storage/memory_disk.h"

using namespace gleaner;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void decode(std::string_view value) {
  const auto kept = receivers::filelog::decode_known_files(value);
  if (!kept) return;
  std::size_t bytes = 0;
  for (const auto& one : *kept) {
    require(!one.position.fingerprint.empty());
    require(one.position.offset <= INT64_MAX && one.position.record_number <= INT64_MAX);
    bytes += one.position.fingerprint.size();
  }
  require(bytes <= value.size());
}

/// The checksum of a meta page is made right, or nothing behind it would ever be reached.
void mend(std::string& bytes, std::size_t page) {
  if (bytes.size() < page + 16 + 64) return;
  std::uint64_t hash = 0xCBF29CE484222325;
  for (std::size_t i = 0; i < 56; ++i)
    hash = (hash ^ static_cast<std::uint8_t>(bytes[page + 16 + i])) * 0x100000001B3;
  for (int i = 0; i < 8; ++i) bytes[page + 72 + i] = static_cast<char>(hash >> (8 * i));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  mend(bytes, 0);
  mend(bytes, 1024);
  storage::testing_support::MemoryDisk disk;
  disk.names["db"] = std::make_shared<storage::testing_support::MemoryDisk::Inode>();
  disk.names["db"]->now = bytes;
  auto file = disk.open("db", storage::Disk::Access::read);
  std::uint64_t read = 0;
  constexpr storage::BboltLimits kLimits{.bytes = 1 << 20, .page = 1 << 16, .depth = 8};
  (void)storage::walk_bbolt(
      **file, "default",
      [&](std::string_view key, std::string_view value) {
        read += key.size() + value.size();
        decode(value.substr(0, 4096));
      },
      kLimits);
  (void)read;
  return 0;
}
