#include "capture/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace gleaner::capture {
namespace {

constexpr int kLargest = 1 << 20, kSmallest = 128 << 10;  // bytes asked for
constexpr std::uint32_t kLeastSlots = 64;  // with fewer, packets cost more waiting than they are worth

/// The same descriptor above 2, so that a program started with closed streams does not mix them up.
bool lift(OwnFd& fd) {
  if (fd.get() > 2) return true;
  OwnFd above(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  fd = static_cast<OwnFd&&>(above);
  return static_cast<bool>(fd);
}

}  // namespace

int make_pipe(StreamPipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC)) return errno;
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  if (!lift(pipe.read) || !lift(pipe.write)) return errno;
  for (int size = kLargest; size >= kSmallest; size /= 2)
    if (::fcntl(pipe.write.get(), F_SETPIPE_SZ, size) >= 0) break;
  const int size = ::fcntl(pipe.write.get(), F_GETPIPE_SZ);
  const long page = ::sysconf(_SC_PAGESIZE);
  pipe.capacity = size > 0 ? static_cast<std::uint32_t>(size) : 4096;
  pipe.slots = pipe.capacity / static_cast<std::uint32_t>(page > 0 ? page : 4096);
  // A program that drops its uid and then opens /dev/stdout would get EACCES.
  (void)::fchmod(pipe.write.get(), 0666);
  return ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) ? errno : 0;
}

bool make_aside(StreamPipe& aside, const StreamPipe& like) {
  if (aside.read) return true;
  StreamPipe made;
  if (make_pipe(made) || made.slots < like.slots) return false;
  aside = static_cast<StreamPipe&&>(made);
  return true;
}

std::size_t set_aside(const StreamPipe& pipe, const StreamPipe& aside) {
  const auto moved =
      ::splice(pipe.read.get(), nullptr, aside.write.get(), nullptr, pipe.capacity, SPLICE_F_NONBLOCK);
  return moved > 0 ? static_cast<std::size_t>(moved) : 0;
}

int watch(int read_end, int signal) {
  f_owner_ex owner{};
  owner.type = F_OWNER_TID;
  owner.pid = static_cast<pid_t>(::syscall(SYS_gettid));
  if (::fcntl(read_end, F_SETOWN_EX, &owner) || ::fcntl(read_end, F_SETSIG, signal)) return errno;
  return ::fcntl(read_end, F_SETFL, O_NONBLOCK | O_ASYNC) ? errno : 0;
}

bool adjust(StreamPipe& pipe, std::int64_t now, bool to_packets) {
  if (!pipe.write) return false;
  const int flags = ::fcntl(pipe.write.get(), F_GETFL);
  if (flags < 0) return false;
  if (flags & O_NONBLOCK) pipe.never_packets = true;
  if (pipe.plain_until && now >= pipe.plain_until) pipe.plain_until = 0;
  const bool packets = !pipe.never_packets && pipe.slots >= kLeastSlots && !pipe.plain_until &&
                       (to_packets || pipe.rung == Rung::packets);
  if (packets != ((flags & O_DIRECT) != 0)) {
    const int wanted = packets ? flags | O_DIRECT : flags & ~O_DIRECT;
    if (::fcntl(pipe.write.get(), F_SETFL, wanted)) {
      pipe.never_packets = true;  // a kernel without packet mode
      return false;
    }
  }
  const Rung before = pipe.rung;
  pipe.rung = packets ? Rung::packets : Rung::lines;
  if (pipe.rung == before) return false;
  pipe.fresh = packets;
  pipe.joined = packets ? waiting(pipe) : 0;
  return true;
}

bool is_full(const StreamPipe& pipe) {
  pollfd look{pipe.write.get(), POLLOUT, 0};
  return pipe.write && ::poll(&look, 1, 0) == 0;
}

std::uint32_t waiting(const StreamPipe& pipe) {
  int bytes = 0;
  return ::ioctl(pipe.read.get(), FIONREAD, &bytes) ? 0 : static_cast<std::uint32_t>(bytes);
}

}  // namespace gleaner::capture
