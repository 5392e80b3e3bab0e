// Hand-written rather than on a library: the dialect below is none that a library offers, and what needs no
// decoding must stay a view.
#include "text/json.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "text/json_scan.h"
#include "text/utf8.h"

namespace gleaner::text {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

int hex(char c) {
  if (digit(c)) return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Four hex digits at `p`, or -1. @param loose  others count as 0, as in the reference's parse_ints
int unit(const char* p, const char* end, bool loose) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int nibble = hex(p[i]);
    if (nibble < 0 && !loose) return -1;
    value = value * 16 + std::max(nibble, 0);
  }
  return value;
}

}  // namespace

bool JsonReader::start(std::string_view text, Arena& arena) {
  arena_ = &arena;
  at_ = text.data();
  end_ = at_ + text.size();
  pairs_.clear();
  items_.clear();
  if (flaw_ == Flaw::none)
    foresight_.restart();
  else
    foresight_.forget();  // what failed was not looked through for duplicates
  flaw_ = Flaw::none;
  blanks();
  return true;
}

Result<pdata::Value> JsonReader::read(std::string_view text, Arena& arena) {
  start(text, arena);
  pdata::Value out;
  if (!value(out, 0) || !finish()) return error();
  return out;
}

Result<std::span<const pdata::KeyValue>> JsonReader::read_pairs(std::string_view text, Arena& arena) {
  start(text, arena);
  const bool ok = at_ == end_   ? fail_at(text.empty() ? Flaw::empty : Flaw::not_object)
                  : *at_ == '{' ? pairs(1)
                  : *at_ == 'n' ? literal("null", "null")
                                : fail_at(Flaw::not_object);
  if (!ok || !finish()) return error();
  return std::span<const pdata::KeyValue>(pairs_);
}

Result<pdata::Map> JsonReader::read_object(std::string_view text, Arena& arena) {
  const auto pairs = read_pairs(text, arena);
  if (!pairs) return fail(pairs.error());
  return map_of(*pairs);
}

pdata::Map JsonReader::map_of(std::span<const pdata::KeyValue> pairs) {
  pdata::Map out;
  out.items.reserve(*arena_, pairs.size());
  std::uninitialized_copy(pairs.begin(), pairs.end(), out.items.begin());
  out.items.truncate(pairs.size());
  return out;
}

const char* JsonReader::skip_more(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) ++at;
  return at;
}

bool JsonReader::finish() {
  if (options_.parse_ints) return true;
  blanks();
  if (at_ == end_ || (*at_ == 0 && !options_.strict)) return true;
  return fail_at(Flaw::tail);
}

/// The closing quote of most strings: those without anything to decode, far enough from the end.
/// @return nullptr for others, and for what is no string
inline const char* JsonReader::plain_string_end(const char* at) const {
  if (at == end_ || *at != '"' || options_.strict) return nullptr;
  std::uint64_t seen = 0;
  const char* const stop = string_stop_in_blocks(at + 1, end_, seen);
  return stop && *stop == '"' ? stop : nullptr;
}

bool JsonReader::value(pdata::Value& out, int depth) {
  if (at_ == end_) return fail_at(Flaw::value);
  switch (*at_) {
    case '{': {
      const std::size_t from = pairs_.size();
      if (!pairs(depth + 1)) return false;
      out = pdata::Value::map(arena_->make<pdata::Map>(map_of(std::span(pairs_).subspan(from))));
      pairs_.resize(from);
      return true;
    }
    case '[':
      return array(out, depth + 1);
    case '"': {
      std::string_view text;
      if (!string(text)) return false;
      out = pdata::Value::string(text);
      return true;
    }
    case 't':
      out = pdata::Value::boolean(true);
      return literal("true", "true");
    case 'f':
      out = pdata::Value::boolean(false);
      return literal("false", "false");
    case 'n':
      out = pdata::Value();
      return literal("null", "null");
    default:
      return *at_ == '-' || digit(*at_) ? number(out) : fail_at(Flaw::value);
  }
}

bool JsonReader::literal(std::string_view word, const char* as) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (at_ + i < end_ && at_[i] == word[i]) continue;
    at_ += i;
    as_ = as;
    return fail_at(Flaw::literal);
  }
  at_ += word.size();
  return true;
}

/// The key at at_, which is none that was foreseen.
bool JsonReader::new_key(std::string_view& out, std::uint8_t place) {
  const char* const from = at_ + 1;
  if (!string(out)) return false;
  foresight_.learn(from, out.data() == from ? out.size() : JsonForesight::kNot, place);
  return true;
}

