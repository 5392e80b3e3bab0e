#pragma once
// What an extension is that knows who may send, or proves who we are. Components see these, not the
// extensions.
#include "net/headers.h"
#include "pipeline/component.h"

namespace gleaner::auth {

/// Checks the credentials of requests that come in.
class ServerAuthenticator {
 public:
  virtual ~ServerAuthenticator() = default;
  /// Called before a body is read. `headers` lives as long as the task.
  /// @return what was learned of the sender (Client::auth); an error's words are told to the peer, with
  /// UNAUTHENTICATED or 401 unless it carries a grpc_status of its own
  virtual Task<Result<Client::Pairs>> check(const net::Headers& headers) = 0;
};

enum class Protocol : std::uint8_t { http, grpc };

/// A request about to be sent.
struct Outgoing {
  Protocol protocol = Protocol::http;
  const Client* sender = nullptr;         ///< whose data it is, if that is known
  TimePoint deadline = TimePoint::max();  ///< of the attempt
};

/// Adds credentials to requests that go out.
class ClientAuthenticator {
 public:
  virtual ~ClientAuthenticator() = default;
  /// Called once before the first request, when every extension has been made: whether it can work.
  virtual Result<> prepare(Protocol) { return {}; }
  /// True when its credentials must not travel in the clear over gRPC. Asked after prepare().
  virtual bool needs_tls() const { return true; }
  /// Changes the headers of one attempt. May wait (a token is fetched). Both arguments outlive the task.
  /// HTTP: all the request's headers; gRPC: none yet, what is there afterwards joins the call's own.
  virtual Task<Result<>> add_to(net::Headers& headers, const Outgoing& request) = 0;
};

/// Whether two secrets are equal; the time it takes tells nothing but their lengths.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace gleaner::auth
