#pragma once
// A double in the fewest digits that mean it, as Go's strconv and JavaScript write it. std::to_chars does the
// same and takes 150 kB of tables along, nearly all of them for digits that nobody asks for here.
#include <string>

namespace gleaner {

enum class DoubleForm : unsigned char {
  fixed,       ///< "1500", "0.000015"
  scientific,  ///< "1.5e+03"; at least two digits of exponent
};

/// @param value  finite
std::string shortest(double value, DoubleForm form);

}  // namespace gleaner
