#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <map>

namespace gleaner::config {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 1'000'000;

class Parser {
 public:
  Parser(std::string_view text, const std::string& source)
      : text_(text), source_(std::make_shared<const std::string>(source)) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() { yaml_parser_delete(&parser_); }

  Result<Node> document() {
    Event event;
    for (;;) {
      if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
      if (event.type() == YAML_STREAM_END_EVENT) return Node::null(mark(0, 0));
      if (event.type() == YAML_DOCUMENT_START_EVENT) break;
    }
    if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
    auto root = node(event, 0);
    if (!root) return root;
    // Read on to the end of the document, so that what is wrong behind the last value is seen.
    do {
      if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
    } while (event.type() != YAML_STREAM_END_EVENT && event.type() != YAML_DOCUMENT_END_EVENT);
    if (event.type() == YAML_DOCUMENT_END_EVENT) (void)next(event);  // the next document is not ours to judge
    return root;
  }

 private:
  struct Event {
    yaml_event_t raw{};
    bool full = false;
    ~Event() { clear(); }
    void clear() {
      if (full) yaml_event_delete(&raw);
      full = false;
    }
    yaml_event_type_t type() const { return raw.type; }
  };

  Mark mark(std::size_t line, std::size_t column) const {
    return {source_, static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column)};
  }
  Mark mark(const yaml_mark_t& at) const { return mark(at.line + 1, at.column + 1); }
  tl::unexpected<Error> error(const Mark& at, const std::string& what) const {
    return fail(Fault::config, at.text() + ": " + what);
  }

  Result<> next(Event& event) {
    event.clear();
    if (yaml_parser_parse(&parser_, &event.raw)) {
      event.full = true;
      return {};
    }
    return syntax_error();
  }

  /// libyaml's words, put where the user must look, with a hint for the mistakes people make.
  tl::unexpected<Error> syntax_error() const {
    const std::string problem = parser_.problem ? parser_.problem : "not valid YAML";
    const bool reader = parser_.error == YAML_READER_ERROR;
    Mark at = reader ? position(parser_.problem_offset) : mark(parser_.problem_mark);
    const Mark end = position(text_.size());
    if (at.line > end.line) at = end;
    std::string what = problem;
    const std::string line = line_text(at.line);
    if (parser_.context && parser_.context_mark.line != parser_.problem_mark.line)
      what += fmt::format(" {} that began at line {}", parser_.context, parser_.context_mark.line + 1);
    else if (parser_.context)
      what += fmt::format(" {}", parser_.context);
    const auto first = line.find_first_not_of(" \t");
    if (line.substr(0, first).find('\t') != std::string::npos) {
      what = "a tab is used for indentation; YAML allows only spaces there";
    } else if (first != std::string::npos && line[first] == '-' &&
               problem.find("expected key") != std::string::npos) {
      what += fmt::format(
          "; this list item is indented by {} spaces and belongs to no list: indent it like the items of its "
          "list{}",
          first, item_above(at.line));
    }
    if (!reader && parser_.context) {
      const std::string_view context = parser_.context;
      const std::uint32_t opened = static_cast<std::uint32_t>(parser_.context_mark.line + 1);
      if (context.find("quoted scalar") != std::string_view::npos &&
          problem.find("end of stream") != std::string::npos) {
        at = mark(parser_.context_mark);
        what = "the quote that opens here is never closed";
      } else if (context.find("flow") != std::string_view::npos && opened < at.line) {
        at = mark(parser_.context_mark);
        what = fmt::format("the bracket that opens here is not closed before line {}",
                           parser_.problem_mark.line + 1);
      }
    }
    what += indentation_hint(problem, at, first);
    const std::string shown = line_text(at.line);
    if (!shown.empty()) what += fmt::format("\n    {} | {}", at.line, shown);
    return error(at, what);
  }

  /// What the blanks in front of a line have to do with libyaml's words about it.
  std::string indentation_hint(const std::string& problem, const Mark& at, std::size_t blanks) const {
    const std::string line = line_text(at.line);
    if (problem.find("mapping values are not allowed") != std::string::npos) {
      // Two "key: " in one line, or a line that hangs below a value.
      const std::string before = line.substr(0, at.column > 0 ? at.column - 1 : 0);
      if (before.find(": ") != std::string::npos)
        return "; a text with \": \" in it needs quotes, a map a line of its own";
      return fmt::format(
          "; this line is indented by {} spaces, deeper than the key above it, which has a value already",
          blanks);
    }
    if (problem.find("expected key") == std::string::npos || blanks == std::string::npos ||
        line[blanks] == '-')
      return {};
    std::string levels;
    std::size_t least = blanks;
    for (std::uint32_t above = at.line; --above > 0;) {
      const std::string text = line_text(above);
      const auto indent = text.find_first_not_of(' ');
      if (indent == std::string::npos || text[indent] == '#') continue;
      if (levels.empty() && indent > blanks) levels = fmt::format("{}", indent);
      if (indent >= least) continue;
      levels += fmt::format("{}{}", levels.empty() ? "" : " or ", indent);
      break;
    }
    return fmt::format("; this line is indented by {} spaces, the ones above it by {}", blanks, levels);
  }

