#include "storage/rewrite.h"

#include <sys/random.h>

#include <algorithm>
#include <vector>

#include "base/loop.h"
#include "storage/frame.h"

namespace gleaner::storage {
namespace {

std::uint64_t random_salt() {
  std::uint64_t salt = 0;
  if (::getrandom(&salt, sizeof salt, GRND_NONBLOCK) != sizeof salt) salt = unix_nanos();
  return salt;
}

Result<> copy(Disk::File* from, const Index& index, Rewritten& to) {
  std::vector<std::pair<const std::string*, Place>> order;
  order.reserve(index.size());
  for (const auto& [key, place] : index) order.emplace_back(&key, place);
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.second.at < b.second.at; });

  if (auto ok = to.file->write(0, make_header(to.salt)); !ok) return ok;
  to.end = kHeaderSize;
  to.index.reserve(index.size());
  FrameWriter frame;
  const auto put_out = [&]() -> Result<> {
    const auto bytes = frame.finish(to.salt, to.end);
    if (auto ok = to.file->write(to.end, bytes); !ok) return ok;
    to.end += bytes.size();
    frame.clear();
    return {};
  };
  std::string value;
  for (const auto& [key, place] : order) {
    value.resize(place.size);
    auto got = from->read(place.at, value.data(), value.size());
    if (!got) return fail(std::move(got.error()));
    if (*got < value.size()) return fail(Fault::os, "read: the file became shorter");
    to.index[*key] = {to.end + frame.size() + kOperationHead + key->size(), place.size};
    frame.put(*key, value);
    if (frame.full())
      if (auto ok = put_out(); !ok) return ok;
  }
  if (!frame.empty())
    if (auto ok = put_out(); !ok) return ok;
  return to.file->sync();
}

}  // namespace

Result<Rewritten> rewrite(Disk& disk, const std::string& path, Disk::File* from, const Index& index) {
  const std::string fresh = path + ".new";
  Rewritten out;
  out.salt = random_salt();
  auto file = disk.open(fresh, Disk::Access::create);
  if (!file) return fail(std::move(file.error()));
  out.file = std::move(*file);
  const auto attempt = [&]() -> Result<> {
    if (!out.file->lock()) return fail(Fault::os, "lock " + fresh + ": another process has it");
    if (auto ok = out.file->truncate(0); !ok) return ok;  // of one that died here
    if (auto ok = copy(from, index, out); !ok) return ok;
    return disk.rename(fresh, path);
  };
  if (auto ok = attempt(); !ok) {
    (void)disk.remove(fresh);
    return fail(std::move(ok.error()));
  }
  // The new file is in its place: from here on it is the one to use, whatever the folder says.
  (void)disk.sync_folder(path);
  return out;
}

}  // namespace gleaner::storage
