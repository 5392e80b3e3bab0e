#include "stanza/files/in_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::stanza::files {
namespace {

EntryList entries(std::initializer_list<std::pair<std::uint32_t, std::uint64_t>> origins) {
  EntryList out;
  for (const auto& [source, begin] : origins) {
    Entry entry;
    entry.origin = {source, static_cast<std::uint32_t>(begin / 10), begin, begin + 10};
    out.push_back(entry);
  }
  return out;
}

TEST(InFlight, KnowsTheFirstByteOfEachSource) {
  InFlight notes;
  EXPECT_FALSE(notes.lowest(1));
  const auto first = notes.add(entries({{1, 100}, {1, 110}, {2, 7}, {1, 50}}));
  const auto second = notes.add(entries({{1, 120}}));
  EXPECT_EQ(notes.lowest(1), (Spot{50, 5}));
  EXPECT_EQ(notes.lowest(2), (Spot{7, 0}));
  EXPECT_FALSE(notes.lowest(3));
  EXPECT_THAT(notes.settled(first), testing::UnorderedElementsAre(1u, 2u));
  EXPECT_EQ(notes.lowest(1), (Spot{120, 12}));
  EXPECT_FALSE(notes.lowest(2));
  notes.settled(second);
  EXPECT_FALSE(notes.lowest(1));
  EXPECT_EQ(notes.batches(), 0u);
}

TEST(InFlight, CoversPartsOfOtherSources) {
  InFlight notes;
  const auto token = notes.add(entries({{1, 100}}), {{2, 3, 30, 40}});
  EXPECT_EQ(notes.lowest(2), (Spot{30, 3}));
  notes.settled(token);
  EXPECT_FALSE(notes.lowest(2));
}

TEST(InFlight, EqualNotesOfSeveralBatchesEndOneByOne) {
  InFlight notes;
  const auto first = notes.add(entries({{1, 100}}));
  const auto second = notes.add(entries({{1, 100}}));  // a record that went two ways
  notes.settled(first);
  EXPECT_EQ(notes.lowest(1), (Spot{100, 10}));
  notes.settled(second);
  EXPECT_FALSE(notes.lowest(1));
}

TEST(InFlight, LaterBatchesMayEndFirst) {
  InFlight notes;
  const auto first = notes.add(entries({{1, 0}}));
  const auto second = notes.add(entries({{1, 10}}));
  notes.settled(second);
  EXPECT_EQ(notes.lowest(1), Spot{});
  notes.settled(first);
  EXPECT_FALSE(notes.lowest(1));
}

}  // namespace
}  // namespace gleaner::stanza::files
