#include "config/fingerprint.h"

#include <functional>

namespace gleaner::config {
namespace {

std::uint64_t stir(std::uint64_t a, std::uint64_t b) {
  a = (a ^ b) * 0x9e3779b97f4a7c15;
  return a ^ a >> 32;
}
std::uint64_t of(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace

std::uint64_t fingerprint(const Node& node) {
  if (node.is_null()) return 1;
  std::uint64_t sum = 2 + static_cast<std::uint64_t>(node.kind());
  if (node.is_scalar()) {
    sum = stir(stir(sum, static_cast<std::uint64_t>(node.type())), of(node.text()));
    if (node.from_reference()) sum = stir(sum, of(node.verbatim()));
    return sum;
  }
  for (const auto& item : node.items()) sum = stir(sum, fingerprint(item));
  std::uint64_t pairs = node.entries().size();  // their order does not count
  for (const auto& entry : node.entries()) pairs += stir(of(entry.key), fingerprint(entry.value));
  return stir(sum, pairs);
}

}  // namespace gleaner::config
