#pragma once
// A connection as a stream of bytes: sockets and TLS look the same from above.
#include <sys/uio.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace gleaner::net {

using gleaner::Want;

/// What one non-blocking attempt did. `count` bytes moved, whatever the state.
struct Step {
  enum State : std::uint8_t {
    done,
    again,   ///< wait for ready(want), then try again (writers: even with nothing left, see try_write)
    eof,     ///< the peer has said its last byte
    failed,  ///< see Stream::error(); the stream is of no more use
  };
  State state = done;
  std::size_t count = 0;
};

/// Attempts and readiness, as the kernel has them: an idle connection owns no buffer, because one is taken
/// only when ready(Want::read) says there is something to put in it. One waiter a direction. Single-threaded.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual Step try_read(char* to, std::size_t room) = 0;
  /// Gathers without copying (TLS encrypts). After `again` call until it says `done`, even with no bytes
  /// left: a layer below may still hold some.
  virtual Step try_write(std::span<const iovec> parts) = 0;
  /// Bytes that are in already and that the kernel would not report: read before waiting.
  virtual bool has_buffered() const { return false; }
  /// Calls `then` once, from the loop, when trying again makes sense: readiness, an error, or close().
  virtual void on_ready(Want want, std::function<void()> then) = 0;
  /// Says "no more bytes from here" (FIN; TLS close_notify first).
  virtual void shutdown() = 0;
  /// Ends everything; waiters wake up and find Fault::cancelled.
  virtual void close() = 0;
  /// Why the last step failed: Go's words ("read: connection reset by peer").
  virtual const Error& error() const = 0;
  virtual Loop& loop() const = 0;
  /// Peer and own address: "10.0.0.1:33000", "/run/x.sock".
  virtual const std::string& peer() const = 0;
  virtual std::string local() const = 0;
  /// The protocol ALPN agreed on ("h2"), empty without one.
  virtual std::string_view alpn() const { return {}; }
  virtual bool encrypted() const { return false; }

  /// co_await stream.ready(Want::read)
  auto ready(Want want) {
    struct Awaiter {
      Stream& stream;
      Want want;
      bool await_ready() const noexcept { return want == Want::read && stream.has_buffered(); }
      void await_suspend(std::coroutine_handle<> self) {
        stream.on_ready(want, [self] { self.resume(); });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, want};
  }
};
using StreamPtr = std::unique_ptr<Stream>;

/// Reads what comes next, waiting for it. @return bytes, at least 1; 0 at the peer's end.
Task<Result<std::size_t>> read_some(Stream& stream, char* to, std::size_t room);
/// Writes all of `data`.
Task<Result<>> write_all(Stream& stream, Chain data);

/// Takes `count` written bytes off the front of a list of views.
class WriteQueue {
 public:
  void append(Bytes part) { chain_.push_back(std::move(part)), size_ += chain_.back().size(); }
  void append(Chain&& parts) {
    for (const auto& part : parts.parts()) append(part);
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Fills at most `room` vectors. @return how many
  std::size_t vectors(iovec* to, std::size_t room) const noexcept;
  void consume(std::size_t count) noexcept;
  void clear() { chain_.clear(), at_ = 0, skip_ = 0, size_ = 0; }
  /// One attempt: `done` when everything is out.
  Step flush(Stream& stream);

 private:
  std::vector<Bytes> chain_;
  std::size_t at_ = 0;    // first part not written
  std::size_t skip_ = 0;  // bytes of it that are
  std::size_t size_ = 0;
};

}  // namespace gleaner::net
