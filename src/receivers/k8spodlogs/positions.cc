#include "receivers/k8spodlogs/positions.h"

#include "receivers/k8spodlogs/little_endian.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kSize = 1 + 8 + 4;

}  // namespace

std::string encode(const Position& position) {
  std::string out(1, kVersion);
  put_little(out, position.time, 8);
  put_little(out, position.nth, 4);
  return out;
}

std::optional<Position> decode(std::string_view value) {
  if (value.size() != kSize || value[0] != kVersion) return std::nullopt;
  value.remove_prefix(1);
  Position position;
  position.time = take_little(value, 8);
  position.nth = static_cast<std::uint32_t>(take_little(value, 4));
  return position;
}

}  // namespace gleaner::receivers::k8spodlogs
