#include "capture/order.h"

#include <cstring>
#include <utility>

#include "capture/scan.h"

namespace gleaner::capture {
namespace {

constexpr std::uint32_t kHeldLines = 16;    ///< more lines without an event than a race explains
constexpr std::uint32_t kSurplusShare = 4;  ///< one event in so many lines may be of a full pipe
constexpr std::uint32_t kWriters = 4;
constexpr std::size_t kPage = 4096;  // bytes of a slot
constexpr std::uint32_t kStreakMost = 1 << 20;
constexpr std::uint32_t kAgreement = 64;  ///< rounds after which writes of one line each are believed again

/// Lines in `text`; an unfinished one at the end counts.
std::uint32_t lines_in(std::string_view text) {
  return newlines_in(text) + (!text.empty() && text.back() != '\n');
}

struct Units {
  std::uint32_t count = 0;     ///< writes, when pages without a newline at their end go on
  std::uint32_t doubtful = 0;  ///< of them, those that end with a page that ends in a newline
};

Units count_units(const Window& window) {
  Units units;
  std::size_t end = 0;
  for (std::uint32_t i = 0; i < window.segments(); ++i) {
    end += window.segment(i);
    if (window.goes_on(i, end)) continue;
    ++units.count;
    units.doubtful += window.may_go_on(i, end);
  }
  return units;
}

}  // namespace

/// How one stream's bytes go to its events in this round: one unit (write) each; one line each; one line at
/// the end of each run of events that the other stream does not interrupt; lines spread evenly.
struct Order::Plan {
  enum class By { unit, line, run, spread } by = By::unit;
  bool head = false;             ///< spread: only over the first segment, then by unit
  bool glue = true;              ///< unit: a page without a newline at its end goes on
  std::uint32_t glue_lines = 0;  ///< unit: this many pages with a newline at their end go on too
  /// unit, line: this many events only said that a pipe was full. Nothing else was written until the writer
  /// could go on, so each stands right before another event of its stream.
  std::uint32_t surplus = 0;
  std::uint32_t late = 0;  ///< unit, line: this many at the front have had their event
  std::uint32_t events = 0, lines = 0;
  std::uint32_t seen = 0, given = 0;  ///< events walked, lines given on
};

Order::Order(std::size_t window_bytes)
    : windows_{Window(window_bytes), Window(window_bytes)}, events_(kEvents) {}

bool Order::event(Stream stream) {
  if (count_ == kEvents) return false;
  events_.data()[count_++] = static_cast<char>(stream);
  return true;
}

std::uint32_t Order::events_of(Stream stream) const {
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < count_; ++i) found += events_.data()[i] == static_cast<char>(stream);
  return found;
}

bool Order::last_of_run(std::uint32_t i) const {
  return i + 1 == count_ || events_.data()[i + 1] != events_.data()[i];
}

bool Order::doubtful(Stream stream) const {
  const Reading& reading = readings_[index_of(stream)];
  if (!reading.emptied) return false;
  if (!reading.packets)
    return regular_[index_of(stream)] &&
           lines_in(windows_[index_of(stream)].bytes()) > events_of(stream) + kHeldLines;
  const Units units = count_units(windows_[index_of(stream)]);
  return units.doubtful && units.count > events_of(stream);
}

/// Writes of something else than a line were found in a plain pipe, too late to put them in order. A program
/// that does it again needs a longer proof each time.
void Order::distrust(int s) {
  regular_[s] = false;
  streak_[s] = 0;
  if (needed_[s] < kStreakMost) needed_[s] *= 16;
}

/// Packets from here on: the first segment is what was joined before, the others are packets.
Order::Plan Order::plan_head(const Window& window, const Reading& reading, std::uint32_t events) {
  Plan plan;
  plan.head = true;
  plan.lines = lines_in({window.bytes().data(), window.segment(0)});
  const std::uint32_t packets = window.segments() - 1, units = plan.lines + packets;
  if (!reading.stable && units >= events && units - events <= kHeldLines) {
    plan.by = Plan::By::line;  // one line a write, and the last ones' events are on their way
    plan.events = plan.lines;
  } else {
    plan.by = Plan::By::spread;
    plan.events = events > packets ? events - packets : 1;
  }
  return plan;
}

