#pragma once
// How often each pod may ask.
#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/loop.h"

namespace gleaner::extensions::kubelet_relay {

/// So many requests a second for each pod, and twice as many at once. Who is a little faster than that waits,
/// as reading a long log does; who is much faster is sent away. One point in time a pod: when what it has
/// asked for so far is paid.
class Pace {
 public:
  explicit Pace(double per_second)
      : each_(per_second > 0
                  ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / per_second))
                  : Duration{0}) {}

  /// @return how long this request has to wait; nothing: it is refused, and costs nothing
  std::optional<Duration> admit(const std::string& pod, TimePoint now) {
    if (each_ == Duration{0}) return Duration{0};
    if (paid_.size() >= kMostPods) forget(now);
    TimePoint& paid = paid_[pod];
    const TimePoint then = std::max(paid, now) + each_;
    const Duration wait = std::max(then - now - kAtOnce, Duration{0});
    if (wait > kPatience) return std::nullopt;
    paid = then;
    return wait;
  }

  static constexpr Duration kPatience = std::chrono::seconds(1);

 private:
  static constexpr Duration kAtOnce = std::chrono::seconds(2);  ///< worth of requests
  static constexpr std::size_t kMostPods = 8192;

  void forget(TimePoint now) {
    std::erase_if(paid_, [&](const auto& one) { return one.second <= now; });
    if (paid_.size() >= kMostPods) paid_.clear();  // more pods at once than a relay is for: all begin anew
  }

  const Duration each_;  ///< what a request costs; 0: no limit
  std::map<std::string, TimePoint> paid_;
};

}  // namespace gleaner::extensions::kubelet_relay
