#include "stanza/files/split.h"

#include <algorithm>
#include <cstring>

#include "text/utf8.h"

namespace gleaner::stanza::files {

Splitter::Splitter(SplitOptions options)
    : options_(std::move(options)),
      newline_(options_.encoding.newline()),
      carriage_return_(options_.encoding.carriage_return()) {}

Splitter::Cut Splitter::cut_line(std::string_view bytes) const {
  if (newline_.size() == 1) {
    const void* found = std::memchr(bytes.data(), newline_[0], bytes.size());
    if (!found) return {};
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    return {0, at > 0 && bytes[at - 1] == carriage_return_[0] ? at - 1 : at, at + 1};
  }
  // Only at whole characters: a newline's bytes may lie across two others.
  std::size_t at = bytes.find(newline_);
  while (at != std::string_view::npos && at % newline_.size() != 0) at = bytes.find(newline_, at + 1);
  if (at == std::string_view::npos) return {};
  const auto line = bytes.substr(0, at);
  const std::size_t end = line.ends_with(carriage_return_) ? at - carriage_return_.size() : at;
  return {0, end, at + newline_.size()};
}

/// The first match of a pattern in a buffer. A buffer is asked many times, so only what a match has to do
/// with is looked at: to its end and the line behind. Without a match: everything.
bool Splitter::find(const text::Regex& pattern, std::string_view bytes, std::size_t from,
                    std::string_view& match) {
  if (!pattern.match_sound(bytes, {&match, 1}, from, {}))
    return !text::is_utf8(bytes) && pattern.match(bytes, {&match, 1}, from);
  const auto end = static_cast<std::size_t>(match.data() - bytes.data()) + match.size();
  const auto looked_at = bytes.substr(0, bytes.find('\n', end));
  return text::is_utf8(looked_at) || pattern.match_sound(bytes, {&match, 1}, from, looked_at);
}

Splitter::Cut Splitter::cut_at_start(std::string_view bytes) const {
  std::string_view first;
  if (!find(*options_.line_start, bytes, 0, first)) return {};
  const auto begin = static_cast<std::size_t>(first.data() - bytes.data());
  if (begin > 0) return {0, begin, begin};  // text before the first start is a record too
  const std::size_t body = begin + first.size();
  if (body >= bytes.size()) return {};
  std::string_view second;
  if (!find(*options_.line_start, bytes, body + 1, second)) return {};
  const auto end = static_cast<std::size_t>(second.data() - bytes.data());
  return {options_.omit_pattern ? body : 0, end, end};
}

Splitter::Cut Splitter::cut_at_end(std::string_view bytes, bool at_end) const {
  std::string_view match;
  if (!find(*options_.line_end, bytes, 0, match)) return {};
  const auto begin = static_cast<std::size_t>(match.data() - bytes.data());
  const std::size_t end = begin + match.size();
  if (end >= bytes.size() && !at_end) return {};  // it may go on behind what was read
  if (end == 0) return {0, 0, 0};
  return {0, options_.omit_pattern ? begin : end, end};
}

Splitter::Cut Splitter::cut_trace(std::string_view bytes) const {
  const std::size_t end = options_.traces->record_end(bytes);
  if (end == 0) return {};
  const bool dos = end > 1 && bytes[end - 2] == '\r';
  return {0, end - (dos ? 2 : 1), end};
}

Splitter::Cut Splitter::cut(std::string_view bytes, bool at_end) const {
  if (options_.encoding.nop()) {
    const std::size_t size = std::min(bytes.size(), options_.max_size);
    return {0, size, at_end || size == options_.max_size ? size : 0};
  }
  if (options_.line_start) return cut_at_start(bytes);
  if (options_.traces) return cut_trace(bytes);
  if (options_.line_end) return cut_at_end(bytes, at_end);
  return cut_line(bytes);
}

Splitter::Token Splitter::next(std::string_view bytes, bool at_end, bool flush, bool& skipping) const {
  if (bytes.empty()) return {};
  Cut found = cut(bytes, at_end);
  if (skipping) {
    if (found.consumed == 0) return {{}, whole(bytes.size()), false};
    skipping = false;
    return {{}, found.consumed, false};
  }
  if (found.consumed == 0 && flush) found = {0, bytes.size(), bytes.size()};
  const std::size_t most = std::max(whole(options_.max_size), newline_.size());
  const auto last_line = options_.traces ? bytes.substr(0, most).rfind('\n') : std::string_view::npos;
  if (last_line != std::string_view::npos && (found.consumed == 0 || found.consumed > most)) {
    if (bytes.size() < most) return {};
    found = {0, last_line, last_line + 1};  // traces that are too long are cut between lines
  } else if (found.consumed == 0) {
    if (bytes.size() < most) return {};
    found = {0, most, most};
    skipping = options_.truncate;
  } else if (found.end - found.begin > most) {
    found.end = found.begin + most;
    if (!options_.truncate) found.consumed = found.end;
  }
  return {trim(bytes.substr(found.begin, found.end - found.begin)), found.consumed, true};
}

std::string_view Splitter::trim(std::string_view text) const {
  if (options_.encoding.nop()) return text;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  const std::size_t unit = newline_.size();
  if (unit == 1) {
    if (!options_.keep_leading)
      while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    if (!options_.keep_trailing)
      while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }
  // By whole characters: the bytes of a blank may be halves of others.
  const std::size_t low = newline_.front() == '\n' ? 0 : unit - 1;  // where the blank's own byte is
  const auto is_blank = [&](std::string_view character) {
    return blank(character[low]) && character[1 - low] == '\0';
  };
  if (!options_.keep_leading)
    while (text.size() >= unit && is_blank(text.substr(0, unit))) text.remove_prefix(unit);
  if (!options_.keep_trailing)
    while (text.size() >= unit && text.size() % unit == 0 && is_blank(text.substr(text.size() - unit)))
      text.remove_suffix(unit);
  return text;
}

}  // namespace gleaner::stanza::files
