// Functions of spans, and of the filter for data points.
#include "text/ottl/function.h"

namespace gleaner::text::ottl {
namespace {

bool is_root_span(const Call&, Env& env, Any& out) {
  out = Any::boolean(env.span->parent_span_id.empty());
  return true;
}

}  // namespace

std::span<const Function> span_functions() {
  static constexpr Function kRows[] = {
      {"IsRootSpan", {}, is_root_span, nullptr, bit(Context::span)},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