/// A bit that equal keys share.
std::uint64_t JsonReader::mark(std::string_view key) {
  const auto letter = [&](std::size_t i) { return static_cast<unsigned char>(key[i]); };
  const auto all =
      key.empty() ? 0
                  : key.size() * 7 + letter(0) + letter(key.size() / 2) * 5u + letter(key.size() - 1) * 3u;
  return std::uint64_t{1} << (all & 63);
}

/// The object at at_, onto pairs_.
bool JsonReader::pairs(int depth) {
  if (depth > kMaxDepth) return fail_at(Flaw::depth);
  const std::size_t from = pairs_.size();
  std::uint64_t seen = 0;  // the keys' marks: only a key whose mark is in it can be a duplicate
  std::size_t marked = 0;  // keys whose mark is in it
  bool foreseen = true;    // all keys are those of the last document: none is there twice
  bool crowded = false;
  const char* const end = end_;
  const char* at = skip_blanks(at_ + 1, end);  // in a register; at_ for those who are called
  if (at < end && *at == '}') {
    at_ = at + 1;
    return true;
  }
  for (std::uint8_t place = JsonForesight::place(depth, true);; place = JsonForesight::place(depth, false)) {
    if (at == end || *at != '"') return fail_at(at, Flaw::value);
    // Read into its place: a pair built elsewhere would be copied while its parts are still on their way to
    // memory.
    const std::size_t slot = pairs_.size();
    pdata::KeyValue* pair = &pairs_.emplace_back();
    if (const auto size = foresight_.match(at + 1, end, place); size != JsonForesight::kNot) {
      pair->key = {at + 1, size};
      at += size + 2;
    } else {
      foreseen = false;
      at_ = at;
      if (!new_key(pair->key, place)) return false;
      at = at_;
    }
    at = skip_blanks(at, end);
    if (at == end || *at != ':') return fail_at(at, Flaw::colon);
    at = skip_blanks(at + 1, end);
    if (const char* const close = plain_string_end(at)) {
      pair->value = pdata::Value::string({at + 1, static_cast<std::size_t>(close - at - 1)});
      at = close + 1;
    } else {
      at_ = at;
      pdata::Value read;
      if (!value(read, depth)) return false;
      pair = &pairs_[slot];  // they may have moved
      pair->value = read;
      at = at_;
    }
    if (!foreseen) {
      for (; marked < slot - from; ++marked) seen |= mark(pairs_[from + marked].key);
      if (seen & mark(pair->key)) crowded |= !replaced(from, slot);
    }
    at = skip_blanks(at, end);
    if (at == end) return fail_at(at, Flaw::comma);
    if (*at == '}') break;
    if (*at != ',') return fail_at(at, Flaw::comma);
    at = skip_blanks(at + 1, end);
  }
  at_ = at + 1;
  if (crowded) drop_duplicates(from);
  return true;
}

/// Gives the last pair's value to an earlier one of that key, if there is one.
/// @return false when there are so many that this is left to drop_duplicates()
bool JsonReader::replaced(std::size_t from, std::size_t slot) {
  if (slot - from > 64) {
    foresight_.forget();
    return false;
  }
  const auto last = pairs_.begin() + static_cast<std::ptrdiff_t>(slot);
  const auto there = std::find_if(pairs_.begin() + static_cast<std::ptrdiff_t>(from), last,
                                  [&](const auto& pair) { return pair.key == last->key; });
  if (there == last) return true;
  there->value = last->value;
  pairs_.pop_back();
  foresight_.forget();
  return true;
}

