#include "pdata/value.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/log.h"
#include "base/shortest.h"

namespace gleaner::pdata {

namespace {

/// Most keys and many values of one batch are the same bytes; most others differ at an end.
bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.data() == b.data() || a.empty()) return true;
  return a.front() == b.front() && a.back() == b.back() && a == b;
}

}  // namespace

Value* Map::find(std::string_view key) const {
  for (auto& item : items)
    if (same_text(item.key, key)) return &item.value;
  return nullptr;
}

Value& Map::set(Arena& arena, std::string_view key, const Value& value) {
  if (Value* there = find(key)) return *there = value;
  return items.push_back(arena, {key, value}).value;
}

bool Map::erase(std::string_view key) {
  const std::size_t before = items.size();
  auto* kept =
      std::remove_if(items.begin(), items.end(), [&](const KeyValue& kv) { return same_text(kv.key, key); });
  items.truncate(static_cast<std::size_t>(kept - items.begin()));
  return items.size() != before;
}

bool equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::empty:
      return true;
    case Value::Kind::string:
    case Value::Kind::bytes:
      return same_text(a.text(), b.text());
    case Value::Kind::boolean:
    case Value::Kind::integer:
      return a.as_int() == b.as_int();
    case Value::Kind::real:
      return a.as_real() == b.as_real();
    case Value::Kind::array:
      return std::equal(a.as_array().begin(), a.as_array().end(), b.as_array().begin(), b.as_array().end(),
                        equal);
    case Value::Kind::map: {
      if (a.as_map().size() != b.as_map().size()) return false;
      auto* beside = b.as_map().begin();
      return std::all_of(a.as_map().begin(), a.as_map().end(), [&](const KeyValue& kv) {
        const KeyValue& at = *beside++;  // in the same order, as a rule
        const Value* other = same_text(at.key, kv.key) ? &at.value : b.as_map().find(kv.key);
        return other && equal(kv.value, *other);
      });
    }
  }
  return false;
}

Value clone(Arena& arena, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::string:
      return Value::string(arena.copy(value.text()));
    case Value::Kind::bytes:
      return Value::bytes(arena.copy(value.text()));
    case Value::Kind::array: {
      Value copy = Value::new_array(arena);
      copy.as_array().reserve(arena, value.as_array().size());
      for (const auto& item : value.as_array()) copy.as_array().push_back(arena, clone(arena, item));
      return copy;
    }
    case Value::Kind::map:
      return Value::map(arena.make<Map>(clone(arena, value.as_map())));
    default:
      return value;
  }
}

Map clone(Arena& arena, const Map& map) {
  Map copy;
  copy.items.reserve(arena, map.size());
  for (const auto& [key, value] : map) copy.items.push_back(arena, {arena.copy(key), clone(arena, value)});
  return copy;
}

std::string format_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  std::string out = shortest(value, exponent ? DoubleForm::scientific : DoubleForm::fixed);
  // Go writes at least two exponent digits ("1e-09"); JavaScript writes "1e-9".
  const auto e = out.find('e');
  if (e != std::string::npos && out.size() >= e + 4 && out[e + 2] == '0') out.erase(e + 2, 1);
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u;
    };
    const unsigned word = at(0) << 16 | at(1) << 8 | at(2);
    out += kAlphabet[word >> 18];
    out += kAlphabet[word >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[word >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[word & 63] : '=';
  }
  return out;
}

bool unbase64(std::string_view text, std::string& out) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  unsigned word = 0;
  int bits = 0;
  out.clear();
  out.reserve(text.size() * 3 / 4);
  for (const char c : text) {
    unsigned digit;
    if (c >= 'A' && c <= 'Z')
      digit = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      digit = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0') + 52;
    else if (c == '+' || c == '-')
      digit = 62;
    else if (c == '/' || c == '_')
      digit = 63;
    else
      return false;
    word = word << 6 | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(word >> bits & 0xFF);
    }
  }
  return true;
}

void append_json(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::empty:
      out += "null";
      return;
    case Value::Kind::string:
      log::append_json_string(out, value.text());
      return;
    case Value::Kind::bytes:
      log::append_json_string(out, base64(value.text()));
      return;
    case Value::Kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.as_array()) {
        if (!first) out += ',';
        first = false;
        append_json(out, item);
      }
      out += ']';
      return;
    }
    case Value::Kind::map: {
      std::vector<const KeyValue*> sorted;
      for (const auto& item : value.as_map()) sorted.push_back(&item);
      std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
      out += '{';
      bool first = true;
      for (const auto* item : sorted) {
        if (!first) out += ',';
        first = false;
        log::append_json_string(out, item->key);
        out += ':';
        append_json(out, item->value);
      }
      out += '}';
      return;
    }
    default:
      append_text(out, value);
  }
}

void append_text(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::empty:
      return;
    case Value::Kind::string:
      out += value.text();
      return;
    case Value::Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Value::Kind::integer:
      out += std::to_string(value.as_int());
      return;
    case Value::Kind::real:
      out += format_double(value.as_real());
      return;
    case Value::Kind::bytes:
      out += base64(value.text());
      return;
    case Value::Kind::array:
    case Value::Kind::map:
      append_json(out, value);
      return;
  }
}

std::string as_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace gleaner::pdata
