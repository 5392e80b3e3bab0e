#pragma once
// Asks whether the account in use may do more than anybody should have to give it.
#include "base/log.h"
#include "k8s/client.h"

namespace gleaner::k8s {

/// `status.allowed` of a SelfSubjectAccessReview. @return Fault::permanent when there is none
Result<bool> read_allowed(std::string_view json);

/// Asks, and warns of what is allowed.
Task<> check_node_proxy(Client& api, Loop& loop, log::Logger logger);

/// Warns when the account may `get` or `create` nodes/proxy: with it, whoever holds the token runs commands
/// in every pod of every node. Once in the life of the process, whoever calls. An API server that does not
/// answer, or answers no, is no reason to say anything. Source: spec/fargate.md 2.2.
Task<> warn_of_node_proxy(Client& api, Loop& loop, log::Logger logger);
/// The same over a connection of its own, as the service account of the pod; nothing outside a cluster.
class AccountCheck {
 public:
  /// Returns at once; what is to be said comes later.
  void start(Loop& loop, log::Logger logger, std::string user_agent);
  /// Cuts what is being asked.
  Task<> stop();

 private:
  Task<> ask(std::shared_ptr<Client> api, Loop& loop, log::Logger logger);
  std::shared_ptr<Client> api_;  ///< while it is being asked
  Gate gate_;
};

}  // namespace gleaner::k8s
