#include "receivers/otlp/doorkeeper.h"

namespace gleaner::receivers::otlp {
namespace {

/// The IP of "10.0.0.1:33000" or "[::1]:33000".
std::string_view address_of(std::string_view peer) {
  const auto address = peer.substr(0, peer.rfind(':'));
  return address.starts_with('[') ? address.substr(1, address.size() - 2) : address;
}

}  // namespace

Task<Result<Doorkeeper::Note>> Doorkeeper::check(const net::Headers& headers) {
  auto learned = co_await authenticator_->check(headers);
  if (!learned) {
    Error error = std::move(learned.error());
    if (!error.grpc_status) error.grpc_status = static_cast<std::uint32_t>(net::GrpcCode::unauthenticated);
    co_return fail(std::move(error));
  }
  if (learned->empty()) co_return Note();
  co_return Note(std::make_shared<const Client::Pairs>(std::move(*learned)));
}

std::shared_ptr<const Client> Doorkeeper::client(const std::string& peer, const net::Headers& headers,
                                                 std::string_view host, const Note& note,
                                                 Reservation& booked) {
  const bool plain = !include_metadata_ && !note;
  const auto address = address_of(peer);
  if (plain && last_ && last_->address == address) return last_;
  auto client = std::make_shared<Client>();
  client->address = address;
  if (note) client->auth = *static_cast<const Client::Pairs*>(note.get());
  if (include_metadata_) {
    client->metadata.reserve(headers.size() + 1);
    for (const auto field : headers) client->metadata.emplace_back(field.name, field.value);
    if (!host.empty() && !headers.has("host")) client->metadata.emplace_back("host", host);
  }
  if (plain) return last_ = client;
  constexpr std::size_t kPair = sizeof(Client::Pairs::value_type);
  auto memory =
      memory_.try_reserve(client->bytes() + (client->metadata.size() + client->auth.size()) * kPair);
  if (!memory) return nullptr;
  booked.absorb(std::move(memory));
  return client;
}

}  // namespace gleaner::receivers::otlp
