#pragma once
// The order of two streams, put together from what the kernel tells about each write and from what the pipes
// hold.
#include <cstdint>
#include <string_view>

#include "capture/stream.h"
#include "capture/window.h"

namespace gleaner::capture {

/// Takes what was ordered: runs of one stream, whole writes where they could be told apart.
class Ordered {
 public:
  virtual void ordered(Stream stream, std::string_view bytes) = 0;

 protected:
  ~Ordered() = default;
};

/// Matches events (the kernel says: a write to this stream) with segments (what the reads of that pipe
/// returned). An event is sent after its data is in the pipe, so whoever reads events first and drains the
/// pipes then has the data of every event; a segment may still be without its event and waits for it. The
/// kernel also sends an event when a writer meets a full pipe: an event without a segment means nothing.
/// No I/O here. Limits: kEvents events, Window::kSegments segments a stream.
/// Source: spec/capture.md 5.1.
class Order {
 public:
  static constexpr std::uint32_t kEvents = 1 << 18;
  static constexpr std::uint32_t kStreak = 32;

  explicit Order(std::size_t window_bytes);
  bool usable() const { return events_.data() && windows_[0].usable() && windows_[1].usable(); }

  /// How a pipe was read in this round.
  struct Reading {
    bool packets = false;     ///< one read is one write
    bool started = false;     ///< packets, but the first segment holds what was written before
    bool stable = false;      ///< nothing was written while this was found out
    bool quiet = false;       ///< it is full and everybody waits: each write has its event
    bool emptied = false;     ///< read until nothing was left
    bool fresh = false;       ///< this round brought something
    std::uint32_t slots = 0;  ///< packets that the pipe can hold
    std::uint32_t reads = 0;  ///< packets that this round brought
  };

  /// The kernel says that `stream` was written to. @return false when kEvents wait already
  bool event(Stream stream);
  /// The data of every event up to now will have been read when match() is called.
  void draining() { drained_ = count_; }
  Window& window(Stream stream) { return windows_[index_of(stream)]; }
  Reading& reading(Stream stream) { return readings_[index_of(stream)]; }
  const Reading& reading(Stream stream) const { return readings_[index_of(stream)]; }

  /// Whether a look at newer events would help: does a page that ends in a newline end its write; are there
  /// more lines than writes?
  bool doubtful(Stream stream) const;
  /// Gives on what has its place. `settled`: there are no newer events, so doubtful things are as they seem.
  void match(Ordered& to, bool settled);
  /// Whether something waits for its event.
  bool waiting() const { return !windows_[0].empty() || !windows_[1].empty(); }
  std::uint32_t events() const { return count_; }
  std::uint32_t events_of(Stream stream) const;
  /// Gives on all of a stream that waits, without its event.
  void give_up(Stream stream, Ordered& to);
  /// Whether a plain pipe's writes seem to be something else than one line each.
  bool irregular(Stream stream) const { return !regular_[index_of(stream)]; }
  /// Whether packets have been of one line each for so long that a plain pipe will do.
  bool lines_only(Stream stream) const { return streak_[index_of(stream)] >= needed_[index_of(stream)]; }
  /// A plain pipe's writes are taken for one line each again.
  void trust(Stream stream) { regular_[index_of(stream)] = true; }

 private:
  struct Plan;
  Plan plan(Stream stream, bool settled);
  Plan plan_for(Stream stream, std::uint32_t before, std::uint32_t all, bool settled);
  std::uint32_t next(Plan& plan, Stream stream, bool last_of_run);
  bool last_of_run(std::uint32_t i) const;
  Plan plan_packets(const Window& window, const Reading& reading, std::uint32_t events,
                    bool last_event_is_its, bool settled) const;
  static Plan plan_head(const Window& window, const Reading& reading, std::uint32_t events);
  Plan plan_plain(Stream stream, std::uint32_t events, bool settled);

  Window windows_[2];
  Reading readings_[2];
  Region events_;
  std::uint32_t count_ = 0;    ///< events that wait
  std::uint32_t drained_ = 0;  ///< the first ones of them, read before the pipes were
  void distrust(int s);
  std::uint32_t surplus_of(int s, std::uint32_t lines) const;
  bool regular_[2] = {true, true};
  std::uint32_t streak_[2] = {0, 0};              ///< packets in a row of one line each
  std::uint32_t needed_[2] = {kStreak, kStreak};  ///< as many of them make a plain pipe good enough
  std::uint32_t agreed_[2] = {0, 0};              ///< rounds in a row with as many lines as events
};

}  // namespace gleaner::capture
