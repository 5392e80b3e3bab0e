// One turn of the engine: what was written since the last one goes where it belongs.
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/engine.h"

namespace gleaner::capture {
namespace {

constexpr std::int64_t kHold = 5'000'000;          // ns that bytes wait for their event
constexpr std::int64_t kFullWindow = 100'000'000;  // ns in which full rounds are counted
constexpr std::uint32_t kFullRounds = 40;          // as many: capacity matters more than boundaries
constexpr std::int64_t kPlainFor = 1'000'000'000;  // ns
constexpr std::size_t kRead = 256 << 10;           // bytes of one read of a plain pipe
constexpr std::size_t kPage = 4096;                // bytes: the least that a read must have room for
constexpr int kStablePasses = 4;
constexpr int kSettleTries = 20;

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

/// Reads one pipe until it is empty or the window is full.
void Engine::drain(Stream stream) {
  StreamPipe& pipe = pipes_[index_of(stream)];
  Window& window = order_.window(stream);
  Order::Reading& reading = order_.reading(stream);
  reading.emptied = false;
  while (pipe.read && !pipe.ended) {
    char* const at = window.space();
    const std::size_t room = window.room();
    if (room < kPage) return;
    const auto got = ::read(pipe.read.get(), at, reading.packets ? kPage : room < kRead ? room : kRead);
    if (got > 0) {
      window.add(static_cast<std::size_t>(got));
      ++reading.reads;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno != EAGAIN) pipe.ended = true;
    break;
  }
  reading.emptied = true;
}

/// A pipe that is full again and again makes its writer wait: for a while it holds more without packets.
void Engine::count_full(Stream stream) {
  StreamPipe& pipe = pipes_[index_of(stream)];
  const Order::Reading& reading = order_.reading(stream);
  if (!reading.packets || reading.reads < pipe.slots) return;
  ++counters_.full;
  if (now_ - pipe.full_since > kFullWindow) {
    pipe.full_since = now_;
    pipe.full_rounds = 0;
  }
  if (++pipe.full_rounds >= kFullRounds) pipe.plain_until = now_ + kPlainFor;
}

/// Drains what there is news of. Where writes cannot be told apart, again until nothing was written
/// meanwhile: then all that was read has its event.
void Engine::read_until_stable() {
  const bool all = overflow_ || !child_.running();
  for (const Stream stream : kStreams) {
    StreamPipe& pipe = pipes_[index_of(stream)];
    Order::Reading& reading = order_.reading(stream);
    reading.reads = 0;
    reading.slots = pipe.slots;
    reading.packets = pipe.rung == Rung::packets;  // of what is in the pipe now
    if (news_[index_of(stream)] && adjust(pipe, now_)) ++counters_.rungs;
  }
  for (int pass = 0; pass < kStablePasses; ++pass) {
    order_.draining();
    for (const Stream stream : kStreams) {
      bool& news = news_[index_of(stream)];
      if (!news && !all) continue;
      news = false;
      drain(stream);
      if (!order_.reading(stream).emptied) news = true;
    }
    bool unsure = false;
    for (const Stream stream : kStreams)
      unsure |= !order_.reading(stream).packets && order_.irregular(stream) && !order_.window(stream).empty();
    const std::uint32_t before = order_.events();
    if (!unsure || news_[0] || news_[1]) return;
    read_signals(false);
    if (order_.events() == before) return;
  }
}

/// A page that ends in a newline may be a write or a part of one: a moment later its event tells.
bool Engine::settle() {
  for (int i = 0; i < kSettleTries; ++i) {
    if (!order_.doubtful(Stream::out) && !order_.doubtful(Stream::err)) return false;
    ::sched_yield();
    read_signals(false);
  }
  return true;
}

void Engine::journal_round() {
  if (news_[0] || news_[1] || overflow_ || !child_.running()) {
    const bool all = overflow_ || !child_.running();
    read_until_stable();
    const bool fresh[2] = {order_.reading(Stream::out).reads > 0, order_.reading(Stream::err).reads > 0};
    order_.match(*this, settle());
    if (overflow_) ++counters_.overflows;
    overflow_ = false;
    for (const Stream stream : kStreams) {
      count_full(stream);
      if (fresh[index_of(stream)]) held_since_[index_of(stream)] = now_;
    }
    give_up_late(all);
    return;
  }
  give_up_late(false);
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
