#include "stanza/operators/syslog_message.h"

#include <algorithm>
#include <array>

#include "text/time_layout.h"
#include "text/utf8.h"

namespace gleaner::stanza {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool graph(char c) { return c > 0x20 && c < 0x7f; }

/// A position in a line, and the words of a failure at it.
struct Cursor {
  std::string_view line;
  std::string& why;
  std::size_t at = 0;

  bool end() const { return at >= line.size(); }
  char now() const { return end() ? '\0' : line[at]; }
  bool take(char c) {
    if (end() || line[at] != c) return false;
    ++at;
    return true;
  }
  bool fail(std::string_view words) {
    why = std::string(words) + " [col " + std::to_string(at) + "]";
    return false;
  }
  /// One character of [low, high].
  bool range(char low, char high) {
    if (end() || line[at] < low || line[at] > high) return false;
    ++at;
    return true;
  }
};

bool priority(Cursor& c, int& out) {
  constexpr auto kRange = "expecting a priority value in the range 1-191 or equal to 0";
  if (!c.take('<')) return c.fail("expecting a priority value within angle brackets");
  if (!digit(c.now())) return c.fail(kRange);
  out = 0;
  for (int count = 0; digit(c.now()); ++count, ++c.at) {
    const int next = out * 10 + (c.now() - '0');
    if ((count > 0 && out == 0) || next > 191) return c.fail(kRange);
    out = next;
  }
  return c.take('>') || c.fail(kRange);
}

std::string_view text_or_null(std::string_view text) { return text == "-" ? std::string_view() : text; }

// --- RFC 5424 ---------------------------------------------------------------------------------------------

/// A word of 1 to `most` visible characters and the blank behind it.
bool word(Cursor& c, std::size_t most, const char* words, std::string_view& out) {
  const std::size_t from = c.at;
  while (graph(c.now()) && c.at - from < most) ++c.at;
  if (c.at == from || c.now() != ' ') return c.fail(words);
  out = text_or_null(c.line.substr(from, c.at - from));
  ++c.at;
  return true;
}

/// 00..23 and 00..59.
bool hours(Cursor& c) {
  const char tens = c.now();
  return c.range('0', '2') && c.range('0', tens == '2' ? '3' : '9');
}
bool sixty(Cursor& c) { return c.range('0', '5') && c.range('0', '9'); }

bool timestamp_5424(Cursor& c, SyslogMessage& out) {
  constexpr auto kWords = "expecting a RFC3339MICRO timestamp or a nil value";
  if (c.take('-')) return c.take(' ') || c.fail("parsing error");
  const std::size_t from = c.at;
  const auto clock = [&] { return hours(c) && c.take(':') && sixty(c); };
  const auto shape = [&] {
    for (int i = 0; i < 4; ++i)
      if (!c.range('0', '9')) return false;
    if (!c.take('-')) return false;
    if (c.now() == '1' ? !(++c.at, c.range('0', '2')) : !(c.take('0') && c.range('1', '9'))) return false;
    if (!c.take('-')) return false;
    const char tens = c.now();
    if (!c.range('0', '3')) return false;
    if (!(tens == '0' ? c.range('1', '9') : tens == '3' ? c.range('0', '1') : c.range('0', '9')))
      return false;
    if (!c.take('T') || !clock() || !c.take(':') || !sixty(c)) return false;
    if (c.take('.')) {
      if (!c.range('0', '9')) return false;
      for (int i = 0; i < 5; ++i) c.range('0', '9');
    }
    if (c.take('Z')) return true;
    if (c.now() != '+' && c.now() != '-') return false;
    ++c.at;
    return clock();
  };
  if (!shape()) return c.fail(kWords);
  static const auto kLayout = *text::TimeLayout::gotime("2006-01-02T15:04:05.999999Z07:00");
  const auto nanos = kLayout.parse(c.line.substr(from, c.at - from), text::Zone::utc());
  if (!nanos) return c.fail(nanos.error().what);
  out.timestamp = *nanos;
  return c.take(' ') || c.fail("parsing error");
}

bool name(Cursor& c, std::string_view& out) {
  const std::size_t from = c.at;
  while (graph(c.now()) && c.now() != '=' && c.now() != ']' && c.now() != '"' && c.at - from < 32) ++c.at;
  out = c.line.substr(from, c.at - from);
  return c.at > from;
}

constexpr auto kParameter =
    "expecting a structured data parameter (`key=\"value\"`, both part from 1 to max 32 US-ASCII characters; "
    "key cannot contain `=`, ` `, `]`, "
    "and `\"`, while value cannot contain `]`, backslash, and `\"` unless escaped)";

bool parameter(Cursor& c, Arena& arena, SyslogMessage::Element& element) {
  SyslogMessage::Parameter one;
  if (!name(c, one.name) || !c.take('=') || !c.take('"')) return c.fail(kParameter);
  const std::size_t from = c.at;
  std::string plain;
  bool escaped = false;
  for (;; ++c.at) {
    constexpr auto kEscape = "expecting chars `]`, `\"`, and `\\` to be escaped within param value";
    if (c.end() || c.now() == ']') return c.fail(kEscape);
    if (c.now() == '"') break;
    if (c.now() == '\\') {
      if (!escaped) plain = c.line.substr(from, c.at - from);
      escaped = true;
      ++c.at;
      if (c.now() != '"' && c.now() != ']' && c.now() != '\\') return c.fail(kEscape);
      plain += c.now();
      continue;
    }
    const auto rune = text::next_rune(c.line.substr(c.at));
    if (!rune.valid) {
      if (rune.size == 1 && static_cast<unsigned char>(c.now()) < 0xc2) return c.fail(kEscape);
      if (rune.size == 1 && static_cast<unsigned char>(c.now()) > 0xf4) return c.fail(kEscape);
      c.at += rune.size;
      return c.fail(kParameter);
    }
    if (escaped) plain += c.line.substr(c.at, rune.size);
    c.at += rune.size - 1;
  }
  one.value = escaped ? arena.copy(plain) : c.line.substr(from, c.at - from);
  ++c.at;
  const auto there = std::find_if(element.parameters.begin(), element.parameters.end(),
                                  [&](const auto& p) { return p.name == one.name; });
  if (there != element.parameters.end())
    there->value = one.value;
  else
    element.parameters.push_back(one);
  return true;
}

bool structured_data(Cursor& c, Arena& arena, SyslogMessage& out) {
  constexpr auto kWords =
      "expecting a structured data section containing one or more elements (`[id( key=\"value\")*]+`) or a "
      "nil value";
  constexpr auto kId =
      "expecting a structured data element id (from 1 to max 32 US-ASCII characters; except `=`, ` `, `]`, "
      "and `\"`";
  if (c.take('-')) return true;
  if (c.now() != '[') return c.fail(kWords);
  while (c.take('[')) {
    SyslogMessage::Element element;
    if (!name(c, element.id) || (c.now() != ' ' && c.now() != ']')) return c.fail(kId);
    if (std::any_of(out.elements.begin(), out.elements.end(),
                    [&](const auto& e) { return e.id == element.id; }))
      return c.fail("duplicate structured data element id");
    while (c.take(' '))
      if (!parameter(c, arena, element)) return false;
    if (!c.take(']')) return c.fail(kParameter);
    out.elements.push_back(std::move(element));
  }
  return c.end() || c.now() == ' ' || c.fail(kWords);
}

}  // namespace

