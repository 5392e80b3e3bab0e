#pragma once
// A bearer token in a file that somebody else keeps fresh.
#include <string>
#include <string_view>

#include "base/loop.h"
#include "base/result.h"

namespace gleaner::k8s {

inline constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Reads the file at most once in 50 s, as client-go does (a minute less 10 s of leeway). An empty or
/// unreadable file leaves the last token in use. Read on the loop: projected tokens live in a tmpfs. Limit:
/// 64 KiB. Source: spec/kubeletstats.md 4.2.
class TokenFile {
 public:
  static constexpr Duration kPeriod = std::chrono::seconds(50);

  explicit TokenFile(std::string path) : path_(std::move(path)) {}
  /// @return Fault::config "unable to read token file ..." when there is no token at all
  Result<std::string_view> token(TimePoint now);
  /// The server did not like it: the next token() reads the file.
  void distrust() { read_at_ = TimePoint::min(); }

 private:
  std::string path_, token_;
  TimePoint read_at_ = TimePoint::min();
};

}  // namespace gleaner::k8s
