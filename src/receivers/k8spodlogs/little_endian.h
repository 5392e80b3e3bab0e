#pragma once
// Numbers in what is kept between runs.
#include <cstdint>
#include <string>
#include <string_view>

namespace gleaner::receivers::k8spodlogs {

inline void put_little(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}
/// Requires as many bytes in `from`.
inline std::uint64_t take_little(std::string_view& from, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(from[static_cast<std::size_t>(i)])} << (8 * i);
  from.remove_prefix(static_cast<std::size_t>(bytes));
  return value;
}

}  // namespace gleaner::receivers::k8spodlogs
