#include "capture/tee_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/scan.h"
#include "capture/text.h"

namespace gleaner::capture {
namespace {

constexpr std::size_t kBuffer = 64 << 10;       // bytes
constexpr std::int64_t kRetry = 5'000'000'000;  // ns

/// How many of the first `size` bytes end with a line; 0: there is no newline.
std::size_t whole_lines(const char* data, std::size_t size) {
  const void* last = size ? ::memrchr(data, '\n', size) : nullptr;
  return last ? static_cast<std::size_t>(static_cast<const char*>(last) - data) + 1 : 0;
}

}  // namespace

TeeFile::TeeFile(const char* path, std::uint64_t size, std::uint32_t files, TeeRotate how)
    : path_(path), limit_(size), files_(files), how_(how), buffer_(kBuffer) {}

int TeeFile::open() {
  file_.reset(::open(path_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  struct stat about {};
  if (!file_ || ::fstat(file_.get(), &about)) return errno;
  size_ = S_ISREG(about.st_mode) ? static_cast<std::uint64_t>(about.st_size) : 0;
  return 0;
}

void TeeFile::write(std::string_view bytes, std::int64_t now) {
  while (!bytes.empty()) {
    if (used_ == kBuffer) flush(now);
    if (used_ == kBuffer) put(used_, now);  // one line fills it
    const std::size_t room = kBuffer - used_, take = bytes.size() < room ? bytes.size() : room;
    copy(buffer_.data() + used_, {bytes.data(), take});
    used_ += take;
    bytes.remove_prefix(take);
  }
}

void TeeFile::flush(std::int64_t now, bool all) {
  if (const std::size_t size = all ? used_ : whole_lines(buffer_.data(), used_)) put(size, now);
}

/// Writes the first `size` bytes of the buffer, over a rotation if need be.
void TeeFile::put(std::size_t size, std::int64_t now) {
  std::size_t done = 0;
  if (!file_ && now >= retry_at_ && open()) retry_at_ = now + kRetry;
  while (done < size && file_) {
    std::size_t part = size - done;
    if (size_ + part > limit_) {
      const std::uint64_t room = limit_ > size_ ? limit_ - size_ : 0;
      part = whole_lines(buffer_.data() + done, room < part ? room : part);
      if (!part && size_) {
        rotate();
        continue;
      }
      if (!part) part = room < size - done ? room : size - done;  // a line longer than a file
    }
    const auto wrote = ::write(file_.get(), buffer_.data() + done, part);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      file_.reset();
      retry_at_ = now + kRetry;
      break;
    }
    done += static_cast<std::size_t>(wrote);
    size_ += static_cast<std::uint64_t>(wrote);
  }
  lost_ += size - done;
  used_ -= size;
  std::memmove(buffer_.data(), buffer_.data() + size, used_);
}

void TeeFile::rotate() {
  for (std::uint32_t i = files_ - 1; i > 1; --i)
    (void)::rename(Path(path_, ".", std::uint64_t(i - 1)).c_str(),
                   Path(path_, ".", std::uint64_t(i)).c_str());
  if (how_ == TeeRotate::rename) {
    if (files_ > 1)
      (void)::rename(path_, Path(path_, ".1").c_str());
    else
      (void)::unlink(path_);
    size_ = 0;
    file_.reset();
    if (open()) retry_at_ = 0;
    return;
  }
  if (files_ > 1 && !copy_to(Path(path_, ".1").c_str())) (void)::unlink(Path(path_, ".1").c_str());
  if (::ftruncate(file_.get(), 0)) file_.reset();
  size_ = 0;
}

bool TeeFile::copy_to(const char* path) {
  const OwnFd from_file(::open(path_, O_RDONLY | O_CLOEXEC));
  const OwnFd to(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  char block[16 << 10];
  while (from_file && to) {
    const auto got = ::read(from_file.get(), block, sizeof block);
    if (got <= 0) return got == 0;
    if (::write(to.get(), block, static_cast<std::size_t>(got)) != got) return false;
  }
  return false;
}

}  // namespace gleaner::capture
