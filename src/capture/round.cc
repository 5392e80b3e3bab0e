// One turn of the engine: what was written since the last one goes where it belongs.
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "capture/engine.h"

namespace gleaner::capture {
namespace {

constexpr std::int64_t kHold = 5'000'000;          // ns that bytes wait for their event
constexpr std::int64_t kPlainFor = 1'000'000'000;  // ns
constexpr std::int64_t kPlainOn = 100'000'000;     // ns: as long as the flood goes on
constexpr std::uint32_t kBacklog = 32;             // packets of one round: a flood
constexpr std::uint32_t kCalm = 16;                // events of a round outside a flood
constexpr std::size_t kRead = 256 << 10;           // bytes of one read of a plain pipe
constexpr int kStableTries = 16;
constexpr int kSettleTries = 20;
constexpr int kQuietTries = 10;
constexpr long kQuiet = 30'000;  // ns without a write

}  // namespace

void Engine::round() {
  now_ = steady_clock();
  segments_.tick(wall_clock(), now_);
  ++counters_.rounds;
  if (datagrams_)
    datagram_round();
  else if (journal_)
    journal_round();
  else
    plain_round();
  hand_over();
}

/// Sets aside what a pipe with many packets holds. They are read one by one, which takes as long as writing
/// as many.
void Engine::cut(Stream stream, std::size_t bytes) {
  const int s = index_of(stream);
  set_aside_[s] = 0;
  if (bytes && order_.reading(stream).packets && !pipes_[s].joined && much(stream, bytes) &&
      order_.window(stream).room() >= pipes_[s].capacity && make_aside(aside_[s], pipes_[s]))
    set_aside_[s] = set_aside(pipes_[s], aside_[s]);
}

/// Reads `bytes` of one pipe, or as many as the window takes. After the child has ended: to the end, too.
void Engine::drain(Stream stream, std::size_t bytes) {
  StreamPipe& pipe = pipes_[index_of(stream)];
  Window& window = order_.window(stream);
  Order::Reading& reading = order_.reading(stream);
  reading.emptied = false;
  std::size_t aside = set_aside_[index_of(stream)];
  if (aside) bytes = aside;
  while (pipe.read && !pipe.ended && (bytes || !child_.running())) {
    char* const at = window.space();
    if (window.room() < pipe.capacity) return;
    // A read goes on behind joined writes into the packet that follows, and what does not fit of a packet is
    // gone: either exactly what was there before the packets, or room for all that a pipe can hold.
    const bool joined = !reading.packets || (reading.started && pipe.joined);
    const std::size_t left = reading.packets ? pipe.joined : bytes;
    const std::size_t most = joined && left ? left : pipe.capacity;
    const auto got = ::read(aside ? aside_[index_of(stream)].read.get() : pipe.read.get(), at, most);
    if (got > 0) {
      const auto size = static_cast<std::size_t>(got);
      window.add(size);
      reading.fresh = true;
      if (reading.started && joined) {
        window.join();
        pipe.joined -= static_cast<std::uint32_t>(size < pipe.joined ? size : pipe.joined);
      } else if (reading.started && window.segments() == 2 && window.lines_of(1) > 1) {
        window.join();  // written between the look at the pipe and the change to packets
      } else {
        ++reading.reads;
      }
      bytes -= size < bytes ? size : bytes;
      if (aside) aside = bytes;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno != EAGAIN) pipe.ended = true;
    break;
  }
  reading.emptied = true;
}

/// Packets come faster than they are read: before the pipe is full and makes its writer wait, it holds forty
/// times as much without them, if the program writes lines.
void Engine::meet_flood(Stream stream) {
  StreamPipe& pipe = pipes_[index_of(stream)];
  const Order::Reading& reading = order_.reading(stream);
  if (reading.packets && reading.reads >= pipe.slots) ++counters_.full;
  if (order_.irregular(stream) && pipe.rung == Rung::lines) {
    pipe.plain_until = 0;
    if (adjust(pipe, now_, true)) ++counters_.rungs;
    return;
  }
  if (pipe.rung != Rung::packets || reading.reads < kBacklog || !order_.lines_only(stream)) return;
  order_.trust(stream);
  pipe.plain_until = now_ + kPlainFor;
  if (adjust(pipe, now_, false)) ++counters_.rungs;
}

/// Whether a stream's writes cannot be told apart.
bool Engine::guesses(Stream stream) const {
  const Order::Reading& reading = order_.reading(stream);
  return reading.started || (!reading.packets && order_.irregular(stream));
}

/// Whether a pipe is so full that its writer may have to wait before it is read.
bool Engine::much(Stream stream, std::size_t bytes) const {
  const StreamPipe& pipe = pipes_[index_of(stream)];
  return order_.reading(stream).quiet || order_.events_of(stream) >= pipe.slots / 4 ||
         bytes >= pipe.capacity / 4;
}

/// Whether a full pipe has stopped everybody. Then, and only then, each write and each wait has its event,
/// and what went wrong before is put right.
bool Engine::all_wait(Stream stream) {
  const StreamPipe& pipe = pipes_[index_of(stream)];
  if (!pipe.read || pipe.ended || !news_[index_of(stream)] || !is_full(pipe)) return false;
  for (int i = 0; i < kQuietTries; ++i) {
    const std::uint32_t before = order_.events();
    const timespec moment{0, kQuiet};
    (void)::nanosleep(&moment, nullptr);
    read_signals(false);
    if (order_.events() == before) return true;
  }
  return false;
}

/// Brings flags and rungs up to date, and finds how much of each pipe belongs to the events so far. Where
/// writes cannot be told apart, looks again until nothing was written meanwhile: then all of it has its
/// event.
void Engine::snapshot(bool all, std::size_t (&sizes)[2]) {
  const std::uint32_t events = order_.events();
  bool calm = true;
  for (const StreamPipe& pipe : pipes_) calm &= pipe.rung == Rung::packets;
  if (!calm && events <= kCalm) {  // in the middle of a flood a change to packets would cost order
    read_signals(false);
    calm = order_.events() == events;
  }
  for (const Stream stream : kStreams) {
    StreamPipe& pipe = pipes_[index_of(stream)];
    Order::Reading& reading = order_.reading(stream);
    const bool before = pipe.rung == Rung::packets;
    if (pipe.plain_until && now_ >= pipe.plain_until && order_.events_of(stream) > kCalm)
      pipe.plain_until = now_ + kPlainOn;
    if (news_[index_of(stream)] && adjust(pipe, now_, calm || order_.irregular(stream))) ++counters_.rungs;
    reading.started = pipe.fresh && pipe.joined;
    pipe.fresh = false;
    reading.packets = pipe.rung == Rung::packets || before;  // of what is in the pipe now
    reading.slots = pipe.slots;
    reading.reads = 0;
    reading.fresh = false;
  }
  bool quiet[2] = {false, false};
  for (const Stream stream : kStreams) quiet[index_of(stream)] = all_wait(stream);
  for (const Stream stream : kStreams)  // a look at one takes time, in which the other could go on
    order_.reading(stream).quiet = (quiet[0] || quiet[1]) && is_full(pipes_[quiet[0] ? 0 : 1]);
  for (const Stream stream : kStreams) {
    // While its writer waits: from the next write on the pipe holds thousands of lines, and is not full again
    // at once.
    StreamPipe& pipe = pipes_[index_of(stream)];
    if (!order_.reading(stream).packets || !order_.lines_only(stream) || !quiet[index_of(stream)]) continue;
    order_.trust(stream);
    pipe.plain_until = now_ + kPlainFor;
    if (adjust(pipe, now_, false)) ++counters_.rungs;
  }
  for (int i = 0; i < kStableTries; ++i) {
    order_.draining();
    bool unsure = false;
    for (const Stream stream : kStreams) {
      const int s = index_of(stream);
      sizes[s] = (news_[s] || all) && pipes_[s].read && !pipes_[s].ended ? waiting(pipes_[s]) : 0;
      unsure |= sizes[s] && guesses(stream);
    }
    const std::uint32_t before = order_.events();
    if (unsure) read_signals(false);
    const bool stable = order_.events() == before;
    for (const Stream stream : kStreams) order_.reading(stream).stable = stable;
    if (stable) return;
  }
}

/// What is doubtful may be settled by the events of a moment later. Of lines by those that are there at once:
/// after a longer look others have been written, whose events are not theirs.
bool Engine::settle() {
  bool lines = false;
  for (int i = 0; i < kSettleTries && !lines; ++i) {
    if (!order_.doubtful(Stream::out) && !order_.doubtful(Stream::err)) return false;
    if (i) ::sched_yield();
    read_signals(false);
    for (const Stream stream : kStreams) lines |= !order_.reading(stream).packets && order_.doubtful(stream);
  }
  return true;
}

void Engine::journal_round() {
  const bool all = overflow_ || !child_.running();
  if (all || news_[0] || news_[1]) {
    if (overflow_) ++counters_.overflows;
    overflow_ = false;
    std::size_t sizes[2];
    snapshot(all, sizes);
    // Reading the full one lets its writer go on, to the other one too: that comes first.
    const bool turned = order_.reading(Stream::out).quiet && is_full(pipes_[0]);
    const Stream first = turned ? Stream::err : Stream::out;
    for (const Stream stream : {first, other(first)}) cut(stream, sizes[index_of(stream)]);
    for (const Stream stream : {first, other(first)}) {
      const int s = index_of(stream);
      if (!news_[s] && !all) continue;
      drain(stream, sizes[s]);
      news_[s] = !order_.reading(stream).emptied;
    }
    order_.match(*this, settle());
    for (const Stream stream : kStreams) {
      meet_flood(stream);
      if (order_.reading(stream).fresh) held_since_[index_of(stream)] = now_;
    }
  }
  give_up_late(all);
}

/// Bytes whose event does not come: lost with an overflow, or of a write that was cut in two.
void Engine::give_up_late(bool all) {
  for (const Stream stream : kStreams) {
    const int s = index_of(stream);
    if (order_.window(stream).empty()) {
      held_since_[s] = 0;
      continue;
    }
    if (!held_since_[s]) held_since_[s] = now_;
    const bool stuck = news_[s] && !order_.events();
    if (!all && !stuck && !pipes_[s].ended && now_ - held_since_[s] < kHold) continue;
    if (!all) ++counters_.unannounced;
    order_.give_up(stream, *this);
    held_since_[s] = 0;
  }
}

/// No journal: a snapshot of both, stdout first.
void Engine::plain_round() {
  std::size_t sizes[2] = {waiting(pipes_[0]), waiting(pipes_[1])};
  for (const Stream stream : kStreams) {
    StreamPipe& pipe = pipes_[index_of(stream)];
    std::size_t left = sizes[index_of(stream)];
    bool first = true;
    while (pipe.read && !pipe.ended && (left || first)) {
      first = false;
      char* const at = order_.window(stream).space();
      const auto got = ::read(pipe.read.get(), at, left && left < kRead ? left : kRead);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0 || (got < 0 && errno != EAGAIN)) pipe.ended = true;
      if (got <= 0) break;
      ordered(stream, {at, static_cast<std::size_t>(got)});
      left -= left < static_cast<std::size_t>(got) ? left : static_cast<std::size_t>(got);
    }
  }
}

