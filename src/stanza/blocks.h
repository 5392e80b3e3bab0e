#pragma once
// The blocks every parser may carry: timestamp, severity, trace, scope_name. Also operators of their own.
#include <optional>
#include <string>

#include "stanza/field.h"
#include "text/severity.h"
#include "text/time_layout.h"

namespace gleaner::stanza {

/// Words of a failure; empty = it went well. Reused, so that success allocates nothing.
using Words = std::string;

/// The reference's "message: {"parse_from":"body.x"}".
Words missing_field(std::string_view message, const Field& field);

/// Sets the timestamp from a field. Source: spec/filelog.md 13.1.
class TimeBlock {
 public:
  struct Config {
    std::optional<Field> parse_from;
    std::string layout;
    std::string layout_type = "strptime";  ///< strptime, gotime, epoch
    std::string location;
    bool narrow = false;  ///< strptime as 0.102 had it
  };
  static Result<TimeBlock> make(const Config& config);
  bool apply(Entry& entry, Words& why) const;

 private:
  Field parse_from_;
  std::optional<text::TimeLayout> layout_;
  std::optional<text::EpochLayout> epoch_;
  text::Zone zone_;
};

/// Sets severity number and text from a field. Source: spec/filelog.md 13.2.
class SeverityBlock {
 public:
  SeverityBlock(Field parse_from, text::SeverityMap map, bool overwrite_text)
      : parse_from_(std::move(parse_from)), map_(std::move(map)), overwrite_text_(overwrite_text) {}
  bool apply(Entry& entry, Arena& arena, Words& why) const;

 private:
  Field parse_from_;
  text::SeverityMap map_;
  bool overwrite_text_;
};

/// Sets trace id, span id and flags from hex fields; absent ones stay empty. Source: spec/filelog.md 13.3.
class TraceBlock {
 public:
  TraceBlock(Field trace_id, Field span_id, Field trace_flags)
      : trace_id_(std::move(trace_id)), span_id_(std::move(span_id)), trace_flags_(std::move(trace_flags)) {}
  bool apply(Entry& entry, Arena& arena, Words& why) const;

 private:
  Field trace_id_, span_id_, trace_flags_;
};

/// Sets the scope name from a string field.
class ScopeBlock {
 public:
  explicit ScopeBlock(Field parse_from) : parse_from_(std::move(parse_from)) {}
  bool apply(Entry& entry, Words& why) const;

 private:
  Field parse_from_;
};

}  // namespace gleaner::stanza
