#include "config/compat.h"

namespace gleaner::config {
namespace {
Compat chosen = Compat::today;
}  // namespace

Result<Compat> parse_compat(std::string_view text) {
  if (text.empty()) return Compat::today;
  if (text == "0.102" || (text.starts_with("0.102.") && text.size() == 7 && text[6] >= '0' && text[6] <= '9'))
    return Compat::v0_102;
  return fail(Fault::config, "\"" + std::string(text) + "\" is no release gleaner can behave like: 0.102 is");
}

void set_compat(Compat compat) { chosen = compat; }
Compat compat() { return chosen; }

}  // namespace gleaner::config
