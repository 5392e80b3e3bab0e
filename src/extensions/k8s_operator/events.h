#pragma once
// Events: what `kubectl describe` says of an object, and why.
#include <map>
#include <string>

#include "base/log.h"
#include "base/loop.h"
#include "extensions/k8s_operator/documents.h"
#include "k8s/client.h"

namespace gleaner::extensions::k8s_operator {

class Events {
 public:
  Events(Loop& loop, k8s::Client& api, log::Logger logger, std::string reporter)
      : loop_(loop), api_(api), logger_(logger), reporter_(std::move(reporter)) {}

  /// Sent beside whatever else goes on; what was said of the same object within ten minutes is not repeated,
  /// and what the API server does not take is logged.
  void tell(const Regarding& about, std::string_view reason, std::string_view message, bool normal = false);
  /// After the client has stopped.
  auto join() { return gate_.join(); }

 private:
  Task<> send(std::string path, std::string body);

  Loop& loop_;
  k8s::Client& api_;
  const log::Logger logger_;
  const std::string reporter_;
  std::map<std::string, TimePoint> said_;  ///< until when
  Gate gate_;
};

}  // namespace gleaner::extensions::k8s_operator