  /// " (by 4 spaces, as in line 7)": the nearest item above.
  std::string item_above(std::uint32_t line) const {
    while (--line > 0) {
      const std::string text = line_text(line);
      const auto indent = text.find_first_not_of(' ');
      if (indent != std::string::npos && text[indent] == '-')
        return fmt::format(" (by {} spaces, as in line {})", indent, line);
    }
    return {};
  }

  Mark position(std::size_t offset) const {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < offset && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        column = 1;
      } else {
        ++column;
      }
    }
    return mark(line, column);
  }
  std::string line_text(std::size_t number) const {
    std::size_t begin = 0;
    for (std::size_t i = 1; i < number; ++i) {
      begin = text_.find('\n', begin);
      if (begin == std::string_view::npos) return {};
      ++begin;
    }
    if (begin >= text_.size()) return {};
    std::string line(text_.substr(begin, text_.find('\n', begin) - begin));
    while (!line.empty() && line.back() == '\r') line.pop_back();
    return line.substr(0, 160);
  }

  Result<Node> node(Event& event, int depth) {
    const Mark at = mark(event.raw.start_mark);
    if (depth > kMaxDepth) return error(at, fmt::format("nested deeper than {} levels", kMaxDepth));
    if (++nodes_ > kMaxNodes) return error(at, fmt::format("more than {} values", kMaxNodes));
    switch (event.type()) {
      case YAML_ALIAS_EVENT: {
        const std::string name = reinterpret_cast<const char*>(event.raw.data.alias.anchor);
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) return error(at, fmt::format("unknown anchor '{}'", name));
        nodes_ += found->second.second;
        if (nodes_ > kMaxNodes) return error(at, fmt::format("more than {} values", kMaxNodes));
        return found->second.first;
      }
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.raw.data.scalar;
        const std::string anchor = scalar.anchor ? reinterpret_cast<const char*>(scalar.anchor) : "";
        Node value =
            Node::scalar({reinterpret_cast<const char*>(scalar.value), scalar.length},
                         scalar.style == YAML_PLAIN_SCALAR_STYLE && !scalar.quoted_implicit &&
                             !(scalar.tag && std::string_view(reinterpret_cast<const char*>(scalar.tag)) ==
                                                 "tag:yaml.org,2002:str"),
                         at);
        return keep(anchor, std::move(value), 1);
      }
      case YAML_SEQUENCE_START_EVENT:
        return list(event, at, depth);
      case YAML_MAPPING_START_EVENT:
        return map(event, at, depth);
      default:
        return error(at, "unexpected end of the document");
    }
  }

  Result<Node> list(Event& event, const Mark& at, int depth) {
    const auto* raw = event.raw.data.sequence_start.anchor;
    const std::string anchor = raw ? reinterpret_cast<const char*>(raw) : "";
    const std::size_t before = nodes_;
    Node value = Node::list(at);
    for (;;) {
      if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
      if (event.type() == YAML_SEQUENCE_END_EVENT) break;
      auto item = node(event, depth + 1);
      if (!item) return item;
      value.items().push_back(std::move(*item));
    }
    return keep(anchor, std::move(value), nodes_ - before);
  }

  Result<Node> map(Event& event, const Mark& at, int depth) {
    const auto* raw = event.raw.data.mapping_start.anchor;
    const std::string anchor = raw ? reinterpret_cast<const char*>(raw) : "";
    const std::size_t before = nodes_;
    Node value = Node::map(at);
    std::vector<Node> merged;
    for (;;) {
      if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
      if (event.type() == YAML_MAPPING_END_EVENT) break;
      auto key = node(event, depth + 1);
      if (!key) return key;
      if (!key->is_scalar()) return error(key->mark(), "a key must be plain text");
      if (auto ok = next(event); !ok) return fail(std::move(ok.error()));
      auto child = node(event, depth + 1);
      if (!child) return child;
      if (key->text() == "<<") {
        if (auto ok = add_merge(merged, std::move(*child)); !ok) return fail(std::move(ok.error()));
        continue;
      }
      for (const auto& entry : value.entries())
        if (entry.key == key->text())
          return error(
              key->mark(),
              fmt::format("key \"{}\" is already defined at line {}; a key may stand only once in a map",
                          entry.key, entry.mark.line));
      value.entries().push_back({key->text(), key->mark(), std::move(*child)});
    }
    for (auto& source : merged)
      for (auto& entry : source.entries())
        if (!value.find(entry.key)) value.entries().push_back(std::move(entry));
    return keep(anchor, std::move(value), nodes_ - before);
  }

  Result<> add_merge(std::vector<Node>& merged, Node value) {
    if (value.is_map()) {
      merged.push_back(std::move(value));
      return {};
    }
    if (value.is_list()) {
      for (auto& item : value.items()) {
        if (!item.is_map()) return error(item.mark(), "a merge key (<<) takes maps");
        merged.push_back(std::move(item));
      }
      return {};
    }
    return error(value.mark(), "a merge key (<<) takes a map or a list of maps");
  }

  Result<Node> keep(const std::string& anchor, Node value, std::size_t cost) {
    if (!anchor.empty()) anchors_[anchor] = {value, cost};
    return value;
  }

  std::string_view text_;
  std::shared_ptr<const std::string> source_;
  yaml_parser_t parser_{};
  std::map<std::string, std::pair<Node, std::size_t>> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Node> parse_yaml(std::string_view text, const std::string& source) {
  return Parser(text, source).document();
}

}  // namespace gleaner::config
