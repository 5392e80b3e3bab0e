#include "text/ottl/function.h"
namespace gleaner::text::ottl {
std::span<const Function> metric_functions() { return {}; }
}  // namespace gleaner::text::ottl
