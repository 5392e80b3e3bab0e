#pragma once
// What a program sees of the data: one item and all that is around it.
#include <cstdint>
#include <string>

#include "pdata/logs.h"
#include "pdata/metrics.h"
#include "pdata/traces.h"
#include "text/ottl/any.h"

namespace gleaner::text::ottl {

/// What a program is run for, once each. The order is that of the reference's inference: the lowest wins.
enum class Context : std::uint8_t { log, exemplar, datapoint, metric, spanevent, span, scope, resource };
inline constexpr std::string_view kContextNames[] = {"log",       "exemplar", "datapoint", "metric",
                                                     "spanevent", "span",     "scope",     "resource"};
constexpr std::string_view context_name(Context context) {
  return kContextNames[static_cast<std::size_t>(context)];
}
using ContextSet = std::uint8_t;
constexpr ContextSet bit(Context context) {
  return static_cast<ContextSet>(1u << static_cast<unsigned>(context));
}
inline constexpr ContextSet kEveryContext = 0xff;

/// Which functions a program may call: the standard ones are always there, some are for one processor only.
using FunctionSets = std::uint8_t;
inline constexpr FunctionSets kStandard = 1, kTransform = 2, kFilter = 4;

/// The pointers of an item's context and of those around it are set, the others null. Not for several
/// threads.
struct Env {
  explicit Env(Arena& where) : arena(&where) {}

  Arena* arena;  ///< where new values live; outlives the record they may be put into
  pdata::Resource* resource = nullptr;
  pdata::Scope* scope = nullptr;
  std::string_view* resource_schema = nullptr;
  std::string_view* scope_schema = nullptr;
  pdata::LogRecord* log = nullptr;
  pdata::Span* span = nullptr;
  pdata::SpanEvent* event = nullptr;
  std::int64_t event_index = 0;
  List<pdata::Metric>* metrics = nullptr;  ///< of the scope; functions append to it
  std::size_t metric_index = 0;
  pdata::Metric* metric = nullptr;       ///< (*metrics)[metric_index]
  pdata::NumberPoint* number = nullptr;  ///< at most one of the four
  pdata::HistogramPoint* histogram = nullptr;
  pdata::ExponentialPoint* exponential = nullptr;
  pdata::SummaryPoint* summary = nullptr;
  pdata::Exemplar* exemplar = nullptr;
  pdata::Map cache;          ///< `cache`, empty for every item
  bool ignored_nil = false;  ///< set() was given nothing at least once

  std::string error;  ///< of the last step that failed
  bool fail(std::string what) {
    error = std::move(what);
    return false;
  }
  std::string_view keep(std::string_view text) const { return arena->copy(text); }
};

}  // namespace gleaner::text::ottl
