// A store's file, damaged. Properties: what comes back was written once under its key; nothing is outside the
// file; an undamaged file comes back whole; and what is read again up to its end is the same.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "storage/frame.h"
#include "storage/memory_disk.h"
#include "storage/recover.h"

using namespace gleaner;
using namespace gleaner::storage;
using testing_support::MemoryDisk;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

Recovered recovered(const std::string& bytes) {
  MemoryDisk disk;
  disk.names["f"] = std::make_shared<MemoryDisk::Inode>();
  disk.names["f"]->now = bytes;
  auto file = disk.open("f", Disk::Access::read);
  auto out = recover(**file);
  require(out.has_value());
  return std::move(*out);
}

std::map<std::string, std::string> values(const Recovered& from, const std::string& bytes) {
  std::map<std::string, std::string> out;
  for (const auto& [key, place] : from.index) {
    require(place.at + place.size <= bytes.size());
    out[key] = bytes.substr(place.at, place.size);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // As it is: no file of ours, as a rule.
  const std::string raw(reinterpret_cast<const char*>(data), size);
  (void)values(recovered(raw), raw);

  // A file of operations, then bytes of it changed.
  constexpr std::uint64_t kSalt = 42;
  std::string file = make_header(kSalt);
  std::map<std::string, std::string> now;
  std::set<std::pair<std::string, std::string>> ever;
  FrameWriter frame;
  std::size_t at = 0;
  for (; at + 2 < size && data[at] != 0; at += 3) {
    const std::string key(1, static_cast<char>('a' + data[at] % 5));
    if (data[at] & 64) {
      frame.erase(key);
      now.erase(key);
    } else {
      const std::string value(data[at + 1], static_cast<char>(data[at + 2]));
      frame.put(key, value);
      now[key] = value;
      ever.emplace(key, value);
    }
    if (data[at] & 128) continue;  // more in the same frame
    file += frame.finish(kSalt, file.size());
    frame.clear();
  }
  if (!frame.empty()) file += frame.finish(kSalt, file.size());
  require(values(recovered(file), file) == now);

  for (++at; at + 2 < size; at += 3) {
    const std::size_t where = (data[at] << 8 | data[at + 1]) % file.size();
    if (data[at + 2] == 0)
      file.resize(where + 1);
    else
      file[where] = static_cast<char>(file[where] ^ data[at + 2]);
  }
  const auto got = recovered(file);
  for (const auto& pair : values(got, file)) require(ever.contains(pair));
  if (got.kind == Recovered::Kind::foreign || got.kind == Recovered::Kind::empty) return 0;
  const std::string whole = file.substr(0, got.end);
  const auto again = recovered(whole);
  require(again.torn == 0 && values(again, whole) == values(got, file));
  return 0;
}
