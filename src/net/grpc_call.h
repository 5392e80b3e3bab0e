#pragma once
// One call of a server's gRPC connection, and what its head says.
#include <array>
#include <memory>
#include <string_view>

#include "base/budget.h"
#include "net/http2.h"
#include "net/server.h"

namespace gleaner::net {

/// Lives from its head until it is answered and its stream is closed.
struct GrpcServerCall {
  Http2Stream* stream = nullptr;  ///< null once it is closed
  GrpcRequest request;            ///< without its message; given away when the handler starts
  std::array<char, kGrpcPrefix> prefix{};
  std::size_t seen = 0;    ///< bytes of the body
  std::size_t length = 0;  ///< of the message, as the prefix says
  Buffer message;
  Encoding encoding = Encoding::identity;
  Reservation head_memory, reservation;  ///< of the head and the work, until it is answered; of the message
  std::string_view http_status;          ///< of the answer to what is no gRPC call
  Buffer held;                           ///< data whose windows stay shut while admit() is at work
  bool answered = false, running = false, ended = false;
  bool waiting = false;  ///< for admit(), which looks at the request meanwhile
};

/// What gRPC itself says in a head: views into it, empty where it says nothing.
struct GrpcHead {
  std::string_view method, path, authority, type, encoding, timeout;
};
/// Takes a head apart; the caller's own fields go into `metadata`.
GrpcHead take_apart(const Headers& head, Headers& metadata);

/// Whether a content-type is gRPC's.
bool is_grpc(std::string_view type) noexcept;

/// The head of an answer with a body, and the trailers of one that went well.
const Headers& grpc_answer_head(Encoding encoding);
std::shared_ptr<const Headers> grpc_trailers(const GrpcReply& reply);

/// A reply without a body.
GrpcReply grpc_reply_of(GrpcCode code, std::string message);
/// The reply to a call of a path that no handler serves.
GrpcReply grpc_unimplemented(const GrpcHandler& handler, std::string_view path);

}  // namespace gleaner::net