bool parse_rfc5424(std::string_view line, Arena& arena, SyslogMessage& out, std::string& why) {
  constexpr auto kVersion = "expecting a version value in the range 1-999";
  Cursor c{line, why};
  if (!priority(c, out.priority)) return false;
  if (c.now() < '1' || c.now() > '9') return c.fail(kVersion);
  int digits = 0;
  for (; digit(c.now()) && digits < 3; ++digits, ++c.at) out.version = out.version * 10 + (c.now() - '0');
  if (!c.take(' ')) return c.fail(digits > 1 && !c.end() ? kVersion : "parsing error");
  if (!timestamp_5424(c, out)) return false;
  if (!word(c, 255, "expecting an hostname (from 1 to max 255 US-ASCII characters) or a nil value",
            out.hostname) ||
      !word(c, 48, "expecting an app-name (from 1 to max 48 US-ASCII characters) or a nil value",
            out.appname) ||
      !word(c, 128, "expecting a procid (from 1 to max 128 US-ASCII characters) or a nil value",
            out.proc_id) ||
      !word(c, 32, "expecting a msgid (from 1 to max 32 US-ASCII characters) or a nil value", out.msg_id) ||
      !structured_data(c, arena, out))
    return false;
  if (c.end()) return true;
  if (!c.take(' ')) return c.fail("parsing error");
  if (!c.end()) out.message = line.substr(c.at);
  return true;
}

// --- RFC 3164 ---------------------------------------------------------------------------------------------

