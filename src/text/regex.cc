#include "text/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "text/utf8.h"

namespace gleaner::text {
namespace {

bool word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// A pattern as RE2 takes it, and what was taken out of it.
struct Rewritten {
  std::string pattern;
  std::vector<Regex::Name> names;
  std::string flaw;  ///< not empty: Go refuses it
};

/// Where a class ends (behind its ']'), or the end of the pattern. `at` is behind its '['.
std::size_t skip_class(std::string_view p, std::size_t at) {
  if (at < p.size() && p[at] == '^') ++at;
  if (at < p.size() && p[at] == ']') ++at;
  while (at < p.size() && p[at] != ']') {
    if (p[at] == '\\') {
      at += 2;
    } else if (p.substr(at, 2) == "[:") {
      const auto end = p.find(":]", at + 2);
      at = end == std::string_view::npos ? at + 1 : end + 2;
    } else {
      ++at;
    }
  }
  return std::min(at + 1, p.size());
}

/// Turns named groups into plain ones: RE2 knows neither (?<n>) nor repeated names.
Rewritten rewrite(std::string_view p) {
  Rewritten out;
  int group = 0;
  for (std::size_t i = 0; i < p.size();) {
    const std::size_t from = i;
    if (p[i] == '\\') {
      if (p.substr(i, 2) == "\\C") out.flaw = "invalid escape sequence: `\\C`";
      if (p.substr(i, 2) == "\\Q") {
        const auto end = p.find("\\E", i + 2);
        i = end == std::string_view::npos ? p.size() : end + 2;
      } else {
        i = std::min(i + 2, p.size());
      }
    } else if (p[i] == '[') {
      i = skip_class(p, i + 1);
    } else if (p[i] == '(') {
      const bool p_form = p.substr(i, 4) == "(?P<";
      const auto three = p.substr(i, 4);
      const bool named = p_form || (three.substr(0, 3) == "(?<" && three != "(?<=" && three != "(?<!");
      if (named) {
        const std::size_t begin = i + (p_form ? 4 : 3);
        const auto end = p.find('>', begin);
        const auto name = p.substr(begin, end == std::string_view::npos ? end : end - begin);
        if (end == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), word)) {
          const auto part = end == std::string_view::npos ? p.substr(i) : p.substr(i, end + 1 - i);
          if (out.flaw.empty()) out.flaw = "invalid named capture: `" + std::string(part) + "`";
          break;
        }
        ++group;
        const auto there =
            std::find_if(out.names.begin(), out.names.end(), [&](const auto& n) { return n.name == name; });
        if (there == out.names.end())
          out.names.push_back({std::string(name), group});
        else
          there->group = group;
        out.pattern += '(';
        i = end + 1;
        continue;
      }
      if (p.substr(i, 2) != "(?") ++group;
      ++i;
    } else {
      ++i;
    }
    out.pattern.append(p.substr(from, i - from));
  }
  return out;
}

/// RE2's codes in the words of Go's regexp/syntax.
std::string words(const re2::RE2& re) {
  const auto text = [&]() -> const char* {
    switch (re.error_code()) {
      case re2::RE2::ErrorBadEscape:
        return "invalid escape sequence";
      case re2::RE2::ErrorBadCharClass:
        return "invalid character class";
      case re2::RE2::ErrorBadCharRange:
        return "invalid character class range";
      case re2::RE2::ErrorMissingBracket:
        return "missing closing ]";
      case re2::RE2::ErrorMissingParen:
        return "missing closing )";
      case re2::RE2::ErrorUnexpectedParen:
        return "unexpected )";
      case re2::RE2::ErrorTrailingBackslash:
        return "trailing backslash at end of expression";
      case re2::RE2::ErrorRepeatArgument:
        return "missing argument to repetition operator";
      case re2::RE2::ErrorRepeatSize:
        return "invalid repeat count";
      case re2::RE2::ErrorRepeatOp:
        return "invalid nested repetition operator";
      case re2::RE2::ErrorBadPerlOp:
        return "invalid or unsupported Perl syntax";
      case re2::RE2::ErrorBadUTF8:
        return "invalid UTF-8";
      case re2::RE2::ErrorBadNamedCapture:
        return "invalid named capture";
      case re2::RE2::ErrorPatternTooLarge:
        return "expression too large";
      default:
        return "unexpected error";
    }
  }();
  return std::string(text) + ": `" + re.error_arg() + "`";
}

}  // namespace

Regex::Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern, const Options& options) {
  Rewritten to = rewrite(pattern);
  const auto refuse = [&](const std::string& why) {
    std::string what = "error parsing regexp: " + why;
    if (what.find(pattern) == std::string::npos) what += " in `" + std::string(pattern) + "`";
    return fail(Fault::config, std::move(what));
  };
  if (!to.flaw.empty()) return refuse(to.flaw);
  Regex regex;
  re2::RE2::Options how(re2::RE2::Quiet);
  regex.latin1_ = options.latin1;
  if (options.latin1) how.set_encoding(re2::RE2::Options::EncodingLatin1);
  if (options.multi_line) to.pattern.insert(0, "(?m)");

  regex.pattern_ = pattern;
  for (const std::int64_t memory : {8, 64}) {
    how.set_max_mem(memory << 20);
    regex.re_ = std::make_unique<re2::RE2>(to.pattern, how);
    if (regex.re_->error_code() != re2::RE2::ErrorPatternTooLarge) break;
  }
  if (!regex.re_->ok()) return refuse(words(*regex.re_));
  regex.groups_ = regex.re_->NumberOfCapturingGroups();
  regex.names_ = std::move(to.names);
  return regex;
}

