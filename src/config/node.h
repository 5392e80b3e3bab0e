#pragma once
// The YAML tree with marks: every key and value knows where it was written.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::config {

/// A place in a source. Line and column count from 1; 0 means "the source as a whole".
struct Mark {
  std::shared_ptr<const std::string> source;  ///< as the user named it: "gleaner.yaml", "env:CONFIG", "--set"
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  std::string text() const;  ///< "gleaner.yaml:14:9"
};

/// What a plain scalar means by YAML's rules (the mix of 1.1 and 1.2 that Go's yaml.v3 follows).
enum class ScalarType : std::uint8_t { null, boolean, integer, real, timestamp, string };

class Node {
 public:
  enum class Kind : std::uint8_t { null, scalar, map, list };
  struct Entry;

  Node() = default;
  static Node scalar(std::string text, bool plain, Mark mark);
  static Node map(Mark mark);
  static Node list(Mark mark);
  static Node null(Mark mark);

  Kind kind() const { return kind_; }
  bool is_null() const;
  bool is_map() const { return kind_ == Kind::map; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_scalar() const { return kind_ == Kind::scalar; }
  const Mark& mark() const { return mark_; }

  /// Scalars: the characters as written (quotes and escapes resolved).
  const std::string& text() const { return text_; }
  ScalarType type() const;
  std::optional<bool> boolean() const;
  /// Integers incl. 0x, 0o, leading-0 octal, underscores; nothing when it does not fit 64 bits.
  std::optional<std::int64_t> integer() const;
  std::optional<double> real() const;

  /// Came whole out of `${...}`: a string target takes verbatim() as it stood in the variable, whatever YAML
  /// would make of it (spec/collector.md 2.5).
  bool from_reference() const { return verbatim_.has_value(); }
  const std::string& verbatim() const { return *verbatim_; }
  void set_verbatim(std::string text) { verbatim_ = std::move(text); }
  /// Came out of `${...}` of something unset: scalars become zero, optional sections stay off.
  bool unset_reference = false;

  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Node>& items() const { return items_; }
  std::vector<Node>& items() { return items_; }
  /// The value under `key`, or nullptr; maps only (nullptr otherwise).
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The value under `key`, made as null if absent. Turns a null node into a map.
  Node& operator[](const std::string& key);
  void remove(std::string_view key);

  void set_mark(Mark mark) { mark_ = std::move(mark); }
  void set_text(std::string text, bool plain) {
    text_ = std::move(text);
    plain_ = plain;
  }

 private:
  Kind kind_ = Kind::null;
  bool plain_ = true;
  std::string text_;
  std::optional<std::string> verbatim_;
  std::vector<Entry> entries_;
  std::vector<Node> items_;
  Mark mark_;
};

struct Node::Entry {
  std::string key;
  Mark mark;  ///< of the key
  Node value;
};

/// Reads a plain scalar by YAML's rules.
ScalarType scalar_type(std::string_view text);

}  // namespace gleaner::config
