#include "receivers/k8spodlogs/positions.h"

#include "storage/little_endian.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kSize = 1 + 8 + 4;

}  // namespace

std::string encode(const Position& position) {
  std::string out(kSize, kVersion);
  storage::store(out.data() + 1, position.time);
  storage::store(out.data() + 9, position.nth);
  return out;
}

std::optional<Position> decode(std::string_view value) {
  if (value.size() != kSize || value[0] != kVersion) return std::nullopt;
  return Position{storage::load<std::uint64_t>(value.data() + 1),
                  storage::load<std::uint32_t>(value.data() + 9)};
}

}  // namespace gleaner::receivers::k8spodlogs
