#include "stanza/blocks.h"

#include <charconv>
#include <cmath>

#include "base/log.h"
#include "text/go_format.h"

namespace gleaner::stanza {
namespace {

using Kind = pdata::Value::Kind;

bool failed(Words& why, std::string what) {
  why = std::move(what);
  return false;
}

constexpr std::string_view kNoField = "log entry does not have the expected parse_from field";

}  // namespace

Words missing_field(std::string_view message, const Field& field) {
  Words out(message);
  out += ": {\"parse_from\":";
  log::append_json_string(out, field.text());
  return out + "}";
}

Result<TimeBlock> TimeBlock::make(const Config& config) {
  TimeBlock block;
  if (!config.parse_from) return fail(Fault::config, "missing required parameter 'parse_from'");
  block.parse_from_ = *config.parse_from;
  if (config.layout.empty()) return fail(Fault::config, "missing required configuration parameter `layout`");
  if (config.layout_type == "epoch") {
    auto epoch = text::EpochLayout::compile(config.layout);
    if (!epoch) return fail(epoch.error());
    block.epoch_ = std::move(*epoch);
    return block;
  }
  if (config.layout_type != "strptime" && config.layout_type != "gotime")
    return fail(Fault::config, "unsupported layout_type " + config.layout_type +
                                   ": valid values are 'strptime', 'gotime', and 'epoch'");
  auto layout = config.layout_type == "gotime" ? text::TimeLayout::gotime(config.layout)
                                               : text::TimeLayout::strptime(config.layout, config.narrow);
  if (!layout) return fail(layout.error());
  block.zone_ = layout->default_zone();
  block.layout_ = std::move(*layout);
  if (!config.location.empty()) {
    auto zone = text::Zone::load(config.location);
    if (!zone)
      return fail(Fault::config, "invalid 'location': failed to load location " + config.location + ": " +
                                     zone.error().what);
    block.zone_ = *zone;
  }
  return block;
}

bool TimeBlock::apply(Entry& entry, Words& why) const {
  const pdata::Value* value = parse_from_.get(entry);
  if (!value) return failed(why, missing_field(kNoField, parse_from_));
  const bool textual = value->is_string() || value->kind() == Kind::bytes;
  const auto wrong_type = [&] {
    return failed(why, "type " + std::string(text::go_type(*value)) + " cannot be parsed as a time");
  };
  if (layout_) {
    if (!textual) return wrong_type();
    const auto nanos = layout_->parse(value->text(), zone_);
    if (!nanos) return failed(why, nanos.error().what);
    entry.timestamp = static_cast<std::uint64_t>(*nanos);
    return true;
  }
  if (value->kind() == Kind::integer) {
    entry.timestamp = static_cast<std::uint64_t>(epoch_->parse(value->as_int()));
    return true;
  }
  if (!textual && value->kind() != Kind::real) return wrong_type();
  const auto nanos = textual ? epoch_->parse(value->text()) : epoch_->parse(value->as_real());
  if (!nanos) return failed(why, nanos.error().what);
  entry.timestamp = static_cast<std::uint64_t>(*nanos);
  return true;
}

bool SeverityBlock::apply(Entry& entry, Arena& arena, Words& why) const {
  const pdata::Value* value = parse_from_.get(entry);
  if (!value) return failed(why, missing_field(kNoField, parse_from_));
  char digits[24];
  std::string_view word;
  const auto number = [&](std::int64_t n) {
    const auto end = std::to_chars(digits, digits + sizeof digits, n);
    word = {digits, static_cast<std::size_t>(end.ptr - digits)};
  };
  constexpr double kLimit = 9223372036854775808.0;  // of integers
  switch (value->kind()) {
    case Kind::string:
    case Kind::bytes:
      word = value->text();
      break;
    case Kind::integer:
      number(value->as_int());
      break;
    case Kind::real:
      if (value->as_real() != std::trunc(value->as_real()) || !(value->as_real() >= -kLimit) ||
          value->as_real() >= kLimit)
        return failed(why, "parse: type float64 cannot be a severity unless it is a whole number");
      number(static_cast<std::int64_t>(value->as_real()));
      break;
    default:
      return failed(why, "parse: type " + std::string(text::go_type(*value)) + " cannot be a severity");
  }
  entry.severity = map_.find(word);
  if (overwrite_text_ && entry.severity > 0)
    entry.severity_text = text::severity_name(entry.severity);
  else
    entry.severity_text = word.data() == digits ? arena.copy(word) : word;
  return true;
}

namespace {

/// Go's hex.DecodeString, with its words.
bool decode_hex(const pdata::Value& value, Arena& arena, std::string_view& out, std::string& why) {
  std::string printed;
  std::string_view digits =
      value.is_string() ? value.text() : std::string_view(printed = text::go_text(value));
  const auto nibble = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int n = nibble(digits[i]);
    if (n < 0) {
      char code[64];
      const auto byte = static_cast<unsigned char>(digits[i]);
      std::snprintf(code, sizeof code, byte < 0x7f && byte >= 0x20 ? "U+%04X '%c'" : "U+%04X", byte, byte);
      why = std::string("encoding/hex: invalid byte: ") + code;
      return false;
    }
    if (i % 2 == 0)
      bytes += static_cast<char>(n << 4);
    else
      bytes.back() = static_cast<char>(bytes.back() | n);
  }
  if (digits.size() % 2) {
    why = "encoding/hex: odd length hex string";
    return false;
  }
  out = arena.copy(bytes);
  return true;
}

}  // namespace

bool TraceBlock::apply(Entry& entry, Arena& arena, Words& why) const {
  struct Part {
    const char* name;
    const Field& from;
    std::string_view& to;
  };
  const Part parts[] = {{"span_id", span_id_, entry.span_id},
                        {"trace_flags", trace_flags_, entry.trace_flags},
                        {"trace_id", trace_id_, entry.trace_id}};
  std::string details;
  for (const auto& [name, from, to] : parts) {
    to = {};
    const pdata::Value* value = from.get(entry);
    std::string reason;
    if (!value || decode_hex(*value, arena, to, reason)) continue;
    details += std::string(details.empty() ? "\"" : ",\"") + name + "\":";
    log::append_json_string(details, reason);
  }
  return details.empty() || failed(why, "Error decoding traces for logs: {" + details + "}");
}

bool ScopeBlock::apply(Entry& entry, Words& why) const {
  const pdata::Value* value = parse_from_.get(entry);
  if (!value) return failed(why, missing_field(kNoField, parse_from_));
  if (!value->is_string())
    return failed(why, missing_field("parse_from field does not contain a string", parse_from_));
  entry.scope_name = value->text();
  return true;
}

}  // namespace gleaner::stanza
