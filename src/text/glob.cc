#include "text/glob.h"

#include <algorithm>
#include <cstdint>

namespace gleaner::text {
namespace {

constexpr std::size_t kMaxAlternatives = 1024;

/// The code point at `at`, which moves behind it. A byte that is not UTF-8 stands for itself.
char32_t next(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (size == 1 || at + size > text.size()) return byte(at++);
  char32_t code = first & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return byte(at++);
    code = (code << 6) | (byte(at + i) & 0x3f);
  }
  at += size;
  return code;
}

/// Where the class that opens at `open` ends (its ']'), or npos.
std::size_t class_end(std::string_view pattern, std::size_t open) {
  std::size_t i = open + 1;
  if (i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!')) ++i;
  for (const std::size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']') return i == first ? std::string_view::npos : i;
    if (pattern[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

bool in_class(std::string_view inside, char32_t c) {
  const bool negated = inside[0] == '^' || inside[0] == '!';
  for (std::size_t i = negated; i < inside.size();) {
    if (inside[i] == '\\') ++i;
    const char32_t low = next(inside, i);
    char32_t high = low;
    if (i + 1 < inside.size() && inside[i] == '-') {
      ++i;
      if (inside[i] == '\\') ++i;
      high = next(inside, i);
    }
    if (low <= c && c <= high) return !negated;
  }
  return negated;
}

/// One component against one component; a single star to come back to is enough.
bool match_component(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    if (p < pattern.size() && t < text.size()) {
      std::size_t p2 = p, t2 = t;
      bool fits;
      if (pattern[p] == '?') {
        next(text, t2);
        ++p2;
        fits = true;
      } else if (pattern[p] == '[') {
        const std::size_t end = class_end(pattern, p);
        fits = in_class(pattern.substr(p + 1, end - p - 1), next(text, t2));
        p2 = end + 1;
      } else {
        if (pattern[p] == '\\') p2 = p + 1;
        fits = pattern[p2] == text[t];
        ++p2;
        t2 = t + 1;
      }
      if (fits) {
        p = p2;
        t = t2;
        continue;
      }
    }
    if (star == std::string_view::npos || resume >= text.size()) return false;
    next(text, resume);
    t = resume;
    p = star;
  }
  return true;
}

bool expand(std::string_view pattern, std::vector<std::string>& out);

/// Splits the inside of a brace at its own commas.
std::vector<std::string_view> choices(std::string_view inside) {
  std::vector<std::string_view> found;
  std::size_t begin = 0, depth = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      i = class_end(inside, i);
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      found.push_back(inside.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  found.push_back(inside.substr(begin));
  return found;
}

/// Appends the brace-free forms of a valid pattern. False when there are too many.
bool expand(std::string_view pattern, std::vector<std::string>& out) {
  std::size_t open = std::string_view::npos, depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      i = class_end(pattern, i);
    } else if (c == '{') {
      if (depth++ == 0) open = i;
    } else if (c == '}' && --depth == 0) {
      for (const auto choice : choices(pattern.substr(open + 1, i - open - 1))) {
        std::string whole(pattern.substr(0, open));
        whole.append(choice).append(pattern.substr(i + 1));
        if (!expand(whole, out)) return false;
      }
      return true;
    }
  }
  out.emplace_back(pattern);
  return out.size() <= kMaxAlternatives;
}

const char* flaw(std::string_view pattern) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    switch (pattern[i]) {
      case '\\':
        if (++i == pattern.size()) return "it ends in a backslash";
        break;
      case '[': {
        const std::size_t end = class_end(pattern, i);
        if (end == std::string_view::npos) return "a class is empty or not closed";
        if (pattern.substr(i, end - i).find('/') != std::string_view::npos)
          return "a class cannot hold a '/'";
        i = end;
        break;
      }
      case '{':
        if (++depth > 32) return "braces nest too deep";
        break;
      case '}':
        if (depth-- == 0) return "a brace closes nothing";
        break;
      default:
        break;
    }
  }
  return depth ? "a brace is not closed" : nullptr;
}

/// A pattern whose escaped slashes are plain ones: no component may end in a backslash that escapes nothing.
std::string plain_slashes(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && pattern[i + 1] != '/')
      out += pattern[i++];
    else if (pattern[i] == '\\')
      ++i;
    out += pattern[i];
  }
  return out;
}

/// Cuts the first component off `path`.
std::string_view take(std::string_view& path) {
  const auto slash = path.find('/');
  const auto part = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{nullptr, 0} : path.substr(slash + 1);
  return part;
}

}  // namespace

Result<Glob> Glob::compile(std::string_view pattern) {
  const auto refuse = [&](const char* why) {
    return fail(Fault::config, "parse glob \"" + std::string(pattern) + "\": " + why);
  };
  if (const char* why = flaw(pattern)) return refuse(why);
  std::vector<std::string> flat;
  if (!expand(pattern, flat)) return refuse("it has too many alternatives");

  Glob glob;
  glob.pattern_ = pattern;
  for (const std::string& written : flat) {
    const std::string one = plain_slashes(written);
    Path path;
    for (std::string_view rest = one; rest.data();) {
      const auto part = take(rest);
      if (part == "**" && !path.empty() && path.back().any_depth) continue;
      path.push_back({std::string(part), part == "**"});
    }
    glob.alternatives_.push_back(std::move(path));
  }
  const auto meta = std::min(pattern.find_first_of("*?[{\\"), pattern.size());
  const auto slash = pattern.substr(0, meta).rfind('/');
  if (slash != std::string_view::npos) glob.base_ = slash == 0 ? "/" : std::string(pattern.substr(0, slash));
  return glob;
}

bool Glob::match(const Path& pattern, std::string_view path, bool prefix) {
  std::size_t p = 0, star = SIZE_MAX;
  std::string_view rest = path, resume;
  while (rest.data() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p].any_depth) {
      if (prefix) return true;
      star = ++p;
      resume = rest;
      continue;
    }
    if (prefix && !rest.data()) return p < pattern.size();
    if (p < pattern.size() && rest.data()) {
      std::string_view after = rest;
      if (match_component(pattern[p].text, take(after))) {
        ++p;
        rest = after;
        continue;
      }
    }
    if (star == SIZE_MAX || !resume.data()) return false;
    take(resume);
    rest = resume;
    p = star;
  }
  return !prefix;
}

bool Glob::match(std::string_view path) const {
  if (!path.data()) path = "";
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Path& one) { return match(one, path, false); });
}

bool Glob::may_hold(std::string_view path) const {
  if (path.empty()) return true;
  if (path == "/") path = "";
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Path& one) { return match(one, path, true); });
}

}  // namespace gleaner::text
