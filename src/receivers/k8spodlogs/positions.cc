#include "receivers/k8spodlogs/positions.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kSize = 1 + 8 + 4;

void put(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}
std::uint64_t take(std::string_view& from, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(from[static_cast<std::size_t>(i)])} << (8 * i);
  from.remove_prefix(static_cast<std::size_t>(bytes));
  return value;
}

}  // namespace

std::string encode(const Position& position) {
  std::string out(1, kVersion);
  put(out, position.time, 8);
  put(out, position.nth, 4);
  return out;
}

std::optional<Position> decode(std::string_view value) {
  if (value.size() != kSize || value[0] != kVersion) return std::nullopt;
  value.remove_prefix(1);
  Position position;
  position.time = take(value, 8);
  position.nth = static_cast<std::uint32_t>(take(value, 4));
  return position;
}

}  // namespace gleaner::receivers::k8spodlogs
