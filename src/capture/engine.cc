#include "capture/engine.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "capture/say.h"

namespace gleaner::capture {
namespace {

constexpr std::size_t kWindow = 2 << 20;  // bytes of one stream: what waits, and room for a full pipe
constexpr std::int64_t kLeastDrainAsFirst =
    5'000'000'000;  // ns: as PID 1 the others are dead and the end is near

/// The longest piece of a line: it must fit into a segment, with JSON's escapes too.
std::size_t longest_piece(const Options& options) {
  const std::uint64_t most = options.segments.segment / 8;
  return most < Lines::kLongest ? static_cast<std::size_t>(most) : Lines::kLongest;
}

bool same_thing(int a, int b) {
  struct stat one {
  }, other{};
  return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace

Engine::Engine(const Options& options)
    : options_(options),
      order_(kWindow),
      segments_(options.segments, *this),
      lines_(*this, longest_piece(options)),
      tee_(options.tee_file, options.segments.segment, options.segments.files, options.tee_rotate),
      shown_{Passthrough(*this, options.max_stall), Passthrough(*this, options.max_stall)} {}

/// What must be there before the program runs. A full or read-only volume must not keep it from running.
bool Engine::prepare() {
  if (const int why = signals_.open()) {
    say("cannot read signals: ", ::strerror(why));
    return false;
  }
  if (!signals_.usable() || !order_.usable() || !lines_.usable() || !tee_.usable() || !shown_[0].usable() ||
      !shown_[1].usable()) {
    say("out of memory");
    return false;
  }
  if (options_.segments.dir) {
    if (const int why = segments_.open(); why == EWOULDBLOCK) {
      say(options_.segments.dir, " is in use by another gleaner exec");
      return false;
    } else if (why) {
      say(options_.segments.dir, ": ", ::strerror(why), "; nothing is stored until this is mended");
    }
    segments_.tick(wall_clock(), steady_clock());
    segments_.make_ready();
  }
  if (options_.tee_file)
    if (const int why = tee_.open())
      say(options_.tee_file, ": ", ::strerror(why), "; nothing is stored there until this is mended");
  if (options_.show != Show::none) shown_[0].open(1);
  if (options_.show == Show::both) {
    same_output_ = same_thing(1, 2);
    if (!same_output_) shown_[1].open(2);
  }
  return make_pipes();
}

bool Engine::make_pipes() {
  if (options_.order == OrderBy::datagram) return make_sockets();
  journal_ = options_.order == OrderBy::automatic && journal_works(signals_);
  if (options_.order == OrderBy::automatic && !journal_)
    say("this kernel does not tell about each write: stdout and stderr are kept apart, their order is a "
        "guess");
  for (StreamPipe& pipe : pipes_) {
    int why = make_pipe(pipe);
    if (!why && journal_) why = watch(pipe.read.get(), kJournalSignal);
    if (!journal_) pipe.rung = Rung::plain;
    if (!why) continue;
    say("cannot make a pipe: ", ::strerror(why));
    return false;
  }
  return true;
}

/// dtee's way: two senders, one receiver; the kernel keeps the order of datagrams.
bool Engine::make_sockets() {
  constexpr int kBuffer = 1 << 20;  // bytes asked for; a larger write of the program fails
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t size = sizeof address.sun_family;  // no name: the kernel gives one
  datagrams_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  bool good = datagrams_ && ::bind(datagrams_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0;
  size = sizeof address;
  good = good && ::getsockname(datagrams_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
  for (OwnFd& sender : senders_) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    sender.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    good =
        good && sender && ::bind(sender.get(), reinterpret_cast<sockaddr*>(&own), sizeof own.sun_family) == 0;
    good = good && ::connect(sender.get(), reinterpret_cast<sockaddr*>(&address), size) == 0;
    (void)::setsockopt(sender.get(), SOL_SOCKET, SO_SNDBUF, &kBuffer, sizeof kBuffer);
    (void)::shutdown(sender.get(), SHUT_RD);
  }
  socklen_t sender_size = sizeof sender_out_;
  good =
      good && ::getsockname(senders_[0].get(), reinterpret_cast<sockaddr*>(&sender_out_), &sender_size) == 0;
  if (!good) say("cannot make sockets: ", ::strerror(errno));
  return good;
}

int Engine::run() {
  if (!prepare()) return kNotStarted;
  const bool sockets = options_.order == OrderBy::datagram;
  const int out = sockets ? senders_[0].get() : pipes_[0].write.get();
  const int err = sockets ? senders_[1].get() : pipes_[1].write.get();
  if (const int code = child_.start(options_.command, out, err, signals_, options_.group)) {
    segments_.close();
    return code;
  }
  started_ = true;
  if (child_.reap()) main_child_ended();
  for (;;) {
    wait();
    round();
    if (child_.running()) continue;
    if (pipe_ended() || steady_clock() >= drain_until()) break;
  }
  finish();
  return child_.exit_code();
}

void Engine::main_child_ended() {
  ended_at_ = steady_clock();
  for (StreamPipe& pipe : pipes_) pipe.write.reset();  // or the end of file would never come
  for (OwnFd& sender : senders_) sender.reset();
  child_.end_the_rest();
}

std::int64_t Engine::drain_until() const {
  const std::int64_t patience = child_.first() && options_.drain_timeout < kLeastDrainAsFirst
                                    ? kLeastDrainAsFirst
                                    : options_.drain_timeout;
  return ended_at_ + patience;
}

void Engine::finish() {
  for (const Stream stream : kStreams) order_.give_up(stream, *this);
  for (const Stream stream : kStreams) lines_.finish(stream);
  hand_over();
  segments_.close();
  tee_.flush(now_, true);
  report();
  const std::int64_t until = steady_clock() + options_.max_stall;
  if (options_.show != Show::none) shown_[0].drain(until);
  if (options_.show == Show::both && !same_output_) shown_[1].drain(until);
}

/// What was lost, always; how the order was found, on request.
void Engine::report() {
  if (options_.show == Show::none) return;
  Passthrough& to = options_.show == Show::both && !same_output_ ? shown_[1] : shown_[0];
  if (options_.segments.dir && segments_.dropped_lines())
    to.put(Message("gleaner exec: ", segments_.dropped_lines(), " lines in all were dropped from ",
                   options_.segments.dir, "\n")
               .view());
  if (options_.tee_file && tee_.lost_bytes())
    to.put(Message("gleaner exec: ", tee_.lost_bytes(), " bytes were dropped from ", options_.tee_file, "\n")
               .view());
  if (!options_.verbose) return;
  rusage own{};
  (void)::getrusage(RUSAGE_SELF, &own);
  const auto micros = static_cast<std::uint64_t>((own.ru_utime.tv_sec + own.ru_stime.tv_sec) * 1'000'000 +
                                                 own.ru_utime.tv_usec + own.ru_stime.tv_usec);
  to.put(Message("gleaner exec: ", micros, " us of CPU time, ", journal_ ? "journal" : "no journal", ", ",
                 counters_.rounds, " rounds, ", counters_.events, " events, ", counters_.full, " full, ",
                 counters_.unannounced, " late, ", counters_.overflows, " overflows, ", counters_.rungs,
                 " changes\n")
             .view());
}

}  // namespace gleaner::capture
