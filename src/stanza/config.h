#pragma once
// How operators are written in YAML: what they share, and how one is made.
#include <memory>

#include "base/loop.h"
#include "config/compat.h"
#include "config/field.h"
#include "stanza/parser.h"

namespace gleaner::stanza {

/// A field that may be `attributes` or `resource` as a whole.
struct RootField {
  Field field = Field(Field::Root::attributes);
};
/// An expression; compiled when it is read, so that its flaws have a place.
struct Expression {
  std::string source;
};

/// Keys of every operator.
struct OperatorConfig {
  std::string type;
  std::string id;
  std::vector<std::string> output;
  static std::span<const config::Field> fields();
};

/// Keys of operators that may fail on a record.
struct TransformerConfig {
  OperatorConfig common;
  std::string on_error = "send";
  std::string condition;  ///< "if"
  static std::span<const config::Field> fields();
};

struct TimeConfig {
  std::optional<Field> parse_from;
  std::string layout, layout_type = "strptime", location;
  static std::span<const config::Field> fields();
};
struct SeverityConfig {
  std::optional<Field> parse_from;
  std::string preset = "default";
  config::Node mapping;
  bool overwrite_text = false;
  static std::span<const config::Field> fields();
};
struct FromConfig {
  std::optional<Field> parse_from;
  static std::span<const config::Field> fields();
};
struct TraceConfig {
  FromConfig trace_id, span_id, trace_flags;
  static std::span<const config::Field> fields();
};

/// Keys of every parser.
struct ParserConfig {
  TransformerConfig transformer;
  Field parse_from;
  RootField parse_to;
  std::optional<Field> body;
  std::optional<TimeConfig> timestamp;
  std::optional<SeverityConfig> severity;
  std::optional<TraceConfig> trace;
  std::optional<FromConfig> scope_name;
  static std::span<const config::Field> fields();
};

/// What the maker of an operator is given.
struct Build {
  const config::Node& node;
  std::string path;  ///< "receivers::filelog::operators::0"
  std::string id;    ///< already unique
  config::Problems& problems;
  log::Logger logger;
  Loop& loop;
  config::Compat compat = config::compat();

  /// Decodes the block; keys the table does not know are a warning each.
  template <class T>
  T decode() const {
    const config::Node known = without_unknown(T::fields());
    return config::decode<T>(known, path, problems);
  }
  /// Notes an error at `key` (or at the block) and gives nothing.
  std::nullptr_t error(std::string_view key, std::string what) const;

  Conditional::Options options(const TransformerConfig& config) const;
  ParserParts parts(const ParserConfig& config) const;
  std::optional<TimeBlock> time(const TimeConfig& config) const;
  std::optional<SeverityBlock> severity(const SeverityConfig& config) const;
  static TraceBlock trace(const TraceConfig& config);
  std::optional<ScopeBlock> scope(const FromConfig& config) const;
  /// Compiles a condition written under `key`.
  std::optional<text::expr::Program> condition(std::string_view key, const std::string& source) const;

 private:
  config::Node without_unknown(std::span<const config::Field> fields) const;
};

/// Ids of outputs: lists and comma-separated texts.
std::vector<std::string> split_ids(const std::vector<std::string>& written);

/// One kind of operator.
struct OperatorKind {
  std::string_view type;
  std::unique_ptr<Operator> (*make)(const Build& build);
  std::span<const config::Field> (*fields)();
};
/// All kinds, for lookups and documentation.
std::span<const OperatorKind> operator_kinds();

}  // namespace gleaner::stanza

namespace gleaner::config::detail {

template <>
struct TypeOf<stanza::Field> {
  static void decode(Decoder& d, const Node& node, void* out);
  static std::string show(const void* value);
  static constexpr TypeOps ops{"field of an entry", R"("string")", &decode, &show};
};
template <>
struct TypeOf<stanza::RootField> {
  static void decode(Decoder& d, const Node& node, void* out);
  static std::string show(const void* value);
  static constexpr TypeOps ops{"field of an entry, or attributes or resource", R"("string")", &decode, &show};
};

}  // namespace gleaner::config::detail
