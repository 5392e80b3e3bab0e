#include "k8s/json_cursor.h"

#include <fmt/format.h>

#include <charconv>

#include "text/time_layout.h"
#include "text/utf8.h"

namespace gleaner::k8s {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

int hex4(const char* p, const char* end) {
  unsigned value = 0;
  if (end - p < 4) return -1;
  const auto read = std::from_chars(p, p + 4, value, 16);
  return read.ptr == p + 4 ? static_cast<int>(value) : -1;
}

const text::TimeLayout& rfc3339() {
  static const text::TimeLayout layout = *text::TimeLayout::gotime("2006-01-02T15:04:05Z07:00");
  return layout;
}

}  // namespace

bool JsonCursor::refuse(std::string what) {
  if (what_.empty()) what_ = std::move(what);
  return false;
}

bool JsonCursor::syntax() {
  if (at_ >= end_) return refuse("unexpected end of JSON input");
  return refuse(fmt::format("invalid character {:?} at byte {} of the document", std::string_view(at_, 1),
                            at_ - begin_));
}

bool JsonCursor::mismatch(std::string_view wanted) {
  if (at_ >= end_) return syntax();
  return refuse(
      fmt::format("{} is expected as \"{}\" at byte {} of the document", wanted, key_, at_ - begin_));
}

bool JsonCursor::any_key(std::string_view& key) {
  if (peek() != '"') return syntax();
  if (!raw_string(key, true)) return false;
  blanks();
  if (peek() != ':') return syntax();
  ++at_;
  blanks();
  if (key.data() == scratch_.data()) key = arena_.copy(key);
  key_ = key;
  return true;
}

bool JsonCursor::literal(std::string_view word) {
  for (const char c : word) {
    if (peek() != c) return syntax();
    ++at_;
  }
  return true;
}

/// at_ is at the opening quote. `out` is a view of the document, or of scratch_ when something had to be
/// decoded.
bool JsonCursor::raw_string(std::string_view& out, bool keep) {
  const char* const from = ++at_;
  const char* plain = from;  // what is not in scratch_ yet
  bool decoded = false;
  std::uint64_t seen = 0;
  for (;;) {
    at_ = text::string_stop(at_, end_, seen);
    if (at_ >= end_ || static_cast<unsigned char>(*at_) < 0x20) return syntax();
    if (*at_ == '"') break;
    if (!decoded) scratch_.clear();
    decoded = true;
    scratch_.append(plain, at_);
    if (!escape(scratch_)) return false;
    plain = at_;
  }
  out = {from, static_cast<std::size_t>(at_ - from)};
  if (decoded) {
    scratch_.append(plain, at_);
    out = scratch_;
  }
  ++at_;
  if (keep && (seen & text::kHighBits) && !text::is_utf8(out)) {
    std::string clean;
    text::append_utf8_go(clean, out);
    scratch_ = std::move(clean);
    out = scratch_;
  }
  return true;
}

/// at_ is at the backslash.
bool JsonCursor::escape(std::string& out) {
  if (++at_ >= end_) return syntax();
  static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
  const auto simple = kFrom.find(*at_);
  if (simple != std::string_view::npos) {
    out += kTo[simple];
    ++at_;
    return true;
  }
  if (*at_ != 'u') return syntax();
  ++at_;
  const int first = hex4(at_, end_);
  if (first < 0) return syntax();
  at_ += 4;
  auto code = static_cast<char32_t>(first);
  if (code >= 0xd800 && code < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
    const int second = hex4(at_ + 2, end_);
    if (second >= 0xdc00 && second < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + static_cast<char32_t>(second - 0xdc00);
      at_ += 6;
    }
  }
  if (code >= 0xd800 && code < 0xe000) code = text::kReplacement;
  char bytes[4];
  out.append(bytes, text::put_utf8(bytes, code));
  return true;
}

bool JsonCursor::raw_number(std::string_view& out) {
  const char* const from = at_;
  if (!pass_number(at_, end_)) return syntax();
  out = {from, static_cast<std::size_t>(at_ - from)};
  return true;
}

bool JsonCursor::text(std::string_view& out) {
  if (peek() == 'n') return literal("null");
  if (peek() != '"') return mismatch("a text");
  std::string_view raw;
  if (!raw_string(raw, true)) return false;
  out = arena_.copy(raw);
  return true;
}

bool JsonCursor::text_or_number(std::string_view& out) {
  if (peek() != '-' && !digit(peek())) return text(out);
  std::string_view raw;
  if (!raw_number(raw)) return false;
  out = arena_.copy(raw);
  return true;
}

bool JsonCursor::number(std::optional<std::uint64_t>& out) {
  if (peek() == 'n') {
    out.reset();
    return literal("null");
  }
  static constexpr std::string_view kWanted = "a whole number, 0 or more,";
  if (!digit(peek())) return mismatch(kWanted);
  const char* const from = at_;
  std::uint64_t value = 0;
  while (digit(peek())) value = value * 10 + static_cast<std::uint64_t>(*at_++ - '0');
  // Most are like this: no zero in front, no fraction, and sure to fit.
  constexpr int kSafeDigits = 19;
  const auto digits = at_ - from;
  if (const char next = peek();
      digits <= kSafeDigits && (*from != '0' || digits == 1) && next != '.' && (next | 0x20) != 'e') {
    out = value;
    return true;
  }
  at_ = from;
  std::string_view raw;
  if (!raw_number(raw)) return false;
  value = 0;
  const auto read = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (read.ec != std::errc() || read.ptr != raw.data() + raw.size()) {
    at_ = from;
    return mismatch(kWanted);
  }
  out = value;
  return true;
}

bool JsonCursor::time(std::uint64_t& out) {
  if (peek() == 'n') return literal("null");
  if (peek() != '"') return mismatch("a time");
  const char* const from = at_;
  std::string_view raw;
  if (!raw_string(raw, true)) return false;
  const auto nanos = rfc3339().parse(raw, text::Zone::utc());
  if (!nanos) {
    at_ = from;
    return mismatch("a time such as 2020-04-20T22:52:27Z");
  }
  out = static_cast<std::uint64_t>(*nanos);
  return true;
}

bool JsonCursor::boolean(bool& out) {
  const char first = peek();
  if (first == 'n') return literal("null");
  if (first != 't' && first != 'f') return mismatch("true or false");
  out = first == 't';
  return literal(out ? "true" : "false");
}

bool JsonCursor::skip(int depth) {
  if (depth > kMaxDepth) return refuse(fmt::format("nested deeper than {} levels", kMaxDepth));
  std::string_view ignored;
  switch (peek()) {
    case '{':
      return object([&](std::string_view) { return skip(depth + 1); });
    case '[':
      return array([&] { return skip(depth + 1); });
    case '"':
      return raw_string(ignored, false);
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return raw_number(ignored);
  }
}

bool JsonCursor::finish() {
  blanks();
  return at_ == end_ || syntax();
}

}  // namespace gleaner::k8s
