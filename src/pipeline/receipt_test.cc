#include "pipeline/receipt.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

TEST(Receipt, SettlesItsTicketWhenTheLastPartEnds) {
  int calls = 0;
  Outcome last{};
  Ledger ledger;
  Receipt all(10, Ticket::make([&](Outcome o) { ++calls, last = o; }));
  all.enter(ledger);
  Receipt head = all.split(4);
  EXPECT_EQ(head.items(), 4u);
  EXPECT_EQ(all.items(), 6u);
  EXPECT_TRUE(ledger.balanced());
  head.settle(Outcome::delivered);
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(ledger.balanced());
  all.settle(Outcome::dropped, Drop::permanent_error);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(last, Outcome::dropped);
  EXPECT_EQ(ledger.delivered, 4u);
  EXPECT_EQ(ledger.all_dropped(), 6u);
  EXPECT_EQ(ledger.held, 0u);
  EXPECT_TRUE(ledger.balanced());
}

TEST(Receipt, JoiningKeepsOrderForLaterSplits) {
  std::vector<int> done;
  Ledger ledger;
  Receipt all(3, Ticket::make([&](Outcome) { done.push_back(1); }));
  all.append(Receipt(5, Ticket::make([&](Outcome) { done.push_back(2); })));
  all.enter(ledger);
  Receipt head = all.split(4);
  head.settle(Outcome::delivered);
  EXPECT_EQ(done, (std::vector<int>{1}));
  all.settle(Outcome::delivered);
  EXPECT_EQ(done, (std::vector<int>{1, 2}));
  EXPECT_TRUE(ledger.balanced());
}

TEST(Receipt, FilteredItemsAreDoneForTheSender) {
  Outcome last = Outcome::dropped;
  Ledger ledger;
  Receipt all(10, Ticket::make([&](Outcome o) { last = o; }));
  all.enter(ledger);
  all.drop(7, Drop::filtered);
  EXPECT_EQ(all.items(), 3u);
  all.settle(Outcome::delivered);
  EXPECT_EQ(last, Outcome::delivered);
  EXPECT_TRUE(ledger.balanced());
}

TEST(Receipt, CopiesAreBookedAndCanBeForgotten) {
  Ledger ledger;
  Receipt all(10, nullptr);
  all.enter(ledger);
  Receipt twin = all.copy();
  EXPECT_EQ(ledger.copies, 10u);
  EXPECT_TRUE(ledger.balanced());
  twin.forget();
  EXPECT_EQ(ledger.copies, 0u);
  all.leave(ledger);
  EXPECT_EQ(ledger.in, 0u);
  EXPECT_EQ(ledger.refused, 10u);
  EXPECT_TRUE(ledger.balanced());
  all.settle(Outcome::dropped, Drop::downstream_error);
}

TEST(ReceiptDeath, UnsettledIsABug) {
#ifndef NDEBUG
  EXPECT_DEATH({ Receipt lost(1, nullptr); }, "unsettled");
#endif
}

}  // namespace
}  // namespace gleaner
