#pragma once
// The pipe behind one of the program's streams.
#include <cstddef>
#include <cstdint>

#include "capture/stream.h"

namespace gleaner::capture {

/// How a stream's writes are told apart and put in order, best first.
enum class Rung : std::uint8_t {
  packets,  ///< journal, one read is one write (O_DIRECT on the write end)
  lines,    ///< journal, the kernel joins small writes: split at newlines
  plain,    ///< no journal: whatever is there when somebody looks
};

/// Both ends of a pipe of up to 1 MiB. The write end is a duplicate of what the program gets (the same open
/// file description, so flags set here are the program's too) and is closed when the main child has ended.
struct StreamPipe {
  OwnFd read, write;
  std::uint32_t capacity = 0;  ///< bytes
  std::uint32_t slots = 0;     ///< packets it can hold: one a page
  Rung rung = Rung::lines;
  bool never_packets = false;    ///< the program wants O_NONBLOCK: capacity matters more than boundaries
  std::uint32_t joined = 0;      ///< bytes written before packet mode and not read yet
  bool fresh = false;            ///< packet mode since the last round
  bool ended = false;            ///< end of file seen
  std::int64_t plain_until = 0;  ///< no packets before this, steady ns; 0 = packets are fine
};

/// Makes a pipe as large as the system allows (1 MiB down to what a pipe has), open to every uid through
/// /dev/stdout. Never gives descriptors 0 to 2 away. @return 0 or errno
int make_pipe(StreamPipe& pipe);
/// A pipe for set_aside(), as large as `like`. @return false when there is no such pipe to be had
bool make_aside(StreamPipe& aside, const StreamPipe& like);
/// Moves all that `pipe` holds into `aside` in one go, boundaries of packets included: reading a full pipe
/// would wake its writer with the first packet, only to have it wait again for the second. @return bytes
std::size_t set_aside(const StreamPipe& pipe, const StreamPipe& aside);
/// Turns on the journal for a read end: each write queues `signal` to this thread. @return 0 or errno
int watch(int read_end, int signal);
/// A look at the flags that the program has set, and packet mode on or off to match. Call with news only.
/// @param to_packets  whether packets may begin now
/// @return true when the rung has changed
bool adjust(StreamPipe& pipe, std::int64_t now, bool to_packets);
/// Whether a writer would have to wait.
bool is_full(const StreamPipe& pipe);
/// Bytes that wait in the pipe.
std::uint32_t waiting(const StreamPipe& pipe);

}  // namespace gleaner::capture
