#include "capture/acks.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "capture/stream.h"

namespace gleaner::capture {
namespace {

constexpr int kFiles = 64;

bool take_number(std::string_view& text, std::uint64_t& number) {
  std::size_t digits = 0;
  number = 0;
  for (; digits < text.size() && digits < 18 && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  text.remove_prefix(digits);
  return digits > 0;
}

bool parse(std::string_view text, Ack& ack) {
  std::uint64_t segment = 0, offset = 0;
  if (!take_number(text, segment) || text.empty() || text[0] != ' ') return false;
  text.remove_prefix(1);
  if (!take_number(text, offset) || segment > 0xffffffffU) return false;
  ack = {true, static_cast<std::uint32_t>(segment), offset};
  return text.empty() || text == "\n";
}

}  // namespace

Ack read_acks(int dir, std::int64_t now) {
  Ack least;
  const int folder = ::openat(dir, ".ack", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return least;
  DIR* list = ::fdopendir(folder);
  if (!list) {
    ::close(folder);
    return least;
  }
  int seen = 0;
  for (const dirent* entry = ::readdir(list); entry && seen < kFiles; entry = ::readdir(list)) {
    if (entry->d_name[0] == '.') continue;
    ++seen;
    const OwnFd file(::openat(folder, entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat about {};
    char text[64];
    Ack ack;
    if (!file || ::fstat(file.get(), &about) || about.st_mtime < now - kAckAge) continue;
    const auto got = ::read(file.get(), text, sizeof text);
    if (got <= 0 || !parse({text, static_cast<std::size_t>(got)}, ack)) continue;
    if (!least.any || ack.segment < least.segment ||
        (ack.segment == least.segment && ack.offset < least.offset))
      least = ack;
  }
  ::closedir(list);
  return least;
}

}  // namespace gleaner::capture
