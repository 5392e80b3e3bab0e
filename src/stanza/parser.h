#pragma once
// What parsers share: where they read, where they write, and the blocks behind.
#include <optional>

#include "stanza/blocks.h"
#include "stanza/operator.h"

namespace gleaner::stanza {

/// Everything a parser has beside its own keys.
struct ParserParts {
  Field parse_from;  ///< default: body
  Field parse_to = Field(Field::Root::attributes);
  std::optional<Field> body;  ///< becomes the body when it is there
  std::optional<TimeBlock> timestamp;
  std::optional<SeverityBlock> severity;
  std::optional<TraceBlock> trace;
  std::optional<ScopeBlock> scope_name;

  /// Writes what a parser found and runs the blocks; all run, the first failure is told.
  /// Source: spec/filelog.md 12.2.
  bool finish(Entry& entry, const pdata::Value& found, Arena& arena, Words& why) const;
  bool finish(Entry& entry, const pdata::Map& found, Arena& arena, Words& why) const {
    return finish(entry, pdata::Value::map(const_cast<pdata::Map*>(&found)), arena, why);
  }
};

/// Derived has `bool parse(const pdata::Value& from, Entry&, Flow&, pdata::Value& found)`, which ends with
/// fail(words); an empty `found` writes nothing.
template <class Derived>
class Parser : public Transformer<Derived> {
 public:
  Parser(std::string id, std::string type, const log::Logger& logger, Conditional::Options options,
         ParserParts parts)
      : Transformer<Derived>(std::move(id), std::move(type), logger, std::move(options)),
        parts_(std::move(parts)) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* from = parts_.parse_from.get(entry);
    if (!from)
      return this->fail(missing_field("Entry is missing the expected parse_from field.", parts_.parse_from));
    pdata::Value found;
    const pdata::Value value = *from;
    if (!static_cast<Derived*>(this)->parse(value, entry, flow, found)) return false;
    return parts_.finish(entry, found, flow.arena, this->error_);
  }

 protected:
  ParserParts parts_;
};

}  // namespace gleaner::stanza
