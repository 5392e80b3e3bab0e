#pragma once
// Who asks: a token's pod, by the API server's word.
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "extensions/kubelet_relay/turns.h"
#include "k8s/client.h"

namespace gleaner::extensions::kubelet_relay {

struct Caller {
  std::string name_space, pod, uid;
  std::string node;     ///< its name
  std::string address;  ///< the node's IP; only where it is asked for
};

/// Remembers what the API server said of a token for a minute (of a refusal: ten seconds), by its digest:
/// tokens themselves are not kept.
class Callers {
 public:
  /// @param addresses  whether callers' nodes have to be found by address
  Callers(Loop& loop, k8s::Client& api, std::string audience, bool addresses)
      : loop_(loop), api_(api), audience_(std::move(audience)), addresses_(addresses) {}

  /// @param authorization  the header's value
  /// @return `sys` is the HTTP status of the refusal: 401 (no token, or nobody's), 403 (not a pod's), 502
  /// (the
  ///         API server does not say)
  Task<Result<Caller>> who(std::string authorization, TimePoint deadline);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Known {
    Result<Caller> caller;
    TimePoint until;
  };
  Task<Result<Caller>> review(std::string token, TimePoint deadline);
  Task<Result<>> locate(Caller& caller, TimePoint deadline);
  const Result<Caller>* recall(const Digest& digest) const;
  void remember(const Digest& digest, const Result<Caller>& caller);

  Loop& loop_;
  k8s::Client& api_;
  const std::string audience_;
  const bool addresses_;
  std::map<Digest, Known> known_;
  Turns turns_{8};  ///< reviews at once: whoever floods us with tokens does not flood the API server
};

}  // namespace gleaner::extensions::kubelet_relay
