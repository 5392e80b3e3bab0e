// Lines of logs in widely used formats to maps: CEF, CLF, ELF, LEEF. The transform processor's own functions.
#include <algorithm>
#include <optional>

#include "text/go_format.h"
#include "text/ottl/casing.h"
#include "text/ottl/function.h"
#include "text/ottl/numbers.h"
#include "text/regex.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Map;
using pdata::Value;

/// What the formats share: the source, and the map that is made.
struct Line {
  Env& env;
  std::string_view text;
  Value made;

  void put(std::string_view name, std::string_view value) {
    made.as_map().set(*env.arena, name, Value::string(value));
  }
  void put(std::string_view name, const Value& value) { made.as_map().set(*env.arena, name, value); }
};

template <bool (*kParse)(const Call&, Line&)>
bool parse_line(const Call& call, Env& env, Any& out) {
  Line line{env, {}, Value::new_map(*env.arena)};
  if (!call.string(env, 0, line.text)) return false;
  if (line.text.empty())
    return env.fail("cannot parse empty " + std::string(call.function().name.substr(5)) + " message");
  if (!kParse(call, line)) return false;
  out = Any::of(line.made);
  return true;
}

/// Cuts off and returns what is in front of `at`, or everything. @return whether `at` was there
bool cut(std::string_view& rest, char at, std::string_view& part) {
  const auto end = rest.find(at);
  part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return end != std::string_view::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// --- CEF ---

/// `text` with a backslash and one of `escaped` as what they stand for.
std::string_view cef_plain(Env& env, std::string_view text, std::string_view escaped) {
  if (text.find('\\') == std::string_view::npos) return text;
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size() || escaped.find(text[i + 1]) == std::string_view::npos) {
      made += text[i];
      continue;
    }
    const char next = text[++i];
    made += next == 'n' ? '\n' : next == 'r' ? '\r' : next;
  }
  return env.keep(made);
}

/// The length of the key in front of `text`, 0 when there is none.
std::size_t cef_key(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && ((text[n] >= '0' && text[n] <= '9') || (text[n] >= 'A' && text[n] <= 'Z') ||
                             (text[n] >= 'a' && text[n] <= 'z') || text[n] == '_'))
    ++n;
  return n < text.size() && text[n] == '=' ? n : 0;
}

/// Values go on until the next " key=".
void cef_extensions(Env& env, std::string_view text, Map& into) {
  std::string_view name;
  std::size_t from = 0;
  const auto finish = [&](std::size_t end) {
    if (name.empty()) return;
    auto value = text.substr(from, end - from);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    into.set(*env.arena, name, Value::string(cef_plain(env, value, "\\=nr")));
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto size = i == 0 || text[i - 1] == ' ' ? cef_key(text.substr(i)) : 0;
    if (size == 0) {
      ++i;
      continue;
    }
    finish(i);
    name = text.substr(i, size);
    i = from = i + size + 1;
  }
  finish(text.size());
}

bool parse_cef(const Call&, Line& line) {
  constexpr std::string_view kNames[] = {
      "cef.version",        "cef.device_vendor",         "cef.device_product",
      "cef.device_version", "cef.device_event_class_id", "cef.name",
      "cef.severity"};
  const auto start = line.text.find("CEF:");
  if (start == std::string_view::npos) return line.env.fail("invalid CEF message: 'CEF:' not found");
  std::string_view rest = line.text.substr(start);
  std::size_t count = 0;
  bool more = true;
  std::string_view fields[std::size(kNames)];
  while (more && count < std::size(kNames)) {
    std::size_t end = 0;
    for (; end < rest.size() && rest[end] != '|'; ++end)
      if (rest[end] == '\\' && end + 1 < rest.size() && (rest[end + 1] == '|' || rest[end + 1] == '\\'))
        ++end;
    more = end < rest.size();
    fields[count++] = rest.substr(0, end);
    rest.remove_prefix(more ? end + 1 : rest.size());
  }
  if (count < std::size(kNames))
    return line.env.fail(
        "invalid CEF header: expected at least 7 pipe-delimited fields (CEF:Version, Device Vendor, Device "
        "Product, Device Version, Device Event Class ID, Name, Severity), got " +
        std::to_string(count));
  fields[0].remove_prefix(4);
  if (fields[0].empty()) return line.env.fail("invalid CEF message: missing version");
  line.put(kNames[0], fields[0]);
  for (std::size_t i = 1; i < count; ++i) line.put(kNames[i], cef_plain(line.env, fields[i], "|\\"));
  Value extensions = Value::new_map(*line.env.arena);
  cef_extensions(line.env, rest, extensions.as_map());
  line.put("cef.extensions", extensions);
  return true;
}

// --- CLF ---

struct ClfState : CallState {
  std::optional<Regex> regex;
  std::string_view format;
};

