#pragma once
// What kubelets say: fetched once for all pods of a node that ask within a few seconds.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "extensions/kubelet_relay/turns.h"
#include "k8s/client.h"

namespace gleaner::extensions::kubelet_relay {

class Documents {
 public:
  using Fetch = std::function<Task<Result<k8s::Client::Answer>>(TimePoint deadline)>;
  Documents(Loop& loop, Duration keep) : loop_(loop), keep_(keep), turns_(kAtOnce) {}

  /// The document called `name`: the one at hand while it is fresh, otherwise what `fetch` brings. Whoever
  /// comes meanwhile waits for the same. Few are fetched at a time, as they can be large.
  Task<Result<k8s::Client::Answer>> get(std::string name, TimePoint deadline, Fetch fetch);

 private:
  static constexpr int kAtOnce = 4;  ///< fetches
  struct Document {
    bool fetching = false;
    Signal fetched;
    Result<k8s::Client::Answer> answer;
    TimePoint until{};
    Document() : answer(fail(Fault::retryable, "")) {}
  };
  void forget_old();

  Loop& loop_;
  const Duration keep_;
  std::map<std::string, std::shared_ptr<Document>> documents_;
  Turns turns_;
};

}  // namespace gleaner::extensions::kubelet_relay
