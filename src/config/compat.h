#pragma once
// Whose behaviour configurations are to get where releases of the reference differ. Set once, before any
// configuration is read: --compat or GLEANER_COMPAT.
#include <optional>
#include <string_view>

#include "base/result.h"

namespace gleaner::config {

enum class Compat : std::uint8_t {
  today,   ///< the newest release known
  v0_102,  ///< June 2024; its plain faults stay repaired (docs/compatibility.md)
};

/// @param text  "0.102" (also with a patch number), or empty for today
Result<Compat> parse_compat(std::string_view text);
void set_compat(Compat compat);
Compat compat();
inline bool is_0_102() { return compat() == Compat::v0_102; }
/// A default that 0.102 had otherwise.
template <class T>
T by_compat(T today, T v0_102) {
  return is_0_102() ? v0_102 : today;
}

/// For tests: another compat until the end of the scope.
class WithCompat {
 public:
  explicit WithCompat(Compat now) : before_(compat()) { set_compat(now); }
  ~WithCompat() { set_compat(before_); }
  WithCompat(const WithCompat&) = delete;
  WithCompat& operator=(const WithCompat&) = delete;

 private:
  Compat before_;
};

}  // namespace gleaner::config