namespace {

bool stamp(Cursor& c, const text::Zone& zone, SyslogMessage& out) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr auto kWords = "expecting a Stamp timestamp";
  const std::size_t from = c.at;
  std::size_t fits = 0;  // how much of a month's name is there
  for (const auto month : kMonths) {
    std::size_t same = 0;
    while (same < 3 && c.at + same < c.line.size() && c.line[c.at + same] == month[same]) ++same;
    fits = std::max(fits, same);
  }
  if (fits == 0) return c.fail("expecting a sequence number (from 1 to max 255 digits)");
  c.at += fits;
  if (fits < 3 || !c.take(' ')) return c.fail(kWords);
  const char tens = c.now();
  const bool day = tens == ' ' || tens == '0' ? (++c.at, c.range('1', '9'))
                   : tens == '3'              ? (++c.at, c.range('0', '1'))
                                              : c.range('1', '2') && c.range('0', '9');
  if (!day || !c.take(' ') || !hours(c) || !c.take(':') || !sixty(c) || !c.take(':') || !sixty(c))
    return c.fail(kWords);
  static const auto kLayout = *text::TimeLayout::gotime("Jan _2 15:04:05");
  const auto nanos = kLayout.parse(c.line.substr(from, c.at - from), zone);
  if (!nanos) return c.fail(nanos.error().what);
  out.timestamp = *nanos;
  return true;
}

bool visible(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

/// The word in front of the first blank is a host name, and perhaps a tag too: what stands in front of a '['
/// has then been taken for one, the name begins behind it, and a pid may go on in the text.
/// @return where the host name begins
std::size_t host_and_tag(std::string_view word, std::string_view text, SyslogMessage& out) {
  const auto open = word.find('[');
  if (open == 0 || open == std::string_view::npos || open > 48) return 0;
  out.appname = text_or_null(word.substr(0, open));
  const auto rest = word.substr(open + 1);
  const auto close = rest.find_first_of("[]"), later = text.find_first_of("[]");
  const auto pid = close == std::string_view::npos ? text.substr(0, later) : rest.substr(0, close);
  const auto end = close == std::string_view::npos ? text.substr(pid.size()) : rest.substr(close);
  if (!pid.empty() && end.starts_with(']')) out.proc_id = text_or_null(pid);
  return rest.empty() || rest[0] == '[' ? 0 : open + 1;
}

/// "tag[pid]: text"; the tag and the pid count even when what follows does not fit, and the message then
/// begins where the last of them did: so does the reference's state machine.
void tag_and_message(std::string_view text, SyslogMessage& out) {
  std::size_t at = 0;
  while (at < text.size() && at < 48 && graph(text[at]) && text[at] != ':' && text[at] != '[') ++at;
  out.message = text;
  if (at == 0 || at >= text.size() || (text[at] != ':' && text[at] != '[')) return;
  out.appname = text_or_null(text.substr(0, at));
  if (text[at] == '[') {
    const auto content = text.substr(at + 1);
    const auto close = content.find_first_of("[]");
    if (!content.empty() && content[0] != '[') out.message = content;
    if (close == std::string_view::npos || content[close] == '[') return;
    out.proc_id = close == 0 ? std::string_view() : text_or_null(content.substr(0, close));
    at += close + 2;
  }
  if (text.size() > at + 2 && text[at] == ':' && text[at + 1] == ' ') out.message = text.substr(at + 2);
}

}  // namespace

bool parse_rfc3164(std::string_view line, const text::Zone& zone, SyslogMessage& out, std::string& why) {
  constexpr auto kNothing = "parsed value was not rfc3164 or rfc5424 compliant";
  Cursor c{line, why};
  if (!priority(c, out.priority)) return false;
  while (c.take(' ')) {
  }
  if (!stamp(c, zone, out)) return false;
  if (!c.take(' ')) {
    why = kNothing;
    return false;
  }
  while (c.take(' ')) {
  }
  if (c.end() || !visible(c.now()))
    return c.fail("expecting an hostname (from 1 to max 255 US-ASCII characters)");
  auto rest = line.substr(c.at);
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  if (!std::all_of(rest.begin(), rest.end(), visible)) {
    why = kNothing;
    return false;
  }
  std::size_t end = 0;
  while (end < rest.size() && graph(rest[end]) && rest[end] != ':' && end < 255) ++end;
  const bool host = end > 0 && end < rest.size() && rest[end] == ' ';
  if (!host) {
    tag_and_message(rest, out);
    return true;
  }
  const auto word = rest.substr(0, end);
  const auto text = std::min(rest.find_first_not_of(' ', end), rest.size());
  out.hostname = text_or_null(word.substr(host_and_tag(word, rest.substr(text), out)));
  if (text == rest.size())
    out.message = end + 1 == rest.size() ? rest : rest.substr(rest.size() - 1);
  else
    tag_and_message(rest.substr(text), out);
  return true;
}

std::string_view facility_name(int facility) {
  static constexpr std::array<std::string_view, 24> kNames = {
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "cron2",
      "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7"};
  return facility < 0 || facility > 23 ? "" : kNames[static_cast<std::size_t>(facility)];
}

std::string_view severity_word(int severity) {
  static constexpr std::array<std::string_view, 8> kWords = {"emerg",   "alert",  "crit", "err",
                                                             "warning", "notice", "info", "debug"};
  return severity < 0 || severity > 7 ? "" : kWords[static_cast<std::size_t>(severity)];
}

}  // namespace gleaner::stanza
