#include "receivers/otlp/doorkeeper.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner::receivers::otlp {
namespace {

struct Asked final : auth::ServerAuthenticator {
  Result<Client::Pairs> answer;
  Task<Result<Client::Pairs>> check(const net::Headers&) override { co_return answer; }
};

TEST(Doorkeeper, GivesOneObjectToAllRequestsOfAnAddress) {
  Budget memory(1 << 20);
  Doorkeeper door(memory, false);
  Reservation booked;
  const net::Headers headers{{"x-tenant", "a"}};
  const auto first = door.client("10.0.0.1:1000", headers, {}, nullptr, booked);
  EXPECT_EQ(first->address, "10.0.0.1");
  EXPECT_TRUE(first->metadata.empty());
  EXPECT_EQ(door.client("10.0.0.1:2000", headers, {}, nullptr, booked), first);
  const auto other = door.client("[fe80::1]:1000", headers, {}, nullptr, booked);
  EXPECT_EQ(other->address, "fe80::1");
  EXPECT_NE(other, first);
  EXPECT_EQ(memory.used(), 0u);
}

TEST(Doorkeeper, KeepsHeadersAndBooksThem) {
  Budget memory(1 << 10);
  Doorkeeper door(memory, true);
  Reservation booked;
  const net::Headers headers{{"X-Tenant", "a"}, {"x-tenant", "b"}};
  const auto client = door.client("10.0.0.1:1000", headers, "collector:4317", nullptr, booked);
  EXPECT_EQ(client->metadata,
            (Client::Pairs{{"x-tenant", "a"}, {"x-tenant", "b"}, {"host", "collector:4317"}}));
  EXPECT_GT(booked.bytes(), client->bytes());
  const net::Headers large{{"x", std::string(1 << 10, 'x')}};
  EXPECT_FALSE(door.client("10.0.0.1:1000", large, {}, nullptr, booked)) << "no room";
}

TEST(Doorkeeper, TellsWhatTheAuthenticatorLearned) {
  Loop loop{Loop::Clock::manual};
  Budget memory(1 << 20);
  Doorkeeper door(memory, false);
  EXPECT_FALSE(door.asks());
  Asked asked;
  door.ask(asked);
  EXPECT_TRUE(door.asks());
  asked.answer = Client::Pairs{{"username", "alice"}};
  const net::Headers headers;
  const auto note = loop.run_until_done(door.check(headers));
  ASSERT_TRUE(note);
  Reservation booked;
  const auto client = door.client("10.0.0.1:1", headers, {}, *note, booked);
  EXPECT_EQ(*client->attribute("username"), "alice");
  EXPECT_GT(booked.bytes(), 0u);

  asked.answer = fail(Fault::permanent, "invalid credentials");
  const auto refused = loop.run_until_done(door.check(headers));
  EXPECT_EQ(refused.error().grpc_status, static_cast<std::uint32_t>(net::GrpcCode::unauthenticated));
  Error busy{Fault::retryable, "later"};
  busy.grpc_status = static_cast<std::uint32_t>(net::GrpcCode::unavailable);
  asked.answer = fail(busy);
  const auto later = loop.run_until_done(door.check(headers));
  EXPECT_EQ(later.error().grpc_status, static_cast<std::uint32_t>(net::GrpcCode::unavailable));
}

}  // namespace
}  // namespace gleaner::receivers::otlp
