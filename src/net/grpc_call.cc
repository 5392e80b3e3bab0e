#include "net/grpc_call.h"

namespace gleaner::net {

GrpcHead take_apart(const Headers& head, Headers& metadata) {
  GrpcHead found;
  metadata.reserve(head.size(), head.bytes());  // a long one that grows would leave holes in the heap
  for (const auto [name, value] : head) {
    if (name.starts_with(':')) {
      if (name == ":path")
        found.path = value;
      else if (name == ":method")
        found.method = value;
      else if (name == ":authority")
        found.authority = value;
    } else if (name == "grpc-timeout") {
      found.timeout = value;
    } else if (name == "grpc-encoding") {
      found.encoding = value;
    } else if (name != "te" && name != "grpc-accept-encoding") {
      if (name == "content-type" && found.type.empty()) found.type = value;
      metadata.add_lower(name, value);
    }
  }
  return found;
}

bool is_grpc(std::string_view type) noexcept {
  constexpr std::string_view kType = "application/grpc";
  return type.starts_with(kType) &&
         (type.size() == kType.size() || type[kType.size()] == '+' || type[kType.size()] == ';');
}

const Headers& grpc_answer_head(Encoding encoding) {
  using Heads = std::array<Headers, static_cast<std::size_t>(Encoding::lz4) + 1>;
  static const Heads heads = [] {
    Heads made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = {{":status", "200"}, {"content-type", "application/grpc"}};
      const auto named = static_cast<Encoding>(i);
      if (named != Encoding::identity) made[i].add("grpc-encoding", grpc_encoding_name(named));
    }
    return made;
  }();
  return heads[static_cast<std::size_t>(encoding)];
}

std::shared_ptr<const Headers> grpc_trailers(const GrpcReply& reply) {
  static const auto ok = std::make_shared<const Headers>(Headers{{"grpc-status", "0"}});
  if (reply.code == GrpcCode::ok && reply.message.empty() && reply.details.empty()) return ok;
  auto status = std::make_shared<Headers>();
  status->add("grpc-status", std::to_string(static_cast<std::uint32_t>(reply.code)));
  if (!reply.message.empty()) status->add("grpc-message", grpc_percent_encode(reply.message));
  if (!reply.details.empty()) status->add("grpc-status-details-bin", base64_encode(reply.details));
  return status;
}

GrpcReply grpc_reply_of(GrpcCode code, std::string message) {
  GrpcReply reply;
  reply.code = code;
  reply.message = std::move(message);
  return reply;
}

GrpcReply grpc_unimplemented(const GrpcHandler& handler, std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0)
    return grpc_reply_of(GrpcCode::unimplemented, "malformed method name: \"" + std::string(path) + "\"");
  const std::string service(path.substr(1, slash - 1));
  return grpc_reply_of(GrpcCode::unimplemented,
                       handler.knows(service) ? "unknown method " + std::string(path.substr(slash + 1)) +
                                                    " for service " + service
                                              : "unknown service " + service);
}

}  // namespace gleaner::net
