// What the tailer does with a file when it is compressed, begins with a header, is to be locked or deleted.
// Source: spec/filelog.md 7.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "stanza/files/tailer.h"

namespace gleaner::stanza::files {
namespace {
constexpr std::size_t kMeasure = 64 << 20;      // bytes of text decoded before other files have their turn
constexpr std::size_t kHeaderChunk = 16 << 10;  // bytes
}  // namespace

/// Finds out whether the file is packed, and how much text there is now.
Task<> Tailer::unpack(File& file) {
  if (options_.unpack == Unpack::none) co_return;
  if (file.packed && file.stale && file.raw_size < file.packed->raw_size())
    restart(file, "it is shorter than what was read");
  if (!file.packing_known) {
    if (file.raw_size == 0) co_return;
    const auto seen = packing_of(peek(file.fd, 0, 4));
    if (!seen.certain) {
      file.size = 0;
      co_return;
    }
    auto packing = seen.packing;
    if (options_.unpack == Unpack::gzip) packing = Packing::gzip;
    if (options_.unpack == Unpack::zstd) packing = Packing::zstd;
    file.packing_known = true;
    if (packing == Packing::none) {
      file.size = file.raw_size;
      co_return;
    }
    file.packed = std::make_unique<Packed>(packing);
    file.stale = true;
    if (file.first > 0) file.first = UINT64_MAX;  // start_at: end, of the text
  }
  if (!file.packed || !std::exchange(file.stale, false)) co_return;
  const bool was_sound = file.packed->damage().empty();
  for (bool done = false; !done; file.stale = !done && stopping_) {
    if (file.stale) break;  // no time at the end
    std::function<bool()> work = [&file] {
      return file.packed->measure(file.fd.get(), file.raw_size, kMeasure);
    };
    done = co_await loop_.blocking(std::move(work), Loop::Helper::files);
  }
  file.size = file.packed->size();
  if (was_sound && !file.packed->damage().empty())
    logger_.error("Failed to decompress file; what comes before the damage is read",
                  {{"path", file.path}, {"error", file.packed->damage()}});
}

/// Reads header lines, also again in a file that is known: what they say is not remembered elsewhere.
/// @return whether records can be read
Task<bool> Tailer::read_header(File& file) {
  if (!options_.header) co_return true;
  if (!file.header) file.header = std::make_unique<FileHeader>();
  FileHeader& header = *file.header;
  for (std::size_t want = kHeaderChunk; !header.done;) {
    Buffer buffer(want);
    auto got = co_await read_at(loop_, file, header.size, want, buffer);
    if (!got) co_return false;
    if (options_.header->read(buffer.view(), header) > 0) continue;
    if (header.done) break;
    if (*got == want) {
      want *= 4;
      continue;
    }
    // A line without its end. If it cannot become a header line it is given out as other last lines are.
    const bool foreign = *got > 0 && !options_.header->matches(buffer.view());
    file.pending = foreign ? *got : 0;
    const bool due = options_.force_flush_period > Duration{0} &&
                     loop_.now() - file.changed >= options_.force_flush_period;
    if (!foreign || !due) co_return false;
    header.done = true;
  }
  if (file.position.offset < header.size) {
    const std::uint64_t tail = std::min<std::uint64_t>(header.size, Position::kAnchor);
    file.position.offset = header.size;
    file.position.anchor = peek(file, header.size - tail, tail);
    file.pending = 0;
  }
  co_return true;
}

/// Until unlock(). @return false: somebody else has it
bool Tailer::lock(File& file) const {
  if (!options_.lock) return true;
  if (::flock(file.fd.get(), LOCK_SH | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK)
    logger_.error("Failed to lock", {{"path", file.path}, {"error", std::strerror(errno)}});
  file.locked = true;
  return false;
}

void Tailer::unlock(const File& file) const {
  if (options_.lock) ::flock(file.fd.get(), LOCK_UN);
}

/// Deletes a file of which all is read and safe. @return whether that is still to be waited for
bool Tailer::delete_read(File& file) {
  if (!options_.delete_after_read || file.leaving || !file.identified || file.duplicate) return false;
  if (file.size == 0 || file.position.offset < file.size) return false;
  if (!sink_.settled(file)) return true;
  struct stat info;
  const bool same = ::stat(file.path.c_str(), &info) == 0 && file.identity.device == info.st_dev &&
                    file.identity.inode == info.st_ino;
  if (same && ::unlink(file.path.c_str()) == 0)
    scan_wanted_ = true;  // which finds that it is gone; what its writer still adds is read a while longer
  else if (same && failed_.insert(file.path).second)
    logger_.error("could not delete", {{"path", file.path}, {"error", std::strerror(errno)}});
  return false;
}

}  // namespace gleaner::stanza::files
