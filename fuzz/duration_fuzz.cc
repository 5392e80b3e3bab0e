// What is printed reads back as the same duration.
#include <cstdlib>

#include "base/duration.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = parse_duration({reinterpret_cast<const char*>(data), size});
  if (!first) {
    if (first.error().fault != Fault::config || first.error().what.empty()) std::abort();
    return 0;
  }
  const auto second = parse_duration(format_duration(*first));
  if (!second || *second != *first) std::abort();
  return 0;
}
