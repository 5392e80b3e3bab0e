#include "text/severity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace gleaner::text {
namespace {

constexpr std::array<std::string_view, 25> kNames = {
    "",       "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",   "INFO2",  "INFO3",  "INFO4",  "WARN",   "WARN2",  "WARN3",  "WARN4",  "ERROR",
    "ERROR2", "ERROR3", "ERROR4", "FATAL",  "FATAL2", "FATAL3", "FATAL4"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

constexpr std::size_t kShort = 7;  // bytes

/// The bytes of `text`, at most seven, in lower case, under their count.
std::uint64_t pack(std::string_view text) {
  std::uint64_t word = 0;
  if (text.size() >= 4) {
    std::uint32_t first = 0, last = 0;
    std::memcpy(&first, text.data(), 4);
    std::memcpy(&last, text.data() + text.size() - 4, 4);
    word = first | (std::uint64_t{last} << (text.size() - 4) * 8);
  } else {
    for (std::size_t i = 0; i < text.size(); ++i)
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << i * 8;
  }
  // Bytes in 'A'..'Z' get bit 5, all at once; others, those beyond ASCII too, stay.
  constexpr std::uint64_t kEach = 0x0101010101010101;
  const std::uint64_t low = word & kEach * 0x7f;
  const std::uint64_t upper =
      ((low + kEach * (0x80 - 'A')) ^ (low + kEach * (0x7f - 'Z'))) & ~word & kEach * 0x80;
  return (word | upper >> 2) | std::uint64_t{text.size() + 1} << kShort * 8;
}

}  // namespace

std::string_view severity_name(int number) {
  return number < 1 || number > 24 ? "" : kNames[static_cast<std::size_t>(number)];
}

SeverityMap::SeverityMap(std::string_view preset) {
  if (preset == "none") return;
  for (int i = 1; i <= 24; ++i) {
    add(i, severity_name(i));
    add(i, std::to_string(i));
  }
  if (preset == "otel" || preset == "aliases") return;
  for (int i = 0; i < 4; ++i) {
    const std::string suffix = i ? std::to_string(i + 1) : "";
    add(13 + i, "warning" + suffix);
    add(17 + i, "err" + suffix);
  }
}

int SeverityMap::key(std::string_view name) {
  static const SeverityMap names("aliases");
  return names.find(name);
}

void SeverityMap::add(int number, std::string_view text) {
  if (text == "2xx" || text == "3xx" || text == "4xx" || text == "5xx") {
    for (int i = (text[0] - '0') * 100, end = i + 100; i < end; ++i) put(std::to_string(i), number);
    return;
  }
  put(lower(text), number);
}

Result<> SeverityMap::add_range(int number, std::int64_t from, std::int64_t to) {
  if (from > to) std::swap(from, to);
  if (static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) > 100000)
    return fail(Fault::config, "a range of severities from " + std::to_string(from) + " to " +
                                   std::to_string(to) + " is too large");
  for (std::int64_t i = from; i <= to; ++i) put(std::to_string(i), number);
  return {};
}

void SeverityMap::put(std::string_view lower, int number) {
  if (lower.size() > kShort) {
    long_[std::string(lower)] = number;
    return;
  }
  if (shorts_ * 2 >= short_.size()) {
    auto old = std::exchange(short_, std::vector<Short>(std::max<std::size_t>(short_.size() * 2, 16)));
    for (const auto& one : old)
      if (one.word) short_[slot(one.word)] = one;
  }
  const std::uint64_t word = pack(lower);
  Short& there = short_[slot(word)];
  shorts_ += there.word == 0;
  there = {word, number};
}

/// Where `word` is, or would be.
std::size_t SeverityMap::slot(std::uint64_t word) const {
  const std::size_t mask = short_.size() - 1;
  std::size_t at = (word * 0x9e3779b97f4a7c15 >> 32) & mask;
  while (short_[at].word != 0 && short_[at].word != word) at = (at + 1) & mask;
  return at;
}

int SeverityMap::find(std::string_view text) const {
  if (text.size() <= kShort) return short_.empty() ? 0 : short_[slot(pack(text))].number;
  std::array<char, 64> small;
  const auto look = [&](std::string_view key) {
    const auto there = long_.find(key);
    return there == long_.end() ? 0 : there->second;
  };
  if (text.size() > small.size()) return look(lower(text));
  std::transform(text.begin(), text.end(), small.begin(), [](char c) { return lower(c); });
  return look({small.data(), text.size()});
}

}  // namespace gleaner::text