void Engine::datagram_round() {
  for (int i = 0; i < 1024; ++i) {
    sockaddr_un sender{};
    socklen_t size = sizeof sender;
    char* const at = order_.window(Stream::out).space();
    const auto got = ::recvfrom(datagrams_.get(), at, order_.window(Stream::out).room(), 0,
                                reinterpret_cast<sockaddr*>(&sender), &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {  // nobody tells when the last sender is gone: the end is when the child has ended
      if (!child_.running()) pipes_[0].ended = pipes_[1].ended = true;
      return;
    }
    const bool out = ::memcmp(sender.sun_path, sender_out_.sun_path, sizeof sender.sun_path) == 0;
    ordered(out ? Stream::out : Stream::err, {at, static_cast<std::size_t>(got)});
  }
}

void Engine::ordered(Stream stream, std::string_view bytes) {
  if (options_.segments.dir || options_.show == Show::out) lines_.feed(stream, bytes);
  if (options_.tee_file && stream == Stream::out) tee_.write(bytes, now_);
  if (options_.show == Show::both) shown_[same_output_ ? 0 : index_of(stream)].put(bytes);
}

void Engine::line(Stream stream, std::string_view text, bool partial) {
  if (options_.segments.dir) segments_.record(stream, text, partial);
  if (options_.show != Show::out) return;
  if (options_.prefix && !mid_line_) {
    shown_[0].put(name_of(stream));
    shown_[0].put(": ");
  }
  shown_[0].put(text);
  if (!partial) shown_[0].put("\n");
  mid_line_ = partial;
}

/// The end of a turn: buffers go to the kernel. A program whose output nobody takes learns it from its pipe.
void Engine::hand_over() {
  segments_.flush();
  if (options_.tee_file) tee_.flush(now_);
  for (Passthrough& shown : shown_)
    if (shown.queued()) shown.pump();
  if (options_.segments.dir || options_.tee_file || options_.show != Show::both) return;
  for (const Stream stream : kStreams) {
    StreamPipe& pipe = pipes_[index_of(stream)];
    if (!pipe.read || !shown_[same_output_ ? 0 : index_of(stream)].gone()) continue;
    pipe.read.reset();
    pipe.ended = true;
  }
}

}  // namespace gleaner::capture