void JsonReader::drop_duplicates(std::size_t from) {
  const auto begin = pairs_.begin() + static_cast<std::ptrdiff_t>(from);
  std::stable_sort(begin, pairs_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  auto to = begin;
  for (auto it = begin; it != pairs_.end(); ++it)
    if (it + 1 == pairs_.end() || (it + 1)->key != it->key) *to++ = *it;
  pairs_.erase(to, pairs_.end());
}

bool JsonReader::array(pdata::Value& out, int depth) {
  if (depth > kMaxDepth) return fail_at(Flaw::depth);
  const std::size_t from = items_.size();
  ++at_;
  blanks();
  out = pdata::Value::new_array(*arena_);
  if (at_ < end_ && *at_ == ']') {
    ++at_;
    return true;
  }
  for (;;) {
    pdata::Value item;
    if (!value(item, depth)) return false;
    items_.push_back(item);
    blanks();
    if (at_ == end_) return fail_at(Flaw::list);
    if (*at_ == ']') break;
    if (*at_ != ',') return fail_at(Flaw::list);
    ++at_;
    blanks();
  }
  ++at_;
  auto& list = out.as_array();
  list.reserve(*arena_, items_.size() - from);
  for (std::size_t i = from; i < items_.size(); ++i) list.push_back(*arena_, items_[i]);
  items_.resize(from);
  return true;
}

bool JsonReader::string(std::string_view& out) {
  const char* const from = ++at_;
  for (;;) {
    at_ = string_stop(at_, end_);
    if (at_ == end_ || *at_ == 0) return fail_at(Flaw::string_end);
    if (*at_ == '"') break;
    if (*at_ == '\\') return escaped(from, out);
    if (options_.strict) return fail_at(Flaw::control);
    ++at_;  // a raw control character
  }
  out = {from, static_cast<std::size_t>(at_ - from)};
  ++at_;
  if (options_.strict && !is_utf8(out)) {
    std::string clean;
    append_utf8_clean(clean, out);
    out = arena_->copy(clean);
  }
  return true;
}

/// at_ is at the first backslash; what is before it needs no decoding.
bool JsonReader::escaped(const char* from, std::string_view& out) {
  // Decoded text is never longer than its source; find the end first, so that the arena is asked once.
  const char* close = at_;
  while (close < end_ && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= end_) return fail_at(Flaw::string_end);
  char* const begin = static_cast<char*>(
      arena_->allocate(static_cast<std::size_t>(close - from) * (options_.strict ? 3 : 1), 1));
  char* to = begin;
  std::memcpy(to, from, static_cast<std::size_t>(at_ - from));
  to += at_ - from;
  while (at_ < close) {
    if (*at_ != '\\') {
      const char* stop = string_stop(at_, close);
      if (stop == at_) {
        if (options_.strict) return fail_at(Flaw::control);
        if (*at_ == 0) return fail_at(Flaw::string_end);
        stop = at_ + 1;
      }
      std::memcpy(to, at_, static_cast<std::size_t>(stop - at_));
      to += stop - at_;
      at_ = stop;
      continue;
    }
    const char kind = at_[1];
    at_ += 2;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        *to++ = kind;
        break;
      case 'b':
        *to++ = '\b';
        break;
      case 'f':
        *to++ = '\f';
        break;
      case 'n':
        *to++ = '\n';
        break;
      case 'r':
        *to++ = '\r';
        break;
      case 't':
        *to++ = '\t';
        break;
      case 'u': {
        const int first = unit(at_, close, options_.parse_ints);
        if (first < 0) return fail_at(Flaw::escape);
        at_ += 4;
        auto code = static_cast<char32_t>(first);
        if (first >= 0xd800 && first < 0xdc00 && close - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
          const int second = unit(at_ + 2, close, options_.parse_ints);
          if (second >= 0xdc00 && second < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + static_cast<char32_t>(second - 0xdc00);
            at_ += 6;
          }
        }
        to = put_utf8(to, code >= 0xd800 && code < 0xe000 ? kReplacement : code);
        break;
      }
      default:
        return fail_at(Flaw::escape);
    }
  }
  ++at_;
  out = {begin, static_cast<std::size_t>(to - begin)};
  if (options_.strict && !is_utf8(out)) {
    std::string clean;
    append_utf8_clean(clean, out);
    out = arena_->copy(clean);
  }
  return true;
}

tl::unexpected<Error> JsonReader::error() const {
  const std::string here(1, at_ < end_ ? *at_ : '\0');
  const auto what = [&]() -> std::string {
    switch (flaw_) {
      case Flaw::value:
        return "invalid character '" + here + "' looking for beginning of value";
      case Flaw::not_object:
        return "expected { character for map value";
      case Flaw::empty:
        return options_.parse_ints ? "EOF" : "expected {} for map";
      case Flaw::colon:
        return "expected colon after object key";
      case Flaw::comma:
        return "expected comma after object value";
      case Flaw::list:
        return "json: invalid character " + here + " as slice";
      case Flaw::end:
        return std::string("json: ") + as_ + " unexpected end of JSON input";
      case Flaw::string_end:
        return "json: string unexpected end of JSON input";
      case Flaw::escape:
        return "json: invalid character " + here + " in escaped string";
      case Flaw::literal:
        return "json: invalid character " + here + " as " + as_;
      case Flaw::number:
        return "strconv.ParseFloat: parsing \"" + std::string(word_) + "\": invalid syntax";
      case Flaw::range:
        return "strconv.ParseFloat: parsing \"" + std::string(word_) + "\": value out of range";
      case Flaw::tail:
        return "invalid character '" + here + "' after top-level value";
      case Flaw::depth:
        return "json: nesting is deeper than " + std::to_string(kMaxDepth);
      case Flaw::control:
        return "invalid character in string literal";
      case Flaw::none:
        break;
    }
    return "json: unknown error";
  };
  return fail(Fault::permanent, what());
}

}  // namespace gleaner::text
