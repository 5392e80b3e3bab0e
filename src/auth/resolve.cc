#include "auth/resolve.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace gleaner::auth {
namespace {

tl::unexpected<Error> not_found(const std::string& id) {
  return fail(Fault::config,
              fmt::format("failed to resolve authenticator \"{}\": authenticator not found", id));
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<ServerAuthenticator*> find_server(const Context& context, const std::string& id) {
  Extension* extension = context.extension(id);
  if (!extension) return not_found(id);
  auto* server = dynamic_cast<ServerAuthenticator*>(extension);
  if (!server) return fail(Fault::config, "requested authenticator is not a server authenticator");
  return server;
}

Result<ClientAuthenticator*> find_client(const Context& context, const std::string& id, Protocol protocol) {
  Extension* extension = context.extension(id);
  if (!extension) return not_found(id);
  auto* client = dynamic_cast<ClientAuthenticator*>(extension);
  if (!client)
    return fail(Fault::config, fmt::format("requested authenticator is not a {} client authenticator",
                                           protocol == Protocol::http ? "HTTP" : "gRPC"));
  if (auto ok = client->prepare(protocol); !ok) return fail(std::move(ok.error()));
  return client;
}

Result<ClientAuth> ClientAuth::make(const Context& context,
                                    const std::optional<confignet::AuthConfig>& config, Protocol protocol,
                                    bool encrypted) {
  if (!config) return ClientAuth();
  auto client = find_client(context, config->authenticator, protocol);
  if (!client) return fail(std::move(client.error()));
  if (protocol == Protocol::grpc && !encrypted && (*client)->needs_tls())
    return fail(Fault::config, "the credentials require transport level security (tls::insecure is set)");
  return ClientAuth(*client, protocol);
}

Task<Result<>> ClientAuth::add_to(net::Headers& headers, const Client* sender, TimePoint deadline) const {
  const Outgoing request{protocol_, sender, deadline};
  auto ok = co_await with_->add_to(headers, request);
  if (!ok) co_return ok;
  // Values may come from a sender, a file or a token server: none of them may end a header and begin another.
  for (const auto field : headers)
    if (!net::is_field_value(field.value))
      co_return fail(Fault::permanent, fmt::format("invalid header field value for \"{}\"", field.name));
  co_return Result<>();
}

}  // namespace gleaner::auth
