// What is read as YAML can be written, as YAML in both styles, and read again as the same tree.
#include <cstdlib>

#include "config/write.h"
#include "config/yaml.h"

using namespace gleaner;

namespace {

bool same(const config::Node& a, const config::Node& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.kind() != b.kind() || a.items().size() != b.items().size() ||
      a.entries().size() != b.entries().size())
    return false;
  if (a.is_scalar()) return a.type() == b.type() && a.text() == b.text();
  for (std::size_t i = 0; i < a.items().size(); ++i)
    if (!same(a.items()[i], b.items()[i])) return false;
  for (const auto& entry : a.entries())
    if (const auto* there = b.find(entry.key); !there || !same(entry.value, *there)) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = config::parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!first)
    return first.error().what.starts_with("fuzz:") ? 0 : (std::abort(), 0);  // every error has a place
  for (const auto style : {config::YamlStyle{}, config::kManifestStyle}) {
    const auto again = config::parse_yaml(config::to_yaml(*first, style), "again");
    if (!again || !same(*first, *again)) std::abort();
  }
  return 0;
}
