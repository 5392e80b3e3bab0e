#pragma once
// The loop: signals in, bytes out of the pipes, in order to the files and to our own outputs.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>

#include "capture/child.h"
#include "capture/lines.h"
#include "capture/options.h"
#include "capture/order.h"
#include "capture/passthrough.h"
#include "capture/pipes.h"
#include "capture/segments.h"
#include "capture/signals.h"
#include "capture/tee_file.h"

namespace gleaner::capture {

/// What happened on the way; for --verbose and the tests.
struct Counters {
  std::uint64_t rounds = 0, events = 0;
  std::uint64_t overflows = 0;    ///< times that the kernel could not queue an event
  std::uint64_t full = 0;         ///< rounds that found a pipe full
  std::uint64_t unannounced = 0;  ///< times that bytes were given on without their event
  std::uint64_t rungs = 0;        ///< changes between packets and lines
};

class Engine final : private Waiter, private Ordered, private LineSink {
 public:
  explicit Engine(const Options& options);
  /// Starts the program and stays until it has ended. @return the exit code
  int run();

 private:
  // engine.cc: life
  bool prepare();
  bool make_pipes();
  bool make_sockets();
  void finish();
  void main_child_ended();
  void report();
  std::int64_t drain_until() const;

  // wait.cc: waiting, signals
  void wait();
  bool wait_for(int fd, std::int64_t deadline) override;
  bool child_ended() const override { return started_ && !child_.running(); }
  void read_signals(bool blocking);
  void nap();
  void poll_for(int timeout_ms, bool pipes);
  int timeout(std::int64_t now) const;
  bool nothing_else() const;

  // round.cc: reading, ordering, giving on
  void round();
  void journal_round();
  void plain_round();
  void datagram_round();
  void cut(Stream stream, std::size_t bytes);
  void drain(Stream stream, std::size_t bytes);
  void meet_flood(Stream stream);
  void snapshot(bool all, std::size_t (&sizes)[2]);
  bool much(Stream stream, std::size_t bytes) const;
  bool all_wait(Stream stream);
  bool guesses(Stream stream) const;
  void give_up_late(bool all);
  bool settle();
  bool pipe_ended() const { return pipes_[0].ended && pipes_[1].ended; }
  void ordered(Stream stream, std::string_view bytes) override;
  void line(Stream stream, std::string_view text, bool partial) override;
  void show(Stream stream, std::string_view bytes);
  void hand_over();

  const Options& options_;
  Counters counters_;
  Signals signals_;
  Child child_;
  StreamPipe pipes_[2];
  StreamPipe aside_[2];                ///< where many packets wait to be read; made when they are needed
  std::size_t set_aside_[2] = {0, 0};  ///< bytes in there
  Order order_;
  Segments segments_;
  Lines lines_;
  TeeFile tee_;
  Passthrough shown_[2];
  OwnFd datagrams_;  ///< --order=datagram: what both streams send to
  OwnFd senders_[2];
  sockaddr_un sender_out_{};  ///< the address of stdout's
  bool journal_ = false;
  bool same_output_ = false;  ///< our stdout and stderr are one thing: one queue keeps them in order
  bool started_ = false, news_[2] = {false, false}, overflow_ = false;
  std::int64_t now_ = 0;                 ///< steady ns of this round
  std::int64_t held_since_[2] = {0, 0};  ///< bytes wait for their event since then; 0: none
  std::int64_t ended_at_ = 0;            ///< the main child
  std::int64_t given_back_at_ = 0;       ///< memory, last time
  bool mid_line_ = false;                ///< --passthrough=stdout: a piece without its newline was written
};

}  // namespace gleaner::capture
