#include "base/lasting.h"

#include <mutex>
#include <string>
#include <unordered_set>

namespace gleaner {

std::string_view lasting(std::string_view name) {
  static std::mutex mutex;
  static auto& names = *new std::unordered_set<std::string>;  // never destroyed: data may outlive main()
  const std::lock_guard lock(mutex);
  return *names.emplace(name).first;  // elements of a node container stay where they are
}

}  // namespace gleaner
