// The short cut for ISO shapes agrees with the long way, and no layout or text breaks anything.
#include <cstdlib>

#include "text/time_layout.h"

using gleaner::text::TimeLayout;
using gleaner::text::Zone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto now = [] { return std::uint64_t{1720000000} * 1000000000; };
  // The same shape twice: the second layout ends in a literal that keeps it off the short cut.
  static const auto quick = *TimeLayout::strptime("%Y-%m-%dT%H:%M:%S.%L%z");
  static const auto slow = *TimeLayout::strptime("%Y-%m-%dT%H:%M:%S.%L%z%%");
  const auto a = quick.parse(input, Zone::utc(), now);
  const auto b = slow.parse(std::string(input) + "%", Zone::utc(), now);
  if (a.has_value() != b.has_value() || (a && *a != *b)) std::abort();

  const auto cut = input.find('\0');
  if (cut == std::string_view::npos) return 0;
  for (const auto& layout :
       {TimeLayout::strptime(input.substr(0, cut)), TimeLayout::gotime(input.substr(0, cut))})
    if (layout) (void)layout->parse(input.substr(cut + 1), Zone::utc(), now).has_value();
  return 0;
}
