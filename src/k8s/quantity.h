#pragma once
// Amounts as Kubernetes writes them: "100m", "1.5Gi", "2e3".
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::k8s {

/// An exact amount down to 1e-9, at most 2^63-1 in size; what is larger counts as that, what is finer is
/// rounded away from zero. Source: spec/kubeletstats.md 9.2, Kubernetes resource.Quantity.
class Quantity {
 public:
  Quantity() = default;
  /// @return Fault::permanent, quoting the text, when it is no quantity
  static Result<Quantity> parse(std::string_view text);
  static Quantity of_nanos(__int128 nanos) {
    Quantity made;
    made.nanos_ = nanos;
    made.real_ = static_cast<double>(nanos) * 1e-9;
    return made;
  }

  bool is_zero() const { return nanos_ == 0; }
  /// The nearest double as the reference computes it: digits times a power of ten, so "0.3" is not quite 0.3.
  double real() const { return real_; }
  /// Rounded away from zero.
  std::int64_t whole() const;
  __int128 nanos() const { return nanos_; }
  /// A text that parses to the same amount: "1500m", "3", "1n".
  std::string format() const;

 private:
  __int128 nanos_ = 0;
  double real_ = 0;
};

}  // namespace gleaner::k8s
