#include "pipeline/payload.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner {
namespace {
using testing_support::bodies;
using testing_support::log_batch;
using Texts = std::vector<std::string>;

TEST(Payload, JoinsAndSplitsInWireForm) {
  auto a = log_batch(3, "a"), b = log_batch(2, "b");
  a.append(std::move(b));
  EXPECT_TRUE(a.data.is_wire());
  EXPECT_EQ(a.data.items(), 5u);
  auto head = a.split(4);
  EXPECT_EQ(bodies(head.data), (Texts{"a0", "a1", "a2", "b0"}));
  EXPECT_EQ(bodies(a.data), (Texts{"b1"}));
  head.settle(Outcome::delivered);
  a.settle(Outcome::delivered);
}

TEST(Payload, ConvertsOnceEachWay) {
  auto a = log_batch(3, "a");
  auto& records = a.data.records();
  EXPECT_FALSE(a.data.is_wire());
  records.resources[0].scopes[0].records.erase(1);
  a.data.recount();
  EXPECT_EQ(a.data.items(), 2u);
  EXPECT_GT(a.data.wire().size(), 0u);
  EXPECT_TRUE(a.data.is_wire());
  EXPECT_EQ(bodies(a.data), (Texts{"a0", "a2"}));
  a.settle(Outcome::delivered);
}

TEST(Payload, JoinsRecordsWithoutEncoding) {
  auto a = log_batch(1, "a"), b = log_batch(1, "b");
  (void)a.data.records();
  (void)b.data.records();
  a.append(std::move(b));
  EXPECT_FALSE(a.data.is_wire());
  EXPECT_EQ(bodies(a.data), (Texts{"a0", "b0"}));
  a.settle(Outcome::delivered);
}

TEST(Payload, ShareIsIndependent) {
  auto a = log_batch(2, "a");
  auto twin = a.data.share();
  twin.records().resources[0].scopes[0].records.erase(0);
  EXPECT_EQ(bodies(a.data), (Texts{"a0", "a1"}));
  a.settle(Outcome::delivered);
}

}  // namespace
}  // namespace gleaner
