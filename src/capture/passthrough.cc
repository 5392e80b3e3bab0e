#include "capture/passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "capture/scan.h"
#include "capture/stamp.h"
#include "capture/text.h"

namespace gleaner::capture {
namespace {

constexpr std::size_t kPromised = 4096;  // bytes: PIPE_BUF, what a writable pipe takes at once

}  // namespace

void Passthrough::open(int shared) {
  fd_ = shared;
  struct stat about {};
  if (::fstat(shared, &about)) {
    gone_ = true;
    return;
  }
  if (S_ISSOCK(about.st_mode)) {
    socket_ = true;
    return;
  }
  // A file never makes anyone wait, and its offset must stay the one that the others share.
  if (S_ISREG(about.st_mode)) return;
  own_.reset(
      ::open(Text<32>("/proc/self/fd/", shared).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own_)
    fd_ = own_.get();
  else
    cautious_ = true;
}

/// Bytes of the front that were written; 0: it would block, or nobody reads.
std::size_t Passthrough::write_some() {
  std::size_t size = kQueue - first_ < used_ ? kQueue - first_ : used_;
  if (cautious_) {
    pollfd look{fd_, POLLOUT, 0};
    if (::poll(&look, 1, 0) != 1) return 0;
    if (size > kPromised) size = kPromised;
  }
  for (;;) {
    const auto wrote = socket_ ? ::send(fd_, queue_.data() + first_, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                               : ::write(fd_, queue_.data() + first_, size);
    if (wrote > 0) return static_cast<std::size_t>(wrote);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno != EAGAIN && errno != ENOSPC && errno != EDQUOT) gone_ = true;
    if (wrote < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      dropped_ += size;  // a file on a full volume: waiting does not help
      unsaid_ += size;
      return size;
    }
    return 0;
  }
}

void Passthrough::pump() {
  while (used_ && !gone_) {
    const std::size_t wrote = write_some();
    if (!wrote) break;
    first_ = (first_ + wrote) % kQueue;
    used_ -= wrote;
  }
  if (gone_) used_ = 0;
  if (!used_) first_ = 0;
  if (dropping_ && used_ <= kQueue / 2) {
    dropping_ = false;
    say_what_was_dropped();
  }
}

void Passthrough::say_what_was_dropped() {
  const Text<128> words("\ngleaner exec: ", unsaid_, " bytes are not shown here: the reader was too slow\n");
  unsaid_ = 0;
  enqueue(words.view());
}

void Passthrough::enqueue(std::string_view bytes) {
  const std::size_t at = (first_ + used_) % kQueue, tail = kQueue - at;
  const std::size_t head = bytes.size() < tail ? bytes.size() : tail;
  copy(queue_.data() + at, {bytes.data(), head});
  if (head < bytes.size()) copy(queue_.data(), from(bytes, head));
  used_ += bytes.size();
}

void Passthrough::put(std::string_view bytes) {
  std::int64_t deadline = 0;
  while (!bytes.empty() && !gone_) {
    const std::size_t room = kQueue - used_, take = bytes.size() < room ? bytes.size() : room;
    if (take && !dropping_) {
      enqueue(std::string_view(bytes.data(), take));
      bytes.remove_prefix(take);
      continue;
    }
    pump();
    if (gone_ || (used_ < kQueue && !dropping_)) continue;
    if (!dropping_) {
      if (!deadline) deadline = steady_clock() + max_stall_;
      if (waiter_.wait_for(fd_, deadline) || steady_clock() < deadline) continue;
      dropping_ = true;
    }
    dropped_ += bytes.size();
    unsaid_ += bytes.size();
    return;
  }
}

void Passthrough::drain(std::int64_t deadline) {
  pump();
  while (used_ && !gone_ && steady_clock() < deadline) {
    (void)waiter_.wait_for(fd_, deadline);
    pump();
  }
}

}  // namespace gleaner::capture