Order::Plan Order::plan_packets(const Window& window, const Reading& reading, std::uint32_t events,
                                bool last_event_is_its, bool settled) const {
  Plan plan;
  plan.events = events;
  if (reading.started) return plan_head(window, reading, events);
  const Units units = count_units(window);
  if (window.segments() <= events) plan.glue = false;  // every page has its own event: whole blocks
  const std::uint32_t count = plan.glue ? units.count : window.segments();
  if (count >= events || !reading.emptied) {
    // Writes whose events were taken for others: the first event brings them along.
    if (reading.quiet && reading.emptied && units.count == window.segments()) plan.late = count - events;
    if (settled && count > events)
      plan.glue_lines = count - events < units.doubtful ? count - events : units.doubtful;
    return plan;
  }
  if (reading.slots && reading.reads >= reading.slots) {  // it is full, and the last event says so
    plan.surplus = events - count - (last_event_is_its ? 1 : 0);
    return plan;
  }
  plan.lines = lines_in(window.bytes());
  // Somebody opened the pipe anew and writes without packets, or what was not read yet when packets began
  // still has room in its page: the kernel joined what was written.
  if (plan.lines > events && plan.lines - events <= kHeldLines)
    plan.by = Plan::By::line;
  else if (plan.lines == events || count * 2 < events)
    plan.by = Plan::By::spread;
  else
    plan.surplus = events - count;
  return plan;
}

/// How many of the events of a plain pipe with `lines` lines may be of full pipes.
std::uint32_t Order::surplus_of(int s, std::uint32_t lines) const {
  // A few may be of writers that waited before; others only when the pipe is well filled again.
  const bool filled = windows_[s].bytes().size() / kPage >= readings_[s].slots / 4;
  const std::uint32_t share = 1 + lines / kSurplusShare;
  return filled || share < kWriters ? share : kWriters;
}

Order::Plan Order::plan_plain(Stream stream, std::uint32_t events, bool settled) {
  const int s = index_of(stream);
  Plan plan;
  plan.events = events;
  plan.lines = lines_in(windows_[s].bytes());
  plan.by = Plan::By::spread;
  agreed_[s] = plan.lines == events ? agreed_[s] + 1 : 0;
  if (agreed_[s] >= kAgreement) regular_[s] = true;
  const bool regular = regular_[s];
  if (!readings_[s].emptied) {
    plan.by = Plan::By::line;
  } else if (regular && readings_[s].quiet && plan.lines > events && plan.lines - events <= kHeldLines) {
    plan.by = Plan::By::line;
    plan.late = plan.lines - events;
  } else if (regular && plan.lines > events) {
    // A race explains a few, and many as long as their events may still be on their way.
    if (settled && plan.lines - events > kHeldLines)
      distrust(s);
    else
      plan.by = Plan::By::line;
  } else if (regular && events - plan.lines <= surplus_of(s, plan.lines)) {
    plan.by = Plan::By::line;
    plan.surplus = events - plan.lines;
    // Full: the last one is the wait's.
    if (readings_[s].quiet && plan.surplus && drained_ &&
        events_.data()[drained_ - 1] == static_cast<char>(stream))
      --plan.surplus;
  } else if (regular) {
    distrust(s);  // several writes a line
  }
  return plan;
}

Order::Plan Order::plan(Stream stream, bool settled) {
  const int s = index_of(stream);
  if (windows_[s].empty()) return {};
  std::uint32_t before = 0, all = 0, runs = 0;  // of this stream: before the drain, and in all
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (events_.data()[i] != static_cast<char>(stream)) continue;
    ++all;
    before += i < drained_;
    runs += last_of_run(i);
  }
  if (!all) return {};
  Plan made = plan_for(stream, before, all, settled);
  if (made.by == Plan::By::spread && !made.head && made.lines == runs) made.by = Plan::By::run;
  return made;
}

