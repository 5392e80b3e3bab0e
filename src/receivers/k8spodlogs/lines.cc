#include "receivers/k8spodlogs/lines.h"

#include <algorithm>
#include <optional>

#include "text/zone.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr std::size_t kStamp = 64;  // bytes; no time in front of a line is as long

/// `count` digits at `at`, or nothing.
std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return value;
}

}  // namespace

StampedLine read_stamp(std::string_view line) {
  const StampedLine none{0, line};
  constexpr std::size_t kShortest = 20;  // 2024-05-05T05:00:00Z
  if (line.size() < kShortest || line[4] != '-' || line[7] != '-' || line[10] != 'T' || line[13] != ':' ||
      line[16] != ':')
    return none;
  const auto year = digits(line, 0, 4), month = digits(line, 5, 2), day = digits(line, 8, 2);
  const auto hour = digits(line, 11, 2), minute = digits(line, 14, 2), second = digits(line, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *month < 1 || *month > 12 || *day < 1 ||
      *day > 31)
    return none;
  std::size_t at = 19;
  std::uint64_t nanos = 0;
  if (line[at] == '.') {
    std::uint64_t unit = 100'000'000;
    for (++at; unit > 0 && at < line.size() && line[at] >= '0' && line[at] <= '9'; ++at, unit /= 10)
      nanos += unit * static_cast<std::uint64_t>(line[at] - '0');
  }
  std::int64_t offset = 0;  // seconds
  if (at < line.size() && line[at] == 'Z') {
    ++at;
  } else if (at + 6 <= line.size() && (line[at] == '+' || line[at] == '-') && line[at + 3] == ':') {
    const auto hours = digits(line, at + 1, 2), minutes = digits(line, at + 4, 2);
    if (!hours || !minutes) return none;
    offset = (line[at] == '+' ? 1 : -1) * (static_cast<std::int64_t>(*hours) * 3600 + *minutes * 60);
    at += 6;
  } else {
    return none;
  }
  if (at < line.size() && line[at] != ' ') return none;
  const std::int64_t days = text::days_from_civil(*year, *month, *day);
  const std::int64_t seconds = days * 86400 + *hour * 3600 + *minute * 60 + *second - offset;
  if (seconds <= 0) return none;
  return {static_cast<std::uint64_t>(seconds) * 1'000'000'000 + nanos,
          line.substr(std::min(line.size(), at + 1))};
}

/// A line, or what is left of a long one, in pieces of at most max_ bytes. They do not depend on how the
/// bytes came: read again, a line makes the same pieces.
/// @param whole  its end is there; otherwise the last piece is left for later
/// @return what is left
std::string_view Lines::cut(std::string_view line, bool whole, std::vector<StampedLine>& out) {
  StampedLine made = within_ ? StampedLine{time_, line} : read_stamp(line);
  for (; made.text.size() > max_; made.text.remove_prefix(max_))
    out.push_back({made.time, made.text.substr(0, max_)});
  time_ = made.time;
  within_ = !whole;
  if (!whole) return made.text;
  out.push_back(made);
  return {};
}

std::vector<StampedLine> Lines::feed(const Bytes& bytes, Bytes& carried) {
  std::vector<StampedLine> out;
  std::string_view left = bytes.view();
  if (!rest_.empty()) {
    const auto end = left.find('\n');
    rest_ += left.substr(0, end);
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    const bool whole = end != std::string_view::npos;
    if (whole || rest_.size() > max_ + kStamp) {
      carried = Bytes::copy(rest_);
      rest_ = cut(carried.view(), whole, out);
    }
  }
  for (std::size_t end; (end = left.find('\n')) != std::string_view::npos; left.remove_prefix(end + 1))
    cut(left.substr(0, end), true, out);
  rest_ += left;
  return out;
}

std::vector<StampedLine> Lines::finish(Bytes& carried) {
  std::vector<StampedLine> out;
  if (rest_.empty()) return out;
  carried = Bytes::copy(rest_);
  cut(carried.view(), true, out);
  clear();
  return out;
}

void Lines::clear() {
  rest_.clear();
  within_ = false;
}

}  // namespace gleaner::receivers::k8spodlogs