Result<> prepare_clf(Call& call) {
  auto state = std::make_unique<ClfState>();
  state->format = call.text(1, "clf");
  std::string pattern = R"re(^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\S+) (\S+))re";
  if (state->format == "combined")
    pattern += R"re( "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")re";
  else if (state->format != "clf")
    return fail(Fault::config,
                "invalid format " + go_quote(state->format) + R"(: must be "clf" or "combined")");
  auto regex = Regex::compile(pattern + "$");
  if (!regex) return fail(std::move(regex.error()));
  state->regex = std::move(*regex);
  call.state = std::move(state);
  return {};
}

/// What Apache's mod_log_config and nginx escape.
std::string_view clf_plain(Env& env, std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return text;
  constexpr std::string_view kEscapes = "\\\"ntrbfv", kMeanings = "\\\"\n\t\r\b\f\v";
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      made += text[i];
      continue;
    }
    const char next = text[++i];
    if (const auto at = kEscapes.find(next); at != std::string_view::npos) {
      made += kMeanings[at];
    } else if (next == 'x' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      made += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      made += '\\';
      made += next;
    }
  }
  return env.keep(made);
}

bool put_number(Line& line, std::string_view name, std::string_view what, std::string_view text) {
  std::int64_t number = 0;
  const auto flaw = parse_int(text, 10, number);
  if (flaw != NumberFlaw::none)
    return line.env.fail("invalid " + std::string(what) + " " + go_quote(text) +
                         ": strconv.ParseInt: parsing " + go_quote(text) +
                         (flaw == NumberFlaw::range ? ": value out of range" : ": invalid syntax"));
  line.put(name, Value::integer(number));
  return true;
}

bool parse_clf(const Call& call, Line& line) {
  const auto& state = call.state_as<ClfState>();
  std::string_view groups[10];
  if (!state.regex->match(trimmed(line.text), groups))
    return line.env.fail("invalid CLF message: does not match expected " + go_quote(state.format) +
                         " format");
  line.put("clf.remote_host", groups[1]);
  line.put("clf.rfc931", groups[2]);
  line.put("clf.auth_user", groups[3]);
  line.put("clf.timestamp", groups[4]);
  std::string_view rest = clf_plain(line.env, groups[5]), method, target;
  line.put("clf.request", rest);
  if (cut(rest, ' ', method) && cut(rest, ' ', target)) {
    line.put("clf.method", method);
    line.put("clf.request_uri", target);
    line.put("clf.protocol", rest);
  }
  if (!put_number(line, "clf.status", "status code", groups[6])) return false;
  if (groups[7] != "-" && !put_number(line, "clf.bytes", "bytes value", groups[7])) return false;
  if (state.format == "combined") {
    line.put("clf.referer", clf_plain(line.env, groups[8]));
    line.put("clf.user_agent", clf_plain(line.env, groups[9]));
  }
  return true;
}

// --- ELF ---

bool same_folded(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

/// Words with blanks between them; in quotes, two quotes are one. @return false: a quote that does not end
bool elf_words(Env& env, std::string_view text, std::vector<std::string_view>& words) {
  std::size_t i = 0;
  while ((i = text.find_first_not_of(" \t", i)) != std::string_view::npos) {
    if (text[i] != '"') {
      const auto end = std::min(text.find_first_of(" \t", i), text.size());
      words.push_back(text.substr(i, end - i));
      i = end;
      continue;
    }
    std::string made;
    for (bool more = true; more;) {
      const auto end = text.find('"', ++i);
      if (end == std::string_view::npos) return false;
      made += text.substr(i, end - i);
      i = end + 1;
      more = i < text.size() && text[i] == '"';
      if (more) made += '"';
    }
    words.push_back(env.keep(made));
  }
  return true;
}

void elf_fields(std::string_view text, std::vector<std::string_view>& fields) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  fields.clear();
  std::size_t i = 0;
  while ((i = text.find_first_not_of(kBlanks, i)) != std::string_view::npos) {
    const auto end = std::min(text.find_first_of(kBlanks, i), text.size());
    fields.push_back(text.substr(i, end - i));
    i = end;
  }
}

