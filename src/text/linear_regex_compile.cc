// Which patterns are linear, and their steps.
#include "text/linear_regex.h"

#include <algorithm>

namespace gleaner::text {
namespace {

using Set = std::bitset<256>;

std::size_t index(char c) { return static_cast<unsigned char>(c); }
bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void add_range(Set& set, char low, char high) {
  for (std::size_t i = index(low); i <= index(high); ++i) set.set(i);
}

/// The class behind a backslash: \d, \w, \s and their opposites.
std::optional<Set> named_class(char letter) {
  Set set;
  switch (letter) {
    case 'd':
    case 'D':
      add_range(set, '0', '9');
      break;
    case 'w':
    case 'W':
      add_range(set, '0', '9');
      add_range(set, 'a', 'z');
      add_range(set, 'A', 'Z');
      set.set('_');
      break;
    case 's':
    case 'S':
      for (const char c : {'\t', '\n', '\f', '\r', ' '}) set.set(index(c));
      break;
    default:
      return std::nullopt;
  }
  return letter < 'a' ? ~set : set;
}

bool ascii(const Set& set) { return (set >> 128).none(); }

}  // namespace

/// Reads a pattern; every function says false where the pattern is of another kind.
class LinearRegex::Compiler {
 public:
  Compiler(std::string_view pattern, std::vector<Step>& steps) : rest_(pattern), steps_(steps) {}

  bool run() {
    if (!take('^')) return false;
    while (!rest_.empty()) {
      if (ended_) return false;
      if (rest_[0] == '(') {
        if (!group()) return false;
      } else if (!atom()) {
        return false;
      }
    }
    return true;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Step& add(Step::Kind kind) {
    steps_.emplace_back();
    steps_.back().kind = kind;
    return steps_.back();
  }

  bool group() {
    rest_.remove_prefix(1);
    bool captures = true;
    if (rest_.starts_with("?:")) {
      rest_.remove_prefix(2);
      captures = false;
    } else if (rest_.starts_with("?P<") || rest_.starts_with("?<")) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
    } else if (rest_.starts_with("?")) {
      return false;
    }
    const std::size_t number = captures ? ++groups_ : 0;
    if (captures) add(Step::Kind::open).count = number;
    const auto close = rest_.find(')');
    if (close == std::string_view::npos) return false;
    if (rest_.substr(0, close).find('|') != std::string_view::npos) {
      if (!alternatives(rest_.substr(0, close))) return false;
      rest_.remove_prefix(close);
    } else {
      while (!rest_.empty() && rest_[0] != ')') {
        if (ended_ || rest_[0] == '(' || !atom()) return false;
      }
    }
    if (!take(')')) return false;
    if (captures) add(Step::Kind::close).count = number;
    return rest_.empty() || std::string_view("*+?{").find(rest_[0]) == std::string_view::npos;
  }

