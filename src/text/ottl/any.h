#pragma once
// What an OTTL expression can be while it runs: attribute values, and what only the language knows.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "pdata/common.h"
#include "text/ottl/ast.h"

namespace gleaner::text::ottl {

/// 16 bytes, trivially copyable. Texts, lists and maps are views into the record, the program or the arena of
/// the run; a map that came from a path is the record's own.
class Any {
 public:
  enum class Kind : std::uint8_t {
    nil,
    string,
    boolean,
    integer,
    real,
    bytes,
    list,
    map,
    time,      ///< nanoseconds since 1970, and the offset of its zone
    duration,  ///< nanoseconds
    trace_id,
    span_id,
    events,        ///< List<pdata::SpanEvent>
    links,         ///< List<pdata::SpanLink>
    numbers,       ///< List<pdata::NumberPoint>
    histograms,    ///< List<pdata::HistogramPoint>
    exponentials,  ///< List<pdata::ExponentialPoint>
    summaries,     ///< List<pdata::SummaryPoint>
    exemplars,     ///< List<pdata::Exemplar>
    quantiles,     ///< List<pdata::SummaryPoint::Quantile>
    buckets,       ///< pdata::ExponentialPoint::Buckets
    status,        ///< pdata::Span, for its status
  };

  Any() noexcept : kind_(Kind::nil), extra_(0), int_(0) {}
  static Any string(std::string_view text) noexcept { return Any(Kind::string, text); }
  static Any bytes(std::string_view data) noexcept { return Any(Kind::bytes, data); }
  static Any boolean(bool value) noexcept { return Any(Kind::boolean, std::int64_t{value}); }
  static Any integer(std::int64_t value) noexcept { return Any(Kind::integer, value); }
  static Any duration(std::int64_t nanos) noexcept { return Any(Kind::duration, nanos); }
  static Any real(double value) noexcept {
    Any any;
    any.kind_ = Kind::real;
    any.real_ = value;
    return any;
  }
  /// @param offset seconds east of UTC in which the time is shown
  static Any time(std::int64_t nanos, int offset = 0) noexcept {
    Any any(Kind::time, nanos);
    any.extra_ = static_cast<std::uint32_t>(offset);
    return any;
  }
  static Any map(pdata::Map* value) noexcept { return Any(Kind::map, value); }
  static Any list(pdata::Array* value) noexcept { return Any(Kind::list, value); }
  static Any trace_id(const pdata::TraceId* id) noexcept { return Any(Kind::trace_id, id); }
  static Any span_id(const pdata::SpanId* id) noexcept { return Any(Kind::span_id, id); }
  /// One of the kinds that are parts of records.
  static Any part(Kind kind, const void* at) noexcept { return Any(kind, at); }
  static Any of(const pdata::Value& value) noexcept;

  Kind kind() const noexcept { return kind_; }
  bool is_nil() const noexcept { return kind_ == Kind::nil; }
  bool is(Kind kind) const noexcept { return kind_ == kind; }
  bool is_string() const noexcept { return kind_ == Kind::string; }

  // Each requires the kind it is named after (text: string or bytes; number: what is kept as an integer).
  std::string_view text() const noexcept { return {text_, extra_}; }
  bool as_bool() const noexcept { return int_ != 0; }
  std::int64_t number() const noexcept { return int_; }
  double as_real() const noexcept { return real_; }
  int zone_offset() const noexcept { return static_cast<int>(extra_); }
  pdata::Map& as_map() const noexcept { return *static_cast<pdata::Map*>(const_cast<void*>(at_)); }
  pdata::Array& as_list() const noexcept { return *static_cast<pdata::Array*>(const_cast<void*>(at_)); }
  const void* at() const noexcept { return at_; }
  /// The id's bytes.
  std::string_view id() const noexcept {
    return {static_cast<const char*>(at_), kind_ == Kind::trace_id ? std::size_t{16} : std::size_t{8}};
  }

  /// "string", "int64", "pcommon.Map": the names the reference's messages use.
  std::string_view type() const noexcept;

 private:
  Any(Kind kind, std::int64_t number) noexcept : kind_(kind), extra_(0), int_(number) {}
  Any(Kind kind, const void* at) noexcept : kind_(kind), extra_(0), at_(at) {}
  Any(Kind kind, std::string_view text) noexcept
      : kind_(kind), extra_(static_cast<std::uint32_t>(text.size())), text_(text.data()) {}
  Kind kind_;
  std::uint32_t extra_;  ///< of text_: its size; of a time: the offset
  union {
    const char* text_;
    std::int64_t int_;
    double real_;
    const void* at_;
  };
};

/// Elements of a list that is a part of a record, lists and maps included; -1 when it has no length.
std::int64_t length(const Any& any);
/// True for every kind that is a list.
bool is_list(const Any& any);

/// The value in `out`, ready to be put into a record: lists and maps are copied, texts are shared.
/// @return false for what no attribute can hold (times, durations, ids, parts of records)
bool to_value(Arena& arena, const Any& any, pdata::Value& out);
/// A copy of lists and maps that shares its texts.
pdata::Value share(Arena& arena, const pdata::Value& value);
pdata::Map share(Arena& arena, const pdata::Map& map);

/// The comparison rules of the language: ints and doubles compare, nil equals nil and empty bytes, everything
/// else of different types differs and is neither less nor greater.
bool compare(const Any& a, const Any& b, Compare op);

/// The text form StringLike arguments get: texts as they are, bytes and ids in hex, others as JSON with Go's
/// escapes for HTML. Nothing for nil. @return false for what has none
bool append_string_like(std::string& out, const Any& any);

}  // namespace gleaner::text::ottl
