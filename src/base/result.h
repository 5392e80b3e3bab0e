#pragma once
// Errors as values. A Result carries words and the one bit that matters: what the caller should do next.
#include <chrono>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace gleaner {

/// What the caller should do next. Everything else about a failure is words.
enum class Fault : std::uint8_t {
  config,     ///< the user must edit the YAML; startup stops with exit code 1
  retryable,  ///< same data may pass later: back-pressure, 429, ECONNREFUSED
  permanent,  ///< same data will always fail: drop it, count it, log once
  os,         ///< a system call failed; errno is in `sys`
  cancelled,  ///< shutting down; never logged as an error
};

struct Error {
  Fault fault = Fault::permanent;
  std::string what;                         ///< lower case, no full stop; contexts join with ": "
  int sys = 0;                              ///< errno if fault == os, else 0
  std::chrono::nanoseconds retry_after{0};  ///< the peer's own wish, 0 if it had none
  std::uint32_t grpc_status = 0;            ///< gRPC status code if the peer sent one, else 0
  bool too_large = false;                   ///< the peer refuses the request for its size alone

  /// Puts the place an error was seen in front of its words: "where: what".
  Error&& in(const std::string& where) && {
    what = where + ": " + what;
    return std::move(*this);
  }
};

/// tl::expected with [[nodiscard]]; becomes std::expected by editing this line.
template <class T = void>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error>&& other) : tl::expected<T, Error>(std::move(other)) {}
};

inline tl::unexpected<Error> fail(Fault fault, std::string what, int sys = 0) {
  return tl::make_unexpected(Error{fault, std::move(what), sys});
}
inline tl::unexpected<Error> fail(Error error) { return tl::make_unexpected(std::move(error)); }

/// A failure of the system call that just set errno; `what` gets ": <strerror>" appended.
tl::unexpected<Error> fail_errno(std::string what);

}  // namespace gleaner
