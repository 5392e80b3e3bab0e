#include "base/log.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

namespace gleaner::log {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
constexpr std::size_t kSampleSlots = 512;  // messages share a counter when they collide, as in zap

/// Length of the valid UTF-8 sequence at `at`, 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  std::size_t length = lead < 0x80                   ? 1
                       : lead >= 0xF0 && lead < 0xF5 ? 4
                       : lead >= 0xE0                ? 3
                       : lead >= 0xC2                ? 2
                                                     : 0;
  if (lead >= 0xF5 || length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(at + 1) < 0xA0) return 0;
  if (lead == 0xED && byte(at + 1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(at + 1) < 0x90) return 0;
  if (lead == 0xF4 && byte(at + 1) > 0x8F) return 0;
  return length;
}

/// "2006-01-02T15:04:05.000Z0700" in the process's zone.
std::string timestamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm local{};
  ::localtime_r(&now.tv_sec, &local);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", local.tm_year + 1900, local.tm_mon + 1,
                  local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, now.tv_nsec / 1'000'000);
  const long offset = local.tm_gmtoff / 60;
  if (offset == 0) return out + "Z";
  return out +
         fmt::format("{}{:02}{:02}", offset < 0 ? '-' : '+', std::labs(offset) / 60, std::labs(offset) % 60);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    switch (c) {
      case '"':
        out += "\\\"";
        ++i;
        continue;
      case '\\':
        out += "\\\\";
        ++i;
        continue;
      case '\n':
        out += "\\n";
        ++i;
        continue;
      case '\r':
        out += "\\r";
        ++i;
        continue;
      case '\t':
        out += "\\t";
        ++i;
        continue;
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out += "\\ufffd";
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  out += '"';
}

Field::Field(std::string_view k, std::string_view text) : key(k) { append_json_string(json, text); }
Field::Field(std::string_view k, double value)
    : key(k), json(std::isfinite(value) ? fmt::format("{}", value) : fmt::format("\"{}\"", value)) {}

Field Field::raw(std::string_view k, std::string text) {
  Field field;
  field.key = k;
  field.json = std::move(text);
  return field;
}

bool Sink::admit(Level level, std::string_view message) {
  if (!options_.sampling) return true;
  if (seen_.empty()) seen_.resize(kSampleSlots);
  const std::size_t hash = std::hash<std::string_view>{}(message)*4 + static_cast<std::size_t>(level);
  Seen& seen = seen_[hash % kSampleSlots];
  const std::int64_t tick = std::time(nullptr) / 10;  // the reference's tick: 10 s
  if (seen.tick != tick) seen = {tick, 0};
  const std::uint32_t n = ++seen.count;
  if (n <= options_.initial || (options_.thereafter && (n - options_.initial) % options_.thereafter == 0))
    return true;
  ++sampled_out_;
  return false;
}

void Sink::write(Level level, std::string_view message, const std::vector<Field>& own, Fields fields,
                 bool sampled) {
  if (level < options_.level) return;
  const std::lock_guard lock(mutex_);
  if (sampled && !admit(level, message)) return;
  const bool json = options_.encoding == Encoding::json;
  const std::string_view colon = json ? ":" : ": ", comma = json ? "," : ", ";
  std::string line;
  if (json) {
    line = fmt::format(R"({{"level":"{}","ts":"{}","msg":)", kNames[static_cast<int>(level)], timestamp());
    append_json_string(line, message);
  } else {
    line = fmt::format("{}\t{}\t{}", timestamp(), kNames[static_cast<int>(level)], message);
  }
  bool first = !json;
  const auto add = [&](const Field& field) {
    line += first ? std::string_view("\t{") : comma;
    first = false;
    append_json_string(line, field.key);
    line += colon;
    line += field.json;
  };
  for (const auto& field : own) add(field);
  for (const auto& field : fields) add(field);
  if (!first) line += '}';
  line += '\n';
  put(line);
}

void Sink::put(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

const std::vector<Field> Logger::kNone;

Logger Logger::with(Fields fields) const {
  Logger more = *this;
  auto own = own_ ? *own_ : std::vector<Field>{};
  own.insert(own.end(), fields.begin(), fields.end());
  more.own_ = std::make_shared<const std::vector<Field>>(std::move(own));
  return more;
}

}  // namespace gleaner::log
