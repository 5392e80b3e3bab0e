#pragma once
// From `auth: {authenticator: ID}` to the extension, and its use by a client.
#include <string>

#include "auth/authenticator.h"
#include "confignet/auth.h"

namespace gleaner::auth {

/// @return Fault::config in the reference's words when there is no such extension or it is of another kind
Result<ServerAuthenticator*> find_server(const Context& context, const std::string& id);
Result<ClientAuthenticator*> find_client(const Context& context, const std::string& id, Protocol protocol);

/// A client's authentication: nothing, or an extension that is asked for every attempt. Cheap to copy.
class ClientAuth {
 public:
  ClientAuth() = default;
  /// @param encrypted  whether the connection will be; gRPC refuses most credentials without
  static Result<ClientAuth> make(const Context& context, const std::optional<confignet::AuthConfig>& config,
                                 Protocol protocol, bool encrypted);
  bool wanted() const { return with_ != nullptr; }
  /// Adds the credentials of one attempt. Do not call without wanted().
  /// @return Fault::permanent for values that cannot be a header, else what the extension says
  Task<Result<>> add_to(net::Headers& headers, const Client* sender, TimePoint deadline) const;

 private:
  ClientAuth(ClientAuthenticator* with, Protocol protocol) : with_(with), protocol_(protocol) {}
  ClientAuthenticator* with_ = nullptr;
  Protocol protocol_ = Protocol::http;
};

}  // namespace gleaner::auth
