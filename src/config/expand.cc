// ${...}: see spec/collector.md 2.4. Innermost reference first; an escaped one ends the search in its string.
#include <fmt/format.h>

#include "config/compat.h"
#include "config/sources.h"
#include "config/yaml.h"

namespace gleaner::config {
namespace {

constexpr int kMaxRounds = 1000;

/// Where the next reference stands: [open, close] of "${...}".
struct Found {
  std::size_t open, close;
};

/// The first "}" and the last "${" before it; nothing when there is none or when it is escaped.
std::optional<Found> find_reference(const std::string& text) {
  std::size_t close = 0;
  for (;;) {
    close = text.find('}', close);
    if (close == std::string::npos) return std::nullopt;
    const auto open = text.rfind("${", close);
    if (open == std::string::npos) {
      ++close;
      continue;
    }
    std::size_t dollars = 0;
    while (dollars < open && text[open - 1 - dollars] == '$') ++dollars;
    if (dollars % 2 == 1) return std::nullopt;  // "$${": nothing after this point is expanded
    return Found{open, close};
  }
}

std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') ++i;
  }
  return out;
}

class Expander {
 public:
  Expander(const Environment& environment, Problems& problems)
      : environment_(environment), problems_(problems) {}

  /// What failed, all of it, one a line.
  Result<> verdict() const {
    if (failures_.empty()) return {};
    if (failures_.size() == 1) return fail(Fault::config, failures_[0]);
    return fail(Fault::config, fmt::format("{} problems\n{}", failures_.size(), fmt::join(failures_, "\n")));
  }

  void walk(Node& node, const std::string& path, int depth) {
    if (stopped_) return;
    if (depth > 200) {
      stopped_ = true;  // what refers to itself twice would go on for ever
      failures_.push_back(error(node, path, "too many recursive expansions").value().what);
      return;
    }
    for (auto& entry : node.entries())
      walk(entry.value, path.empty() ? entry.key : path + "::" + entry.key, depth + 1);
    for (std::size_t i = 0; i < node.items().size(); ++i)
      walk(node.items()[i], fmt::format("{}::{}", path, i), depth + 1);
    if (!node.is_scalar()) return;
    if (auto ok = scalar(node, path, depth); !ok) failures_.push_back(std::move(ok.error().what));
  }

 private:
  tl::unexpected<Error> error(const Node& node, const std::string& path, const std::string& what) {
    return fail(Fault::config, Problem{Problem::Weight::error, node.mark(), path, what}.text());
  }

  Result<> scalar(Node& node, const std::string& path, int depth) {
    std::string text = node.text();
    if (text.find('$') == std::string::npos) return {};
    if (is_0_102())
      text = with_braces(text);
    else
      warn_about_bare(text, node, path);
    if (const auto open = text.rfind("${"); open != std::string::npos &&
                                            text.find('}', open) == std::string::npos &&
                                            (open == 0 || text[open - 1] != '$'))
      problems_.warning(node.mark(), path, "\"${\" is not closed by \"}\" and stands for itself");
    for (int round = 0;; ++round) {
      const auto found = find_reference(text);
      if (!found) break;
      if (round == kMaxRounds) return error(node, path, "too many recursive expansions");
      const std::string reference = text.substr(found->open, found->close - found->open + 1);
      auto value = resolve(reference.substr(2, reference.size() - 3), node, path);
      if (!value) return fail(std::move(value.error()));
      if (reference == text) return whole(node, std::move(*value), path, depth);
      const std::string replacement = value->from_reference() ? value->verbatim()
                                      : value->is_scalar()    ? value->text()
                                                              : std::string();
      if (!value->is_scalar() && !value->is_null() && !value->from_reference())
        return error(node, path,
                     fmt::format("{} is a map or list and cannot stand inside a text", reference));
      std::size_t at = 0;
      while ((at = text.find(reference, at)) != std::string::npos) {
        text.replace(at, reference.size(), replacement);
        at += replacement.size();
      }
    }
    node.set_text(unescape(text), round_plain(node, text));
    return {};
  }