  bool alternatives(std::string_view text) {
    Step& step = add(Step::Kind::words);
    for (std::size_t from = 0; from <= text.size();) {
      const auto end = std::min(text.find('|', from), text.size());
      const auto word = text.substr(from, end - from);
      if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) {
            return is_alnum(c) || std::string_view(" _-:/,;=@").find(c) != std::string_view::npos;
          }))
        return false;
      // One of them may fit at most.
      for (const auto& other : step.words)
        if (other.starts_with(word) || word.starts_with(other)) return false;
      step.words.emplace_back(word);
      from = end + 1;
    }
    return true;
  }

  bool atom() {
    if (take('$')) {
      ended_ = true;
      add(Step::Kind::end);
      return rest_.empty();
    }
    Set set;
    bool dot = false;
    const char c = rest_[0];
    if (c == '[') {
      if (!bracket(set)) return false;
    } else if (c == '\\') {
      if (rest_.size() < 2) return false;
      const char letter = rest_[1];
      rest_.remove_prefix(2);
      if (const auto named = named_class(letter))
        set = *named;
      else if (!is_alnum(letter) && index(letter) < 128)
        set.set(index(letter));
      else
        return false;
    } else if (c == '.') {
      rest_.remove_prefix(1);
      set.set();
      set.reset('\n');
      dot = true;
    } else if (std::string_view("*+?{}|)^").find(c) != std::string_view::npos || index(c) >= 128) {
      return false;
    } else {
      rest_.remove_prefix(1);
      set.set(index(c));
    }
    return quantified(set, dot);
  }

  bool quantified(const Set& set, bool dot) {
    Step step;
    step.set = set;
    step.kind = Step::Kind::fixed;
    step.count = 1;
    if (take('*')) {
      step.kind = Step::Kind::run;
      step.count = 0;
    } else if (take('+')) {
      step.kind = Step::Kind::run;
    } else if (take('?')) {
      step.kind = Step::Kind::maybe;
    } else if (rest_.starts_with('{')) {
      const auto close = rest_.find('}');
      if (close == std::string_view::npos || close < 2 || close > 4) return false;
      step.count = 0;
      for (const char d : rest_.substr(1, close - 1)) {
        if (d < '0' || d > '9') return false;
        step.count = step.count * 10 + static_cast<std::size_t>(d - '0');
      }
      if (step.count == 0) return false;
      rest_.remove_prefix(close + 1);
    }
    if (!rest_.empty() && std::string_view("*+?{").find(rest_[0]) != std::string_view::npos) return false;
    if (dot && step.kind == Step::Kind::run) {
      // Only where nothing but the end can follow.
      auto behind = rest_;
      if (behind.starts_with(')')) behind.remove_prefix(1);
      if (!behind.empty() && behind != "$") return false;
      step.kind = Step::Kind::rest;
    } else if (step.kind != Step::Kind::run && !ascii(set)) {
      return false;  // a character may have several bytes
    }
    if (step.kind == Step::Kind::fixed && step.count == 1 && set.count() == 1) {
      const char only = static_cast<char>(set._Find_first());
      if (!steps_.empty() && steps_.back().kind == Step::Kind::literal) {
        steps_.back().text += only;
        return true;
      }
      step.kind = Step::Kind::literal;
      step.text = only;
    }
    if (step.kind == Step::Kind::run && set.count() == 255)
      step.stop = static_cast<int>((~set)._Find_first());
    steps_.push_back(std::move(step));
    return true;
  }

  bool bracket(Set& set) {
    rest_.remove_prefix(1);
    const bool negated = take('^');
    bool any = false;
    while (!rest_.empty() && (rest_[0] != ']')) {
      if (rest_.starts_with("[:")) return false;
      char low;
      if (!class_char(set, low)) return false;
      any = true;
      if (low == '\0') continue;  // a named class
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        char high;
        Set unused;
        if (!class_char(unused, high) || high == '\0' || index(high) < index(low)) return false;
        add_range(set, low, high);
      } else {
        set.set(index(low));
      }
    }
    if (!any || !take(']')) return false;
    if (negated) set = ~set;
    return true;
  }

  /// One character of a class, or a named class, which goes to `set` and gives '\0'.
  bool class_char(Set& set, char& out) {
    out = rest_[0];
    if (out == '\0' || index(out) >= 128) return false;
    rest_.remove_prefix(1);
    if (out != '\\') return true;
    if (rest_.empty()) return false;
    const char letter = rest_[0];
    rest_.remove_prefix(1);
    if (const auto named = named_class(letter)) {
      if (letter < 'a') return false;  // its bytes above 127 would need a second thought
      set |= *named;
      out = '\0';
      return true;
    }
    out = letter;
    return !is_alnum(letter) && index(letter) < 128;
  }

  std::string_view rest_;
  std::vector<Step>& steps_;
  std::size_t groups_ = 0;
  bool ended_ = false;
};

bool LinearRegex::parts(std::size_t at, const Set& set) const {
  for (std::size_t i = at + 1; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    switch (step.kind) {
      case Step::Kind::open:
      case Step::Kind::close:
        continue;
      case Step::Kind::literal:
        return !set.test(index(step.text[0]));
      case Step::Kind::words:
        return std::none_of(step.words.begin(), step.words.end(),
                            [&](const auto& word) { return set.test(index(word[0])); });
      case Step::Kind::rest:
        return step.count == 0;
      case Step::Kind::end:
        return true;
      case Step::Kind::fixed:
        return (set & step.set).none();
      case Step::Kind::run:
        if ((set & step.set).any()) return false;
        if (step.count > 0) return true;
        continue;
      case Step::Kind::maybe:
        if ((set & step.set).any()) return false;
        continue;
    }
  }
  return true;
}

std::optional<LinearRegex> LinearRegex::compile(std::string_view pattern) {
  LinearRegex out;
  if (!Compiler(pattern, out.steps_).run()) return std::nullopt;
  for (std::size_t i = 0; i < out.steps_.size(); ++i) {
    const Step& step = out.steps_[i];
    if ((step.kind == Step::Kind::run || step.kind == Step::Kind::maybe) && !out.parts(i, step.set))
      return std::nullopt;
  }
  return out;
}

}  // namespace gleaner::text
