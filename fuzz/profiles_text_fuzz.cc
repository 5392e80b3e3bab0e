// Whatever profiles refer to, what scan() accepts can be printed: one line a resource and more, one for each
// sample.
#include <cstdlib>

#include "exporters/debug/text.h"
#include "otlp/scan.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view request(reinterpret_cast<const char*>(data), size);
  const auto found = otlp::scan(SignalKind::profiles, request);
  if (!found.ok()) return 0;
  const auto count = [](const std::string& text, std::string_view word) {
    std::size_t n = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
  };
  const auto normal = exporters::debug::normal_text(request);
  const auto detailed = exporters::debug::detailed_text(request);
  if (count(normal, "ResourceProfiles #") < found.resources) std::abort();
  if (count(detailed, "ResourceProfiles #") < found.resources) std::abort();
  if (count(detailed, "    Sample #") < found.items) std::abort();
  return 0;
}
