#include "config/gates.h"

#include <set>

namespace gleaner::config {
namespace {

std::set<std::string, std::less<>>& enabled() {
  static std::set<std::string, std::less<>> gates;
  return gates;
}

}  // namespace

void set_gates(const std::vector<std::string>& lists) {
  enabled().clear();
  for (const auto& list : lists)
    for (std::size_t from = 0; from <= list.size();) {
      const auto end = std::min(list.find(',', from), list.size());
      std::string_view gate(list.data() + from, end - from);
      const bool off = gate.starts_with('-');
      if (off || gate.starts_with('+')) gate.remove_prefix(1);
      if (off)
        enabled().erase(std::string(gate));
      else if (!gate.empty())
        enabled().emplace(gate);
      from = end + 1;
    }
}

bool gate_enabled(std::string_view name) { return enabled().contains(name); }

}  // namespace gleaner::config
