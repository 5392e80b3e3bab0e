#include "capture/catalog.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "capture/stream.h"

namespace gleaner::capture {
namespace {

constexpr std::uint64_t kBlock = 512;  // the unit of st_blocks

/// Newlines of a file from `offset` on.
std::uint64_t count_lines(int file, std::uint64_t offset) {
  char text[16 << 10];
  std::uint64_t lines = 0;
  for (;;) {
    const auto got = ::pread(file, text, sizeof text, static_cast<off_t>(offset));
    if (got <= 0) return lines;
    for (const char* at = text;
         (at = static_cast<const char*>(::memchr(at, '\n', static_cast<std::size_t>(text + got - at)))); ++at)
      ++lines;
    offset += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

SegmentName segment_name(std::uint32_t number) {
  SegmentName name;
  name.digits(number, 8).add(".log");
  return name;
}

std::uint32_t segment_number(std::string_view name) {
  std::uint64_t number = 0;
  std::size_t i = 0;
  for (; i < name.size() && i < 10 && name[i] >= '0' && name[i] <= '9'; ++i)
    number = number * 10 + static_cast<std::uint64_t>(name[i] - '0');
  if (i < 8 || from(name, i) != ".log" || number > 0xfffffffeU) return 0;
  return static_cast<std::uint32_t>(number);
}

void Catalog::scan(int dir) {
  const int again = ::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = again < 0 ? nullptr : ::fdopendir(again);
  if (!list) {
    if (again >= 0) ::close(again);
    return;
  }
  while (const dirent* entry = ::readdir(list)) {
    const std::uint32_t number = segment_number(entry->d_name);
    if (!number) continue;
    if (number > newest_) newest_ = number;
    const OwnFd file(::openat(dir, entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about)) continue;
    // A run that was killed leaves blocks behind the end.
    (void)!::ftruncate(file.get(), about.st_size);
    (void)::fstat(file.get(), &about);
    if (count_ == kMost) {
      if (number < oldest()) {
        (void)::unlinkat(dir, entry->d_name, 0);
        continue;
      }
      forget_oldest(dir, -1);
    }
    std::uint32_t place = count_;
    for (; place > 0 && at(place - 1).number > number; --place) at(place) = at(place - 1);
    at(place) = {static_cast<std::uint64_t>(about.st_blocks) * kBlock, kUnknown, number};
    ++count_;
    disk_bytes_ += at(place).disk_bytes;
  }
  ::closedir(list);
}

void Catalog::add(std::uint32_t number, std::uint64_t disk_bytes, std::uint64_t lines) {
  at(count_++) = {disk_bytes, lines, number};
  disk_bytes_ += disk_bytes;
  if (number > newest_) newest_ = number;
}

void Catalog::forget_oldest(int dir, int file) {
  if (file >= 0) (void)!::ftruncate(file, 0);
  (void)::unlinkat(dir, segment_name(at(0).number).c_str(), 0);
  disk_bytes_ -= at(0).disk_bytes;
  --count_;
  std::memmove(&at(0), &at(1), count_ * sizeof(Entry));
}

void Catalog::remove_read(int dir, const Ack& ack) {
  while (ack.any && count_ && at(0).number <= ack.segment) {
    const OwnFd file(::openat(dir, segment_name(at(0).number).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    struct stat about {};
    if (at(0).number == ack.segment && file && ::fstat(file.get(), &about) == 0 &&
        static_cast<std::uint64_t>(about.st_size) > ack.offset)
      return;
    forget_oldest(dir, file.get());
  }
}

void Catalog::remove_oldest(int dir, const Ack& ack, Gone& gone) {
  const Entry& entry = at(0);
  const OwnFd file(::openat(dir, segment_name(entry.number).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat about {};
  if (file && ::fstat(file.get(), &about) == 0) {
    const auto size = static_cast<std::uint64_t>(about.st_size);
    const std::uint64_t read = ack.any && ack.segment == entry.number ? ack.offset : 0;
    if (!ack.any || ack.segment <= entry.number) {
      gone.lines += !read && entry.lines != kUnknown ? entry.lines : count_lines(file.get(), read);
      gone.bytes += size > read ? size - read : 0;
      if (!gone.first) gone.first = entry.number;
      gone.last = entry.number;
    }
  }
  forget_oldest(dir, file.get());
}

}  // namespace gleaner::capture
