// What is read can be written and read again as the same value; strict reading accepts nothing that tolerant
// reading refuses.
#include <cstdlib>

#include "text/json.h"
#include "text/utf8.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Arena arena;
  const auto first = text::JsonReader().read(input, arena);
  const auto strict = text::JsonReader({.strict = true}).read(input, arena);
  (void)text::JsonReader({.parse_ints = true}).read(input, arena).has_value();
  if (strict && !first) std::abort();
  if (!first) return 0;
  if (!text::is_utf8(input)) return 0;  // invalid bytes come back as U+FFFD
  std::string written;
  if (!text::append_json_pretty(written, *first)) return 0;
  const auto again = text::JsonReader({.strict = true}).read(written, arena);
  if (!again) std::abort();
  std::string twice;
  text::append_json_pretty(twice, *again);
  if (twice != written) std::abort();
  return 0;
}
