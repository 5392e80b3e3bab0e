#include "capture/order.h"

#include <cstring>

namespace gleaner::capture {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t(0);
constexpr std::uint32_t kHeldLines = 16;  ///< more lines without an event than a race explains
constexpr std::uint32_t kAgreement = 64;  ///< rounds after which writes of one line each are believed again

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

/// How one stream's bytes go to its events in this round.
struct Order::Plan {
  enum class By { unit, line, spread } by = By::unit;
  bool glue = true;               ///< unit: a page without a newline at its end goes on
  std::uint32_t glue_lines = 0;   ///< unit: this many pages with a newline at their end go on too
  std::uint32_t surplus = kNone;  ///< unit: the event that only said "full"
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

bool Order::doubtful(Stream stream) const {
  const Reading& reading = readings_[index_of(stream)];
  if (!reading.packets || !reading.emptied) return false;
  const Units units = count_units(windows_[index_of(stream)]);
  return units.doubtful && units.count > events_of(stream);
}

Order::Plan Order::plan_packets(const Window& window, const Reading& reading, std::uint32_t events,
                                bool settled) const {
  Plan plan;
  plan.events = events;
  const Units units = count_units(window);
  if (window.segments() <= events) plan.glue = false;  // every page has its own event: whole blocks
  const std::uint32_t count = plan.glue ? units.count : window.segments();
  if (count >= events || !reading.emptied) {
    if (settled && count > events)
      plan.glue_lines = count - events < units.doubtful ? count - events : units.doubtful;
    return plan;
  }
  if (reading.slots && reading.reads >= reading.slots) {  // it was full, and somebody waited
    plan.surplus = reading.slots;
    return plan;
  }
  plan.lines = window.lines();
  // Somebody opened the pipe anew and writes without packets: the kernel joined what was written.
  if (plan.lines == events || count * 2 < events) plan.by = Plan::By::spread;
  return plan;
}

Order::Plan Order::plan_plain(Stream stream, std::uint32_t events) {
  const int s = index_of(stream);
  Plan plan;
  plan.events = events;
  plan.lines = windows_[s].lines();
  plan.by = Plan::By::spread;
  agreed_[s] = plan.lines == events ? agreed_[s] + 1 : 0;
  if (agreed_[s] >= kAgreement) regular_[s] = true;
  if (!readings_[s].emptied) {
    plan.by = Plan::By::line;
  } else if (regular_[s] && plan.lines > events) {
    if (plan.lines - events <= kHeldLines)
      plan.by = Plan::By::line;
    else
      regular_[s] = false;
  }
  return plan;
}

Order::Plan Order::plan(Stream stream, bool settled) {
  const int s = index_of(stream);
  if (windows_[s].empty()) return {};
  std::uint32_t before = 0, all = 0;  // of this stream: before the drain, and in all
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (events_.data()[i] != static_cast<char>(stream)) continue;
    ++all;
    before += i < drained_;
  }
  if (!all) return {};
  if (readings_[s].packets) return plan_packets(windows_[s], readings_[s], before ? before : all, settled);
  windows_[s].join();
  return plan_plain(stream, before ? before : all);
}

/// How many bytes belong to the stream's next event.
std::uint32_t Order::next(Plan& plan, Stream stream) {
  const Window& window = windows_[index_of(stream)];
  const std::uint32_t event = plan.seen++;
  if (window.empty()) return 0;
  if (plan.by == Plan::By::unit) {
    if (event == plan.surplus) return 0;
    std::uint32_t size = 0;
    for (std::uint32_t i = 0; i < window.segments(); ++i) {
      size += window.segment(i);
      if (plan.glue && window.goes_on(i, size)) continue;
      if (plan.glue_lines && window.may_go_on(i, size)) {
        --plan.glue_lines;
        continue;
      }
      break;
    }
    return size;
  }
  std::uint32_t lines = 1;
  if (plan.by == Plan::By::spread) {
    const std::uint64_t due =
        event + 1 >= plan.events ? plan.lines : std::uint64_t(event + 1) * plan.lines / plan.events;
    lines = static_cast<std::uint32_t>(due) - plan.given;
    plan.given = static_cast<std::uint32_t>(due);
  }
  const auto text = window.bytes();
  std::size_t size = 0;
  for (; lines && size < text.size(); --lines) {
    const void* found = std::memchr(text.data() + size, '\n', text.size() - size);
    size = found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1 : text.size();
  }
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
    const std::uint32_t size = next(plans[index_of(stream)], stream);
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
  if (i < count_) std::memmove(events_.data(), events_.data() + i, count_ - i);
  count_ -= i;
  drained_ = drained_ > i ? drained_ - i : 0;
}

void Order::give_up(Stream stream, Ordered& to) {
  Window& window = windows_[index_of(stream)];
  if (window.empty()) return;
  if (!readings_[index_of(stream)].packets) regular_[index_of(stream)] = false;
  const auto text = window.bytes();
  window.take(text.size());
  to.ordered(stream, text);
}

}  // namespace gleaner::capture