Order::Plan Order::plan_for(Stream stream, std::uint32_t before, std::uint32_t all, bool settled) {
  const int s = index_of(stream);
  if (readings_[s].packets && !readings_[s].started && readings_[s].reads) {  // will plain pipes do?
    if (lines_in(windows_[s].bytes()) != windows_[s].segments())
      streak_[s] = 0;
    else if (streak_[s] < kStreakMost)
      streak_[s] += readings_[s].reads;
  }
  if (readings_[s].packets)
    return plan_packets(windows_[s], readings_[s], before ? before : all,
                        drained_ && events_.data()[drained_ - 1] == static_cast<char>(stream), settled);
  windows_[s].join();
  return plan_plain(stream, settled || !before ? all : before, settled);
}

/// How many bytes belong to the stream's next event.
std::uint32_t Order::next(Plan& plan, Stream stream, bool last_of_run) {
  const Window& window = windows_[index_of(stream)];
  const std::uint32_t event = plan.seen++;
  if (window.empty() || (plan.by == Plan::By::run && !last_of_run)) return 0;
  if (plan.by == Plan::By::unit) {
    std::uint32_t size = 0;
    for (std::uint32_t i = 0; i < window.segments(); ++i) {
      size += window.segment(i);
      if (plan.glue && window.goes_on(i, size)) continue;
      if (plan.glue_lines && window.may_go_on(i, size)) {
        --plan.glue_lines;
        continue;
      }
      if (plan.late) {
        --plan.late;
        continue;
      }
      break;
    }
    return size;
  }
  const std::size_t whole = plan.head ? window.segment(0) : window.bytes().size();
  std::uint32_t lines = 1 + std::exchange(plan.late, 0U);
  if (plan.by == Plan::By::spread) {
    const std::uint64_t due =
        event + 1 >= plan.events ? plan.lines : std::uint64_t(event + 1) * plan.lines / plan.events;
    lines = static_cast<std::uint32_t>(due) - plan.given;
    plan.given = static_cast<std::uint32_t>(due);
  }
  const std::string_view text(window.bytes().data(), whole);
  std::size_t size = 0;
  for (; lines && size < text.size(); --lines) {
    size += newline_in(from(text, size)) + 1;
    if (size > text.size()) size = text.size();
  }
  if (plan.head && event + 1 >= plan.events) plan.by = Plan::By::unit;
  return static_cast<std::uint32_t>(size);
}

void Order::match(Ordered& to, bool settled) {
  Plan plans[2] = {plan(Stream::out, settled), plan(Stream::err, settled)};
  std::string_view run;
  Stream of = Stream::out;
  std::uint32_t i = 0;
  for (; i < count_; ++i) {
    const auto stream = static_cast<Stream>(events_.data()[i]);
    Window& window = windows_[index_of(stream)];
    // Its data has not been read yet: it came after the drain, or the drain did not get so far.
    if (window.empty() && (i >= drained_ || !readings_[index_of(stream)].emptied)) break;
    Plan& mine = plans[index_of(stream)];
    if (mine.surplus && i + 1 < drained_ && events_.data()[i + 1] == events_.data()[i]) {
      --mine.surplus;
      continue;
    }
    const std::uint32_t size = next(mine, stream, last_of_run(i));
    if (!size) continue;
    const char* begin = window.bytes().data();
    window.take(size);
    if (!run.empty() && of == stream) {
      run = {run.data(), run.size() + size};
      continue;
    }
    if (!run.empty()) to.ordered(of, run);
    of = stream;
    run = {begin, size};
  }
  if (!run.empty()) to.ordered(of, run);
  for (const int s : {0, 1})  // the lines that wait are writes of their own
    if (plans[s].head && plans[s].by == Plan::By::line) windows_[s].split_first();
  if (i < count_) std::memmove(events_.data(), events_.data() + i, count_ - i);
  count_ -= i;
  drained_ = drained_ > i ? drained_ - i : 0;
}

void Order::give_up(Stream stream, Ordered& to) {
  Window& window = windows_[index_of(stream)];
  if (window.empty()) return;
  if (!readings_[index_of(stream)].packets) distrust(index_of(stream));
  const auto text = window.bytes();
  window.take(text.size());
  to.ordered(stream, text);
}

}  // namespace gleaner::capture
