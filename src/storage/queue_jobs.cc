#include "storage/queue_jobs.h"

#include <cerrno>

namespace gleaner::storage {
namespace {

constexpr std::size_t kPiece = 256 << 10;  // bytes written at once

}  // namespace

Result<Written> write_group(const Group& group) {
  Written out;
  out.file = group.file;
  std::string buffer;
  std::uint64_t at = group.at;
  const auto attempt = [&]() -> Result<> {
    if (!out.file) {
      (void)group.disk.make_folder(group.folder);
      auto file = group.disk.open(group.path, Disk::Access::create);
      if (!file) return fail(std::move(file.error()));
      if (!(*file)->writable()) return fail(Fault::os, "open " + group.path + ": it may only be read", EROFS);
      out.file = std::move(*file);
      buffer = make_segment_header(group.header);
      at = 0;
    }
    RecordHead head;
    head.sequence = group.header.first;
    head.before = group.header.before;
    for (const auto& record : group.records) {
      head.items = record.items;
      const std::uint64_t place = at + buffer.size();
      const std::uint32_t sum = append_record(buffer, *record.body, head, group.header.salt, place);
      out.records.push_back(
          {place, head.sequence, static_cast<std::uint32_t>(record.body->size()), record.items, sum});
      ++head.sequence;
      head.before += head.items;
      if (buffer.size() < kPiece && &record != &group.records.back()) continue;
      if (auto ok = out.file->write(at, buffer); !ok) return ok;
      at += buffer.size();
      buffer.clear();
    }
    if (!group.fsync) return {};
    if (auto ok = out.file->sync(); !ok) return ok;
    return group.file ? Result<>() : group.disk.sync_folder(group.path);
  };
  auto ok = attempt();
  out.end = at;
  if (ok) return out;
  // What was written of it has been promised to nobody.
  if (group.file)
    (void)group.file->truncate(group.at);
  else if (out.file)
    (void)group.disk.remove(group.path);
  return fail(std::move(ok.error()));
}

Result<Harvest> harvest(Disk& disk, const std::string& path, Harvest out, std::size_t bytes) {
  if (!out.file) {
    auto file = disk.open(path, Disk::Access::write);
    if (!file) return fail(std::move(file.error()));
    out.file = std::move(*file);
  }
  SegmentReader reader(*out.file, out.position);
  for (std::size_t total = 0; total == 0 || total < bytes;) {
    auto more = reader.next();
    if (!more) return fail(std::move(more.error()).in(path));
    if (!*more) break;
    if (reader.head().done) continue;
    const std::size_t size = reader.head().size;
    Buffer body(size);
    auto good = reader.body(body.reserve(size));
    if (!good) return fail(std::move(good.error()).in(path));
    if (!*good) continue;
    body.commit(size);
    total += size + 1;
    out.records.push_back({reader.head(), reader.at(), std::move(body).finish()});
  }
  out.position = reader.position();
  return out;
}

}  // namespace gleaner::storage
