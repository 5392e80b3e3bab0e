#pragma once
// Numbers as they lie in files: little endian, at any place.
#include <bit>
#include <cstring>

namespace gleaner::storage {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are in memory");

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace gleaner::storage
