#include "deploy/spans.h"

#include <yaml.h>

#include "config/yaml.h"

namespace gleaner::deploy {
namespace {

/// libyaml counts characters; texts are cut by bytes.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : base_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {
    bool ascii = true;
    for (const char c : text.substr(base_)) ascii = ascii && static_cast<signed char>(c) >= 0;
    if (ascii) return;
    for (std::size_t i = base_; i < text.size(); ++i)
      if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) bytes_.push_back(i);
    bytes_.push_back(text.size());
  }
  std::size_t of(const yaml_mark_t& mark) const {
    if (bytes_.empty()) return base_ + mark.index;
    return bytes_[std::min(mark.index, bytes_.size() - 1)];
  }

 private:
  std::size_t base_;
  std::vector<std::size_t> bytes_;
};

/// Reads what config::parse_yaml has taken already, so depth and size are bounded.
class Reader {
 public:
  explicit Reader(std::string_view text) : offsets_(text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Reader() {
    clear();
    yaml_parser_delete(&parser_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool document(Span& out) {
    while (next() && event_.type != YAML_STREAM_END_EVENT)
      if (event_.type == YAML_DOCUMENT_START_EVENT) return next() && node(out);
    return good_;
  }

 private:
  void clear() {
    if (full_) yaml_event_delete(&event_);
    full_ = false;
  }
  bool next() {
    clear();
    good_ = full_ = yaml_parser_parse(&parser_, &event_) == 1;
    return good_;
  }

  bool node(Span& out) {
    out.begin = offsets_.of(event_.start_mark);
    out.end = offsets_.of(event_.end_mark);
    if (event_.type == YAML_ALIAS_EVENT) {
      out.kind = Span::Kind::alias;
      return true;
    }
    if (event_.type == YAML_SCALAR_EVENT) {
      const auto& scalar = event_.data.scalar;
      out.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
      out.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && !scalar.quoted_implicit && !scalar.tag;
      return true;
    }
    if (event_.type == YAML_SEQUENCE_START_EVENT) {
      out.kind = Span::Kind::list;
      out.flow = event_.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
      while (next() && event_.type != YAML_SEQUENCE_END_EVENT)
        if (!node(out.items.emplace_back())) return false;
    } else if (event_.type == YAML_MAPPING_START_EVENT) {
      out.kind = Span::Kind::map;
      out.flow = event_.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
      while (next() && event_.type != YAML_MAPPING_END_EVENT) {
        auto& entry = out.entries.emplace_back();
        if (!node(entry.key) || !next() || !node(entry.value)) return false;
      }
    } else {
      return false;
    }
    if (good_) out.end = offsets_.of(event_.end_mark);
    return good_;
  }

  Offsets offsets_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool full_ = false, good_ = true;
};

void read_as_kubectl(Node& tree, const Span& span) {
  for (auto& entry : tree.entries())
    if (const auto* its = span.find(entry.key)) read_as_kubectl(entry.value, its->value);
  for (std::size_t i = 0; i < tree.items().size() && i < span.items.size(); ++i)
    read_as_kubectl(tree.items()[i], span.items[i]);
  if (!tree.is_scalar() || span.kind != Span::Kind::scalar || !span.plain) return;
  if (tree.type() == config::ScalarType::timestamp) return tree.set_text(tree.text(), false);
  for (const std::string_view yes : {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
    if (tree.text() == yes) return tree.set_text("true", true);
  for (const std::string_view no : {"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
    if (tree.text() == no) return tree.set_text("false", true);
}

bool only_comments(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto first = text.substr(0, end).find_first_not_of(" \t\r");
    if (first != std::string_view::npos && text[first] != '#' && text[first] != '%') return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace

const Span::Entry* Span::find(std::string_view key) const {
  for (const auto& entry : entries)
    if (entry.key.kind == Kind::scalar && entry.key.text == key) return &entry;
  return nullptr;
}

std::size_t end_of(const Span& span) {
  if (span.flow || span.kind == Span::Kind::scalar || span.kind == Span::Kind::alias) return span.end;
  if (!span.entries.empty()) return end_of(span.entries.back().value);
  return span.items.empty() ? span.end : end_of(span.items.back());
}

Result<Parsed> parse(std::string_view text, const std::string& source, std::size_t line) {
  Parsed parsed;
  auto tree = config::parse_yaml(text, source);
  if (!tree && line > 1)  // once more, with the lines in front of it, for the right place
    tree = config::parse_yaml(std::string(line - 1, '\n').append(text), source);
  if (!tree) return fail(std::move(tree.error()));
  parsed.tree = std::move(*tree);
  if (!Reader(text).document(parsed.spans))
    return fail(Fault::config, source + ": is not UTF-8, or breaks off");
  read_as_kubectl(parsed.tree, parsed.spans);
  return parsed;
}

std::vector<Piece> documents(std::string_view stream) {
  std::vector<Piece> pieces{Piece{}};
  std::size_t line = 1;
  for (std::size_t start = 0; start < stream.size(); ++line) {
    const auto rest = stream.substr(start);
    const bool marker = rest.starts_with("---") && (rest.size() == 3 || rest[3] == '\n' || rest[3] == '\r' ||
                                                    rest[3] == ' ' || rest[3] == '\t');
    // Comments and directives in front of a document's "---" belong to it.
    auto& last = pieces.back();
    if (marker && !only_comments(stream.substr(last.begin, start - last.begin))) {
      last.end = start;
      pieces.push_back({start, start, line});
    }
    start += std::min(rest.find('\n'), rest.size() - 1) + 1;
  }
  pieces.back().end = stream.size();
  return pieces;
}

}  // namespace gleaner::deploy