bool Regex::search(std::string_view text, std::size_t from) const { return match(text, {}, from); }

bool Regex::match_sound(std::string_view text, std::span<std::string_view> groups, std::size_t from,
                        std::string_view looked_at) const {
  return latin1_ || is_utf8(looked_at) ? match_as_is(text, groups, from) : match_damaged(text, groups, from);
}

/// A copy in which every bad byte is U+FFFD is searched, and what is found is carried back.
bool Regex::match_damaged(std::string_view text, std::span<std::string_view> groups, std::size_t from) const {
  std::string whole;
  std::vector<std::size_t> bad;  // where the bytes of U+FFFD begin that were one byte
  const auto copy = [&](std::string_view part) {
    while (!part.empty()) {
      const Rune rune = next_rune(part);
      if (!rune.valid) bad.push_back(whole.size());
      whole.append(rune.valid ? part.substr(0, rune.size) : "\xef\xbf\xbd");
      part.remove_prefix(rune.valid ? rune.size : 1);
    }
  };
  copy(text.substr(0, from));
  const std::size_t begin = whole.size();
  copy(text.substr(from));
  if (!match_as_is(whole, groups, begin)) return false;
  const auto back = [&](std::size_t at) {
    return at - 2 * static_cast<std::size_t>(std::lower_bound(bad.begin(), bad.end(), at) - bad.begin());
  };
  for (auto& group : groups) {
    if (!group.data()) continue;
    const auto at = static_cast<std::size_t>(group.data() - whole.data());
    const std::size_t low = back(at);
    group = text.substr(low, back(at + group.size()) - low);
  }
  return true;
}

bool Regex::match_as_is(std::string_view text, std::span<std::string_view> groups, std::size_t from) const {
  std::array<re2::StringPiece, 17> few;
  std::vector<re2::StringPiece> many;
  re2::StringPiece* found = few.data();
  if (groups.size() > few.size()) {
    many.resize(groups.size());
    found = many.data();
  }
  if (!text.data()) text = "";
  if (!re_->Match({text.data(), text.size()}, from, text.size(), re2::RE2::UNANCHORED, found,
                  static_cast<int>(groups.size())))
    return false;
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = {found[i].data(), found[i].size()};
  return true;
}

Replacement::Replacement(const Regex& regex, std::string_view text) {
  std::string literal;
  const auto add_group = [&](int group) {
    if (!literal.empty()) parts_.push_back({std::exchange(literal, {}), -1});
    if (group < 0 || group > regex.groups()) return;
    highest_ = std::max(highest_, group);
    parts_.push_back({{}, group});
  };
  while (!text.empty()) {
    const auto dollar = text.find('$');
    literal.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      literal += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool brace = text.starts_with('{');
    const auto rest = text.substr(brace);
    const auto size =
        static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), word) - rest.begin());
    if (size == 0 || (brace && (size >= rest.size() || rest[size] != '}'))) {
      literal += '$';  // malformed: Go takes the dollar as text
      continue;
    }
    const auto name = rest.substr(0, size);
    text = rest.substr(size + brace);
    const bool number = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                        name.size() < 9 && (name.size() == 1 || name[0] != '0');
    if (number) {
      add_group(std::stoi(std::string(name)));
    } else {
      const auto& names = regex.names();
      const auto there =
          std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.name == name; });
      add_group(there == names.end() ? -1 : there->group);
    }
  }
  if (!literal.empty()) parts_.push_back({std::move(literal), -1});
}

void Replacement::expand(std::span<const std::string_view> groups, std::string& out) const {
  for (const auto& part : parts_)
    out.append(part.group < 0 ? std::string_view(part.literal)
                              : groups[static_cast<std::size_t>(part.group)]);
}

void Replacement::replace_all(const Regex& regex, std::string_view text, std::string& out) const {
  std::vector<std::string_view> groups(this->groups());
  std::size_t copied = 0;
  for (std::size_t at = 0; at <= text.size();) {
    if (!regex.match(text, groups, at)) break;
    const auto begin = groups[0].data() ? static_cast<std::size_t>(groups[0].data() - text.data()) : at;
    const auto end = begin + groups[0].size();
    out.append(text.substr(copied, begin - copied));
    if (end > copied || begin == 0) expand(groups, out);
    copied = end;
    // Past the match; past one whole character when that would not move on.
    std::size_t step = at < text.size() ? 1 : 0;
    while (at + step < text.size() && (static_cast<unsigned char>(text[at + step]) & 0xc0) == 0x80) ++step;
    at = at + step > end ? at + step : end >= at + 1 ? end : at + 1;
  }
  out.append(text.substr(std::min(copied, text.size())));
}

}  // namespace gleaner::text
