#pragma once
// Who sends: checks credentials before a body is read, and makes the Client that travels with the data.
#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "net/server.h"

namespace gleaner::receivers::otlp {

/// One per listener. What check() learns goes through the request's note to client().
class Doorkeeper {
 public:
  Doorkeeper(Budget& memory, bool include_metadata) : memory_(memory), include_metadata_(include_metadata) {}

  void ask(auth::ServerAuthenticator& authenticator) { authenticator_ = &authenticator; }
  bool asks() const { return authenticator_ != nullptr; }

  using Note = std::shared_ptr<const void>;
  /// @param headers  outlive the task
  /// @return an error with the grpc_status to answer with; UNAUTHENTICATED unless the extension knows better
  Task<Result<Note>> check(const net::Headers& headers);

  /// The sender. Headers that are kept are booked on `booked`.
  /// @param host  the authority, kept as header "host" if there is none
  /// @return nullptr when the budget has no room for the headers
  std::shared_ptr<const Client> client(const std::string& peer, const net::Headers& headers,
                                       std::string_view host, const Note& note, Reservation& booked);

 private:
  Budget& memory_;
  const bool include_metadata_;
  auth::ServerAuthenticator* authenticator_ = nullptr;
  std::shared_ptr<const Client> last_;  ///< shared by requests in a row that say nothing but the address
};

}  // namespace gleaner::receivers::otlp