  /// A text that only lost its escapes keeps its YAML type rules; one with something put in is a string.
  static bool round_plain(const Node& node, const std::string& text) {
    return text == node.text() && node.type() != ScalarType::string;
  }

  /// The reference was the whole value: the node becomes what it stands for, typed.
  Result<> whole(Node& node, Node value, const std::string& path, int depth) {
    const Mark mark = node.mark();
    const std::optional<std::string> verbatim =
        value.from_reference() ? std::optional(value.verbatim()) : std::nullopt;
    remark(value, mark);
    node = std::move(value);
    walk(node, path, depth + 1);
    if (verbatim && !stopped_) {
      Node text = Node::scalar(*verbatim, false, mark);
      if (auto ok = scalar(text, path, depth + 1); !ok) return ok;
      node.set_verbatim(text.from_reference() ? text.verbatim() : text.text());
    }
    return {};
  }

  static void remark(Node& node, const Mark& mark) {
    node.set_mark(mark);
    for (auto& entry : node.entries()) {
      entry.mark = mark;
      remark(entry.value, mark);
    }
    for (auto& item : node.items()) remark(item, mark);
  }

  Result<Node> resolve(const std::string& reference, const Node& node, const std::string& path) {
    if (reference.find('$') != std::string::npos)
      return error(node, path,
                   fmt::format("the uri \"{}\" contains unsupported characters ('$')", reference));
    Uri uri{"env", reference};
    if (reference.find(':') != std::string::npos) {
      uri = parse_uri(reference);
      if (uri.opaque == reference)  // a file needs its scheme here
        return error(node, path,
                     fmt::format("invalid uri: \"{}\" (a variable with a default is ${{env:NAME:-default}})",
                                 reference));
    }
    auto value = retrieve(uri, reference, environment_, true);
    if (!value) return error(node, path, value.error().what);
    const std::string variable = uri.opaque.substr(0, uri.opaque.find(":-"));
    if (uri.scheme == "env" && value->unset_reference)
      problems_.warning(node.mark(), path,
                        fmt::format("Configuration references unset environment variable \"{}\"", variable));
    return value;
  }

  /// "$NAME" as "${NAME}", for variables that are set: 0.102 expanded both. Other names stay as they are; it
  /// put nothing in their place, and so ate parts of regular expressions.
  std::string with_braces(const std::string& text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t end = i + 1;
      if (text[i] == '$' && text.compare(end, 1, "$") == 0) {
        out += "$$";
        i += 2;
        continue;
      }
      const auto word = [&](std::size_t at, bool first) {
        if (at >= text.size()) return false;
        const auto c = static_cast<unsigned char>(text[at]);
        return std::isalpha(c) || c == '_' || (!first && std::isdigit(c));
      };
      if (text[i] == '$' && word(end, true)) {
        while (word(end, false)) ++end;
        const std::string name = text.substr(i + 1, end - i - 1);
        out += environment_.variable(name) ? "${" + name + "}" : text.substr(i, end - i);
      } else {
        out += text[i];
      }
      i = end;
    }
    return out;
  }

  /// "$NAME" was a reference up to 0.103; it is plain text since. Whoever brings an old file should know.
  void warn_about_bare(const std::string& text, const Node& node, const std::string& path) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != '$') continue;
      const char c = text[i + 1];
      if (c == '$') {
        ++i;
        continue;
      }
      if (!(c >= 'A' && c <= 'Z') && c != '_') continue;  // a regex's "$" and "$1" are no variables
      std::size_t end = i + 1;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
        ++end;
      const std::string name = text.substr(i + 1, end - i - 1);
      if (environment_.variable(name))
        problems_.warning(
            node.mark(), path,
            fmt::format("\"${}\" is taken as it stands; write ${{env:{}}} for the variable", name, name));
    }
  }

  const Environment& environment_;
  Problems& problems_;
  std::vector<std::string> failures_;
  bool stopped_ = false;
};

}  // namespace

Result<> expand(Node& root, const Environment& environment, Problems& problems) {
  Expander expander(environment, problems);
  expander.walk(root, "", 0);
  return expander.verdict();
}

}  // namespace gleaner::config
