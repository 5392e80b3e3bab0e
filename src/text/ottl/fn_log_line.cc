#include "text/ottl/function.h"
namespace gleaner::text::ottl {
std::span<const Function> log_line_functions() { return {}; }
}  // namespace gleaner::text::ottl
