#pragma once
// Who of several replicas works: a Lease, as client-go's leader election has it.
#include <string>

#include "base/log.h"
#include "base/loop.h"
#include "k8s/client.h"

namespace gleaner::extensions::k8s_operator {

class Lease {
 public:
  Lease(Loop& loop, k8s::Client& api, log::Logger logger, std::string name, std::string name_space,
        std::string holder);

  /// Until cancel(); then the lease is given back.
  Task<> run();
  void cancel();
  bool held() const { return loop_.now() < held_until_; }

 private:
  Task<Result<>> round();

  Loop& loop_;
  k8s::Client& api_;
  const log::Logger logger_;
  const std::string name_, name_space_, holder_, folder_;
  std::string seen_;  ///< the record as it was last, and since when: clocks of others do not matter
  TimePoint seen_at_{}, held_until_{};
  std::string trouble_;
  Timer timer_;
  bool stopping_ = false;
};

}  // namespace gleaner::extensions::k8s_operator
