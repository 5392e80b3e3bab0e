#include "stanza/files/in_flight.h"

#include <gtest/gtest.h>

namespace gleaner::stanza::files {
namespace {

EntryList entries(std::initializer_list<std::pair<std::uint32_t, std::uint64_t>> origins) {
  EntryList out;
  for (const auto& [source, begin] : origins) {
    Entry entry;
    entry.origin = {source, begin, begin + 10};
    out.push_back(entry);
  }
  return out;
}

TEST(InFlight, KnowsTheFirstByteOfEachSource) {
  InFlight notes;
  EXPECT_FALSE(notes.lowest(1));
  const auto first = notes.add(entries({{1, 100}, {1, 110}, {2, 7}, {1, 50}}));
  const auto second = notes.add(entries({{1, 120}}));
  EXPECT_EQ(notes.lowest(1), 50u);
  EXPECT_EQ(notes.lowest(2), 7u);
  EXPECT_FALSE(notes.lowest(3));
  notes.settled(first);
  EXPECT_EQ(notes.lowest(1), 120u);
  EXPECT_FALSE(notes.lowest(2));
  notes.settled(second);
  EXPECT_FALSE(notes.lowest(1));
  EXPECT_EQ(notes.batches(), 0u);
}

TEST(InFlight, LaterBatchesMayEndFirst) {
  InFlight notes;
  const auto first = notes.add(entries({{1, 0}}));
  const auto second = notes.add(entries({{1, 10}}));
  notes.settled(second);
  EXPECT_EQ(notes.lowest(1), 0u);
  notes.settled(first);
  EXPECT_FALSE(notes.lowest(1));
}

}  // namespace
}  // namespace gleaner::stanza::files