bool parse_elf(const Call&, Line& line) {
  struct Directive {
    std::string_view name, key;
  };
  constexpr Directive kDirectives[] = {
      {"version", "elf.version"},       {"software", "elf.software"}, {"date", "elf.date"},
      {"start-date", "elf.start_date"}, {"end-date", "elf.end_date"}, {"remark", "elf.remark"},
  };
  Env& env = line.env;
  Value entries = Value::new_array(*env.arena), names = Value::new_array(*env.arena);
  line.put("elf.entries", entries);
  std::vector<std::string_view> fields, words;
  std::string_view rest = line.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    const auto text = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    if (text[0] == '#') {
      std::string_view value = text.substr(1), key;
      if (!cut(value, ':', key)) {
        if (same_folded(trimmed(key).substr(0, 6), "fields"))
          return env.fail("invalid ELF: malformed #Fields directive " + go_quote(text) + ": directive " +
                          go_quote(text) + " has no colon separator");
        continue;
      }
      key = trimmed(key);
      value = trimmed(value);
      if (same_folded(key, "fields")) elf_fields(value, fields);
      for (const auto& directive : kDirectives)
        if (same_folded(key, directive.name)) line.put(directive.key, value);
      continue;
    }
    if (fields.empty()) return env.fail("invalid ELF: data entry found before #Fields directive");
    words.clear();
    if (!elf_words(env, text, words))
      return env.fail("invalid ELF: unterminated quoted value in data line: " + go_quote(text));
    Value entry = Value::new_map(*env.arena);
    for (std::size_t i = 0; i < fields.size(); ++i)
      entry.as_map().set(*env.arena, fields[i], Value::string(i < words.size() ? words[i] : "-"));
    entries.as_array().push_back(*env.arena, entry);
  }
  if (!line.made.as_map().find("elf.version")) return env.fail("invalid ELF: missing #Version directive");
  for (const auto field : fields) names.as_array().push_back(*env.arena, Value::string(field));
  line.put("elf.fields", names);
  return true;
}

// --- LEEF ---

/// The delimiter field of LEEF 2.0. @return what is wrong with it
std::string leef_delimiter(std::string_view text, char& out) {
  if (text.empty()) return {};
  if (!text.starts_with("0x") && !text.starts_with("0X")) {
    out = text[0];
    return text.size() == 1
               ? std::string()
               : "delimiter must be a single character or 0x-prefixed hex value, got " + go_quote(text);
  }
  const auto digits = text.substr(2);
  if (digits.empty()) return "empty hex value";
  for (const char c : digits)
    if (hex_digit(c) < 0)
      return "invalid hex delimiter " + go_quote(text) + ": encoding/hex: invalid byte: " + go_quote({&c, 1});
  if (digits.size() % 2 != 0)
    return "invalid hex delimiter " + go_quote(text) + ": encoding/hex: odd length hex string";
  if (digits.size() != 2)
    return "hex delimiter must decode to a single byte, got " + std::to_string(digits.size() / 2) + " bytes";
  out = static_cast<char>(hex_digit(digits[0]) * 16 + hex_digit(digits[1]));
  return {};
}

bool parse_leef(const Call&, Line& line) {
  constexpr std::string_view kNames[] = {"leef.vendor", "leef.product.name", "leef.product.version",
                                         "leef.event.id"};
  const auto start = line.text.find("LEEF:");
  if (start == std::string_view::npos) return line.env.fail("invalid LEEF message: 'LEEF:' not found");
  std::string_view rest = line.text.substr(start + 5), version;
  if (!cut(rest, '|', version))
    return line.env.fail("invalid LEEF message: missing pipe delimiter in header");
  if (version != "1.0" && version != "2.0")
    return line.env.fail("unsupported LEEF version: " + std::string(version) + " (supported: 1.0, 2.0)");
  line.put("leef.version", version);
  bool more = true;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (!more)
      return line.env.fail("invalid LEEF " + std::string(version) +
                           " header: expected at least 4 fields (vendor, product, version, eventID), got " +
                           std::to_string(i));
    std::string_view field;
    more = cut(rest, '|', field);
    line.put(kNames[i], field);
  }
  char delimiter = '\t';
  std::string_view after = rest, field;
  if (version == "2.0" && more) {
    cut(after, '|', field);
    // A field with an equal sign is the first attribute already.
    if (field.find('=') == std::string_view::npos) {
      if (const auto why = leef_delimiter(field, delimiter); !why.empty())
        return line.env.fail("invalid LEEF 2.0 delimiter: " + why);
      rest = after;
    }
  }
  Value attributes = Value::new_map(*line.env.arena);
  while (!rest.empty()) {
    std::string_view value, key;
    cut(rest, delimiter, value);
    if (cut(value, '=', key) && !key.empty())
      attributes.as_map().set(*line.env.arena, key, Value::string(value));
  }
  line.put("leef.attributes", attributes);
  return true;
}

}  // namespace

std::span<const Function> log_line_functions() {
  static constexpr ContextSet kLog = bit(Context::log);
  static constexpr Function kRows[] = {
      {"ParseCEF", {{{"Target", Param::string}}}, parse_line<parse_cef>, nullptr, kLog, kTransform},
      {"ParseCLF",
       {{{"Target", Param::string}, {"Format", Param::text, true}}},
       parse_line<parse_clf>,
       prepare_clf,
       kLog,
       kTransform},
      {"ParseELF", {{{"Target", Param::string}}}, parse_line<parse_elf>, nullptr, kLog, kTransform},
      {"ParseLEEF", {{{"Target", Param::string}}}, parse_line<parse_leef>, nullptr, kLog, kTransform},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
