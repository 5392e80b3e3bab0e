#include "text/stack_trace.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gleaner::text {
namespace {

using State = StackTrace::State;

/// What a line is in its language.
enum class Line : std::uint8_t {
  other,  ///< begins a record
  head,   ///< opens a trace
  frame,  ///< goes on, and we are in a trace
  tail,   ///< goes on when we are in a trace
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(char c) {
  return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::size_t digits(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// "... 12 more", "... 3 common frames omitted", "...7 frames elided..."
bool elided(std::string_view line) {
  if (!line.starts_with("...")) return false;
  const std::size_t at = line.find_first_not_of(' ', 3);
  return at != std::string_view::npos && (digits(line, at) > 0 || line.starts_with("...additional frames"));
}

/// Whether a line speaks of an error or a warning: a level as loggers write it, or a word of that kind.
bool alarming(std::string_view line) {
  static constexpr std::string_view kWords[] = {
      "ERROR",    "Error", "error",     "ERR",       "WARN",      "WARNING", "Warning",  "warn",
      "warning",  "WRN",   "FATAL",     "fatal",     "FTL",       "SEVERE",  "CRITICAL", "Critical",
      "critical", "crit",  "CRIT",      "fail",      "FAIL",      "failed",  "Failed",   "failure",
      "Failure",  "panic", "Exception", "exception", "Unhandled", "Uncaught"};
  constexpr std::string_view kFirsts = "EeWwFfSCcpU";
  line = line.substr(0, 256);  // where levels stand
  for (std::size_t at = 0; at < line.size();) {
    if (!is_word(line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && is_word(line[end])) ++end;
    const auto word = line.substr(at, end - at);
    if (kFirsts.find(word[0]) != std::string_view::npos) {
      if (word.size() <= 9 && std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords))
        return true;
      // "E, [2024...", "E0505 10:00:00": only in front
      if (at == 0 && (word[0] == 'E' || word[0] == 'W' || word[0] == 'F') &&
          (word.size() == 1 || (word.size() == 5 && digits(word, 1) == 4)))
        return true;
    }
    if (word.size() > 5 && (word.ends_with("Exception") || word.ends_with("Error"))) return true;
    at = end;
  }
  return false;
}

/// The end of a dotted name at the front: "java.lang.Foo$Bar", "System.IO.IOException`1".
std::size_t name_end(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && (is_word(line[at]) || line[at] == '.' || line[at] == '`' || line[at] == '+'))
    ++at;
  return at;
}

/// A class name that ends like an exception's, alone or with ": message" behind.
bool exception_class(std::string_view line, bool dotted) {
  const std::size_t end = name_end(line);
  const auto name = line.substr(0, end);
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  if (dotted && !has(name, ".")) return false;
  const auto last = name.substr(name.rfind('.') + 1);
  if (last.empty() || !is_upper(last[0])) return false;
  const bool named_so =
      has(last, "Exception") || has(last, "Error") || has(last, "Throwable") || has(last, "Failure");
  const auto rest = line.substr(end);
  return named_so && (rest.empty() || rest.starts_with(":") || rest.starts_with(" ("));
}

/// "a.b.C.d(...": a dotted name without blanks, and what is called with.
bool called(std::string_view text) {
  const auto open = text.find('(');
  const auto name = text.substr(0, open);
  return open != std::string_view::npos && open > 0 && has(name, ".") && !has(name, " ");
}
bool one_word(std::string_view line) { return line.find_first_of(" \t") == std::string_view::npos; }

// --- Java, Kotlin, Scala -----------------------------------------------------------------------------------

Line java(std::string_view line, State& state) {
  if (line.starts_with("at ")) {
    // at com.example.Foo.bar(Foo.java:12), at module/pkg.Foo.bar(Native Method)
    if (called(line.substr(3))) return Line::frame;
    return state.place ? Line::tail : Line::other;
  }
  for (const std::string_view word : {"Caused by: ", "Suppressed: ", "Wrapped by: ", "[CIRCULAR REFERENCE"})
    if (line.starts_with(word)) return Line::frame;
  if (elided(line)) return Line::tail;
  if (line.starts_with("(Coroutine boundary)") || line.starts_with("nested exception is:")) return Line::tail;
  if (line.starts_with("Exception in thread ") || line.starts_with("Exception: ")) return Line::head;
  return exception_class(line, true) ? Line::head : Line::other;
}

// --- Python ------------------------------------------------------------------------------------------------

/// Places: 1 between frames, 2 the source line comes, 3 behind the exception, 4 a chained one comes.
Line python(std::string_view line, State& state) {
  std::string_view text = line;
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
  const bool group = text.starts_with("| ") || text.starts_with("+-") ||
                     text.starts_with("+ Exception Group") ||
                     text == "|";  // an exception group draws a frame around each
  if (has(text, "Traceback (most recent call last):")) {
    const bool goes_on = state.place == 4 || (state.place > 0 && group);
    state.place = 1;
    return goes_on ? Line::frame : Line::head;
  }
  if (text.starts_with("During handling of the above exception") ||
      text.starts_with("The above exception was the direct cause")) {
    if (!state.place) return Line::other;
    state.place = 4;
    return Line::tail;
  }
  if (group && state.place) {
    state.place = 3;
    return Line::tail;
  }
  if (text.starts_with("File \"") && has(text, "\", line ")) {
    state.place = 2;
    return Line::frame;
  }
  const bool indented = text.size() < line.size();
  if (state.place == 2) {  // of the source, or a marker under it, or what ends the trace
    if (!indented && exception_class(line, false)) {
      state.place = 3;
      return Line::tail;
    }
    state.place = 1;
    return Line::tail;
  }
  if (state.place == 1) {
    const bool marker = !text.empty() && text.find_first_not_of("~^ ") == std::string_view::npos;
    if (indented || marker || text.starts_with("[Previous line repeated")) return Line::tail;
    state.place = 3;  // "ValueError: text", or any class name
    return Line::tail;
  }
  return indented ? Line::tail : Line::other;
}

// --- Go ----------------------------------------------------------------------------------------------------

/// main.foo(...), github.com/x/y.(*T).Do(0xc000, {0x1, 0x2}), created by main.main in goroutine 1
bool go_call(std::string_view line) {
  if (line.starts_with("created by ")) return true;
  return line.back() == ')' && (called(line) || line.starts_with("panic("));
}
/// /app/main.go:12 +0x1d
bool go_place(std::string_view line) {
  for (const std::string_view kind : {".go:", ".s:"}) {
    const auto at = line.find(kind);
    if (at == std::string_view::npos || !one_word(line.substr(0, at))) continue;
    const auto number = at + kind.size(), count = digits(line, number);
    if (count > 0 && (number + count == line.size() || line[number + count] == ' ')) return true;
  }
  return false;
}

/// Places: 1 in what comes before the first goroutine, 2 behind.
Line go(std::string_view line, State& state) {
  if (line.starts_with("goroutine ") && digits(line, 10) > 0 && has(line, " [")) {
    const bool goes_on = state.place > 0;
    state.place = 2;
    return goes_on ? Line::frame : Line::head;
  }
  for (const std::string_view word : {"panic: ", "fatal error: ", "runtime: ", "unexpected fault address"}) {
    if (!line.starts_with(word)) continue;
    const bool goes_on = state.place == 1;
    state.place = 1;
    return goes_on ? Line::tail : Line::head;
  }
  if (!state.place) {
    // A logger's own trace: function, then its place, right behind the line.
    const bool function =
        one_word(line) && !go_place(line) &&
        (has(line, "/") || has(line, "(*") || line.starts_with("main.") || line.starts_with("runtime.")) &&
        has(line, ".");
    return state.alarm && function ? Line::frame : Line::other;
  }
  if (go_call(line) || go_place(line) || elided(line)) return Line::tail;
  if (line.starts_with("[signal ") || line.starts_with("exit status ") || line.starts_with("[recovered") ||
      line.starts_with("goroutine running on other thread") || line.starts_with("[originating from"))
    return Line::tail;
  if (one_word(line) && has(line, ".")) return Line::tail;  // a logger's function
  // Registers: "rax    0x0"
  const auto blank = line.find(' ');
  if (blank <= 5) {
    const auto value = line.find_first_not_of(' ', blank);
    if (value != std::string_view::npos && line.substr(value).starts_with("0x")) return Line::tail;
  }
  return Line::other;
}

// --- Node --------------------------------------------------------------------------------------------------

/// Places: 1 in a trace, 2.. lines of the source that Node shows above an uncaught error.
constexpr std::uint8_t kExcerpt = 2, kExcerptEnd = 12;

/// /app/index.js:3, file:///app/x.mjs:10, node:internal/process/promises:288
bool node_place(std::string_view line) {
  if (!line.starts_with("/") && !line.starts_with("file:///") && !line.starts_with("node:") &&
      !(line.size() > 3 && line.substr(1, 2) == ":\\"))
    return false;
  const auto colon = line.rfind(':');
  return !has(line, " ") && colon + 1 < line.size() && digits(line, colon + 1) == line.size() - colon - 1;
}

/// Error, TypeError: x, TypeError [ERR_X]: x, Uncaught Error: x
bool node_error(std::string_view line) {
  for (const std::string_view word : {"Uncaught ", "(in promise) ", "Caused by: ", "caused by: "})
    if (line.starts_with(word)) line.remove_prefix(word.size());
  std::size_t end = name_end(line);
  const auto name = line.substr(0, end);
  if (!name.ends_with("Error") && !name.ends_with("Exception")) return false;
  const auto last = name.substr(name.rfind('.') + 1);
  if (!is_upper(last[0])) return false;
  if (line.substr(end).starts_with(" [")) {
    end = line.find(']', end);
    if (end == std::string_view::npos) return false;
    ++end;
  }
  const auto rest = line.substr(end);
  return rest.empty() || rest[0] == ':' || rest.starts_with(" {");
}

Line node(std::string_view line, State& state) {
  if (state.place >= kExcerpt) {
    state.place = node_error(line) || state.place >= kExcerptEnd ? 1 : state.place + 1;
    return Line::tail;
  }
  if (line.starts_with("at ") && (has(line, ":") || has(line, "(<anonymous>)") || has(line, "(native)")))
    return Line::frame;
  if (line.starts_with("[cause]: ") || line.starts_with("[errors]: [") || line.starts_with("Caused by: ") ||
      line.starts_with("caused by: "))
    return Line::frame;
  if (node_place(line)) {
    if (state.place) return Line::tail;
    state.place = kExcerpt;
    return Line::head;
  }
  if (node_error(line)) return Line::head;
  if (line.starts_with("Node.js v") || line == "}" || line == "]" || line == "}," || line == "],")
    return Line::tail;
  if (line.starts_with("Thrown at:") || line.starts_with("From previous event:")) return Line::tail;
  return Line::other;
}

// --- .NET --------------------------------------------------------------------------------------------------

Line dotnet(std::string_view line, State& state) {
  (void)state;
  if (line.starts_with("at ") && called(line.substr(3))) return Line::frame;
  if (line.starts_with("File name: ")) return Line::tail;
  if (line.starts_with("---> ") || line.starts_with("--- End of ") || line.starts_with("<---"))
    return Line::frame;
  if (line.starts_with("Unhandled exception. ") || line.starts_with("Unhandled Exception: "))
    return Line::head;
  return exception_class(line, true) ? Line::head : Line::other;
}

// --- Ruby --------------------------------------------------------------------------------------------------

/// app.rb:3:in `foo', app/x.rb:3:in 'Foo#bar', (erb):5:in ..., -e:1:in ...
bool ruby_place(std::string_view line) {
  for (std::size_t at = line.find(":in "); at != std::string_view::npos; at = line.find(":in ", at + 1)) {
    const bool quoted = at + 4 < line.size() && (line[at + 4] == '`' || line[at + 4] == '\'');
    std::size_t number = at;
    while (number > 0 && is_digit(line[number - 1])) --number;
    if (quoted && number < at && number > 1 && line[number - 1] == ':' &&
        !has(line.substr(0, number - 1), ": "))
      return true;
  }
  return false;
}

Line ruby(std::string_view line, State& state) {
  if (line.starts_with("from ") && ruby_place(line.substr(5))) return Line::frame;
  if (const auto n = digits(line, 0); n > 0 && line.substr(n).starts_with(": from ")) return Line::frame;
  if (line.starts_with("... ") && has(line, " levels...")) return Line::tail;
  if (has(line.substr(0, 24), "Traceback (most recent call last)")) return Line::head;
  if (ruby_place(line)) {
    if (state.place) return Line::tail;  // the next frame, or a cause
    return Line::head;
  }
  // Rails: "RuntimeError (boom):", then frames
  if (exception_class(line, false)) return Line::head;
  return Line::other;
}

}  // namespace

std::span<const std::string_view> StackTrace::names() {
  static constexpr std::string_view kNames[] = {"java", "python", "go", "node", "dotnet", "ruby"};
  return kNames;
}

std::optional<StackTrace::Language> StackTrace::find(std::string_view name) {
  const auto all = names();
  const auto there = std::find(all.begin(), all.end(), name);
  if (there == all.end()) return std::nullopt;
  return static_cast<Language>(there - all.begin());
}

bool StackTrace::begins(std::string_view line, State& state) const {
  while (line.ends_with('\r')) line.remove_suffix(1);
  const bool first = std::exchange(state.first, false);
  if (line.find_first_not_of(" \t") == std::string_view::npos)
    return first || (state.place == 0 && !state.alarm);

  std::string_view text = line;
  if (language_ != Language::python)
    while (is_blank(text[0])) text.remove_prefix(1);
  const bool indented = is_blank(line[0]);
  Line kind = Line::other;
  switch (language_) {
    case Language::java:
      kind = java(text, state);
      break;
    case Language::python:
      kind = python(text, state);
      break;
    case Language::go:
      kind = go(text, state);
      break;
    case Language::node:
      kind = node(text, state);
      break;
    case Language::dotnet:
      kind = dotnet(text, state);
      break;
    case Language::ruby:
      kind = ruby(text, state);
      break;
  }
  if (kind == Line::frame || kind == Line::head) state.place = std::max<std::uint8_t>(state.place, 1);
  if (first || (indented && kind == Line::other)) {
    if (first) state.alarm = kind == Line::other && alarming(line);
    return first;
  }
  if (kind == Line::frame || (kind == Line::tail && state.place > 0)) return false;
  if (kind == Line::head && ((indented && language_ != Language::python) || state.alarm)) {
    state.alarm = false;  // a second trace behind is a record of its own
    return false;
  }
  const auto place = kind == Line::head ? state.place : std::uint8_t{0};
  state = State{place, kind == Line::other && alarming(line), false};
  return true;
}

std::size_t StackTrace::record_end(std::string_view text) const {
  State state;
  for (std::size_t at = 0;;) {
    const void* found = at < text.size() ? std::memchr(text.data() + at, '\n', text.size() - at) : nullptr;
    if (!found) return 0;
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (begins(text.substr(at, end - at), state) && at > 0) return at;
    at = end + 1;
  }
}

}  // namespace gleaner::text
