// A Kubernetes quantity that is accepted survives being written and read again, and its two readings agree.
#include <cmath>
#include <cstdlib>

#include "k8s/quantity.h"

using gleaner::k8s::Quantity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = Quantity::parse({reinterpret_cast<const char*>(data), size});
  if (!first) return 0;
  const auto again = Quantity::parse(first->format());
  if (!again || again->nanos() != first->nanos() || again->format() != first->format()) std::abort();
  // real() is near the exact amount, and whole() is the next integer away from zero.
  const double exact = static_cast<double>(first->nanos()) / 1e9;
  if (!std::isfinite(first->real()) || std::fabs(first->real() - exact) > std::fabs(exact) * 1e-12 + 1e-9)
    std::abort();
  const __int128 whole = static_cast<__int128>(first->whole()) * 1'000'000'000;
  const __int128 over = first->nanos() < 0 ? first->nanos() - whole : whole - first->nanos();
  if (over < 0 || over >= 1'000'000'000) std::abort();
  return 0;
}
