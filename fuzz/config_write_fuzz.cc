// What is read as YAML can be written, as YAML in both styles, and read again as the same tree.
#include <cstdlib>

#include "config/same.h"
#include "config/write.h"
#include "config/yaml.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = config::parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!first)
    return first.error().what.starts_with("fuzz:") ? 0 : (std::abort(), 0);  // every error has a place
  for (const auto style : {config::YamlStyle{}, config::kManifestStyle}) {
    const auto again = config::parse_yaml(config::to_yaml(*first, style), "again");
    if (!again || !config::same(*first, *again)) std::abort();
  }
  return 0;
}
