#include "storage/queue_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gleaner::storage {
namespace {

/// Opens a segment and reads its header. @return Fault::os when the disk refuses
Result<SegmentInfo> look(Disk& disk, const std::string& folder, std::uint64_t number) {
  SegmentInfo info;
  info.number = number;
  info.path = segment_path(folder, number);
  auto file = disk.open(info.path, Disk::Access::read);
  if (!file) return fail(std::move(file.error()));
  auto size = (*file)->size();
  if (!size) return fail(std::move(size.error()));
  char bytes[kSegmentHead];
  auto got = (*file)->read(0, bytes, sizeof bytes);
  if (!got) return fail(std::move(got.error()));
  info.kind = read_segment_header({bytes, *got}, info.header);
  info.reading.end = *size;
  return info;
}

Result<> walk(Disk& disk, SegmentInfo& info) {
  auto file = disk.open(info.path, Disk::Access::read);
  if (!file) return fail(std::move(file.error()));
  SegmentReader reader(**file, info.reading);
  for (;;) {
    auto more = reader.next();
    if (!more) return fail(std::move(more.error()).in(info.path));
    if (!*more) break;
    const Amount one{1, reader.head().items, reader.head().size};
    info.all += one;
    if (!reader.head().done) info.left += one;
  }
  info.loss = reader.loss();
  info.torn = reader.torn();
  info.next_sequence = reader.position().sequence;
  info.next_before = reader.position().before;
  return {};
}

}  // namespace

Amount& Amount::operator+=(const Amount& other) {
  records += other.records;
  items += other.items;
  bytes += other.bytes;
  return *this;
}
Amount& Amount::operator-=(const Amount& other) {
  records -= std::min(records, other.records);
  items -= std::min(items, other.items);
  bytes -= std::min(bytes, other.bytes);
  return *this;
}

std::string segment_path(const std::string& folder, std::uint64_t number) {
  return fmt::format("{}/{:016}{}", folder, number, kSegmentSuffix);
}

Result<std::vector<std::uint64_t>> segment_numbers(Disk& disk, const std::string& folder) {
  auto names = disk.list(folder);
  if (!names) return fail(std::move(names.error()));
  std::vector<std::uint64_t> numbers;
  for (const std::string_view name : *names) {
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data(), end, number);
    if (error == std::errc() &&
        std::string_view(rest, static_cast<std::size_t>(end - rest)) == kSegmentSuffix)
      numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<std::vector<SegmentInfo>> inspect(Disk& disk, const std::string& folder, bool bodies) {
  auto numbers = segment_numbers(disk, folder);
  if (!numbers) return fail(std::move(numbers.error()));
  std::vector<SegmentInfo> all;
  for (const auto number : *numbers) {
    auto info = look(disk, folder, number);
    if (!info) return fail(std::move(info.error()));
    all.push_back(std::move(*info));
  }
  const SegmentInfo* before = nullptr;  // the last one that was read
  for (std::size_t i = 0; i < all.size(); ++i) {
    SegmentInfo& info = all[i];
    if (!info.readable()) {
      info.loss.bytes = info.reading.end;
      continue;
    }
    auto& reading = info.reading;
    const SegmentInfo* behind = i + 1 < all.size() ? &all[i + 1] : nullptr;
    const bool behind_good = behind && behind->kind == HeaderKind::good && behind->number == info.number + 1;
    if (info.kind == HeaderKind::good) {
      reading.sequence = info.header.first;
      reading.before = info.header.before;
    } else {  // no header: the neighbours say what it must have been
      reading.anchored = before != nullptr;
      if (before) {
        info.header = before->header;
        reading.sequence = before->next_sequence;
        reading.before = before->next_before;
      } else if (behind_good) {
        info.header.salt = behind->header.salt;
        info.header.kind = behind->header.kind;
      }
    }
    reading.salt = info.header.salt;
    if (behind_good && behind->header.salt == info.header.salt) {
      reading.limit = behind->header.first;
      reading.limit_before = behind->header.before;
    }
    reading.bodies = bodies || !behind;
    if (auto ok = walk(disk, info); !ok) return fail(std::move(ok.error()));
    before = &info;
  }
  return all;
}

}  // namespace gleaner::storage
