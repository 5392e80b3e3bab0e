#include "config/node.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace gleaner::config {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '_') digits += c;
  std::string_view rest = digits;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  int base = 10;
  if (rest.size() > 2 && rest[0] == '0') {
    const char kind = rest[1];
    if (kind == 'x' || kind == 'X') base = 16;
    if (kind == 'o' || kind == 'O') base = 8;
    if (kind == 'b' || kind == 'B') base = 2;
    if (base != 10) rest.remove_prefix(2);
  }
  if (base == 10 && rest.size() > 1 && rest[0] == '0') base = 8;  // as in YAML 1.1: 0123 is 83
  if (rest.empty()) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  if (value > (std::uint64_t{1} << 63) - (negative ? 0 : 1)) return std::nullopt;
  return negative ? static_cast<std::int64_t>(-value) : static_cast<std::int64_t>(value);
}

std::optional<double> read_real(std::string_view text) {
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return HUGE_VAL;
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return -HUGE_VAL;
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return std::strtod("nan", nullptr);
  std::string digits;
  bool any = false;
  for (const char c : text) {
    if (c == '_') continue;
    if (!is_digit(c) && !one_of(std::string_view(&c, 1), {"+", "-", ".", "e", "E"})) return std::nullopt;
    any |= is_digit(c);
    digits += c;
  }
  if (!any || digits[0] == 'e' || digits[0] == 'E') return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(digits.c_str(), &end);
  if (*end) return std::nullopt;
  return value;
}

/// "2024-01-02" and the longer forms that YAML takes for a time.
bool is_timestamp(std::string_view text) {
  if (text.size() < 8 || !is_digit(text[0])) return false;
  std::size_t i = 0;
  const auto digits = [&](std::size_t low, std::size_t high) {
    std::size_t n = 0;
    while (i < text.size() && is_digit(text[i]) && n < high) ++i, ++n;
    return n >= low;
  };
  const auto lit = [&](char c) { return i < text.size() && text[i] == c && ++i; };
  if (!digits(4, 4) || !lit('-') || !digits(1, 2) || !lit('-') || !digits(1, 2)) return false;
  if (i == text.size()) return true;
  if (!one_of(text.substr(i, 1), {"T", "t", " "})) return false;
  ++i;
  return digits(1, 2) && lit(':') && digits(2, 2) && lit(':') && digits(2, 2);
}

}  // namespace

std::string Mark::text() const {
  std::string out = source ? *source : "configuration";
  if (line) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out;
}

ScalarType scalar_type(std::string_view text) {
  if (text.empty() || one_of(text, {"~", "null", "Null", "NULL"})) return ScalarType::null;
  if (one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return ScalarType::boolean;
  if (is_timestamp(text)) return ScalarType::timestamp;
  if (read_integer(text)) return ScalarType::integer;
  if (read_real(text)) return ScalarType::real;
  return ScalarType::string;
}

Node Node::scalar(std::string text, bool plain, Mark mark) {
  Node node;
  node.kind_ = Kind::scalar;
  node.text_ = std::move(text);
  node.plain_ = plain;
  node.mark_ = std::move(mark);
  return node;
}
Node Node::map(Mark mark) {
  Node node;
  node.kind_ = Kind::map;
  node.mark_ = std::move(mark);
  return node;
}
Node Node::list(Mark mark) {
  Node node;
  node.kind_ = Kind::list;
  node.mark_ = std::move(mark);
  return node;
}
Node Node::null(Mark mark) {
  Node node;
  node.mark_ = std::move(mark);
  return node;
}

bool Node::is_null() const {
  return kind_ == Kind::null || (kind_ == Kind::scalar && type() == ScalarType::null);
}
ScalarType Node::type() const { return plain_ ? scalar_type(text_) : ScalarType::string; }

std::optional<bool> Node::boolean() const {
  if (type() != ScalarType::boolean) return std::nullopt;
  return text_[0] == 't' || text_[0] == 'T';
}
std::optional<std::int64_t> Node::integer() const {
  if (type() != ScalarType::integer) return std::nullopt;
  return read_integer(text_);
}
std::optional<double> Node::real() const {
  const auto kind = type();
  if (kind == ScalarType::integer) return static_cast<double>(*read_integer(text_));
  if (kind == ScalarType::real) return read_real(text_);
  return std::nullopt;
}

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries_)
    if (entry.key == key) return &entry.value;
  return nullptr;
}
Node* Node::find(std::string_view key) {
  for (auto& entry : entries_)
    if (entry.key == key) return &entry.value;
  return nullptr;
}
Node& Node::operator[](const std::string& key) {
  if (kind_ != Kind::map) {
    kind_ = Kind::map;
    text_.clear();
  }
  if (Node* there = find(key)) return *there;
  entries_.push_back({key, mark_, Node::null(mark_)});
  return entries_.back().value;
}
void Node::remove(std::string_view key) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

}  // namespace gleaner::config
