#pragma once
#include "text/expr/builtins.h"

namespace gleaner::text::expr {

/// The functions over lists and maps.
std::span<const Function> list_functions();

}  // namespace gleaner::text::expr
