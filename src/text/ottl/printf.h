#pragma once
#include <span>
#include <string>
#include <string_view>

#include "text/ottl/any.h"

namespace gleaner::text::ottl {

/// Go's fmt.Sprintf for what OTTL values are: flags - + # 0 blank, width, precision, and the verbs
/// v d b o O x X c q U e E f F g G s t T p(as a mistake) %. Mistakes show as "%!d(string=x)", "%!v(MISSING)",
/// "%!(EXTRA string=x)". Width and precision are at most 1000.
std::string go_sprintf(std::string_view format, std::span<const Any> values);

}  // namespace gleaner::text::ottl
