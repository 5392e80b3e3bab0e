#include "stanza/files/file.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace gleaner::stanza::files {

bool File::look(TimePoint now) {
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return false;
  links = info.st_nlink;
  const auto current = static_cast<std::uint64_t>(info.st_size);
  if (current != raw_size) {
    raw_size = current;
    if (packed)
      stale = true;
    else
      size = current;
    changed = now;
    grew = true;
  }
  return true;
}

Task<Result<std::size_t>> read_at(Loop& loop, const File& file, std::uint64_t at, std::size_t count,
                                  Buffer& into) {
  if (!file.packed) co_return co_await read_at(loop, file.fd, at, count, into);
  char* to = into.reserve(count);
  std::function<std::size_t()> work = [&] { return file.packed->read(file.fd.get(), at, count, to); };
  const std::size_t got = co_await loop.blocking(std::move(work), Loop::Helper::files);
  into.commit(got);
  co_return got;
}

Task<Result<std::size_t>> read_at(Loop& loop, const Fd& fd, std::uint64_t at, std::size_t count,
                                  Buffer& into) {
  char* to = into.reserve(count);
  std::size_t got = 0;
  while (got < count) {
    const iovec part{to + got, count - got};
    const auto where = static_cast<off_t>(at + got);
    ssize_t n = ::preadv2(fd.get(), &part, 1, where, RWF_NOWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS)) {
      // A disk that answers slowly holds up the helper thread, not the loop.
      const int raw = fd.get();
      std::function<std::pair<ssize_t, int>()> work = [raw, part, where] {
        const ssize_t m = ::preadv(raw, &part, 1, where);
        return std::pair<ssize_t, int>(m, errno);
      };
      const auto done = co_await loop.blocking(std::move(work), Loop::Helper::files);
      n = done.first;
      errno = done.second;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) co_return fail_errno("read");
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  into.commit(got);
  co_return got;
}

std::string peek(const File& file, std::uint64_t at, std::size_t count) {
  return file.packed ? file.packed->peek(file.fd.get(), at, count) : peek(file.fd, at, count);
}

std::string peek(const Fd& fd, std::uint64_t at, std::size_t count) {
  std::string out(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    const ssize_t n = ::pread(fd.get(), out.data() + got, count - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

void move_offset(Position& position, std::string_view consumed) {
  position.offset += consumed.size();
  if (consumed.size() >= Position::kAnchor) {
    position.anchor = consumed.substr(consumed.size() - Position::kAnchor);
    return;
  }
  position.anchor += consumed;
  if (position.anchor.size() > Position::kAnchor)
    position.anchor.erase(0, position.anchor.size() - Position::kAnchor);
}

}  // namespace gleaner::stanza::files
