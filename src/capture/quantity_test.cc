#include "capture/quantity.h"

#include <gtest/gtest.h>

#include <optional>

namespace gleaner::capture {
namespace {

TEST(Quantity, IsWhatKubernetesMeans) {
  const struct {
    std::string_view text;
    std::optional<std::uint64_t> bytes;
  } kCases[] = {
      {"0", 0},
      {"1048576", 1 << 20},
      {"1Ki", 1024},
      {"5Mi", 5 << 20},
      {"1.5Gi", 3ULL << 29},
      {"500k", 500'000},
      {"2M", 2'000'000},
      {"1e6", 1'000'000},
      {"1E6", 1'000'000},
      {"1.5e3", 1500},
      {"+3", 3},
      {"100m", 1},
      {"1500m", 2},
      {"1n", 1},
      {"0m", 0},
      {".5Ki", 512},
      {"1.0001", 2},
      {"0001", 1},
      {"1e-3", 1},
      {"4Ei", 4ULL << 60},
      {"", {}},
      {"Ki", {}},
      {"-1", {}},
      {"1KiB", {}},
      {"1 Mi", {}},
      {"1.2.3", {}},
      {"5Ei", {}},
      {"1e40", {}},
      {"ten", {}},
      {"1e", {}},
      {"9999999999999999999", {}},
  };
  for (const auto& c : kCases) {
    std::uint64_t got = 0;
    ASSERT_EQ(parse_quantity(c.text, got), c.bytes.has_value()) << c.text;
    if (c.bytes) EXPECT_EQ(got, *c.bytes) << c.text;
  }
}

TEST(Duration, IsWhatPeopleWrite) {
  const struct {
    std::string_view text;
    std::optional<std::int64_t> nanos;
  } kCases[] = {
      {"0", 0},
      {"2s", 2'000'000'000},
      {"500ms", 500'000'000},
      {"1m30s", 90'000'000'000},
      {"1.5s", 1'500'000'000},
      {"20us", 20'000},
      {"1h", 3600'000'000'000},
      {"", {}},
      {"5", {}},
      {"-1s", {}},
      {"1d", {}},
      {"s", {}},
      {"1s2", {}},
  };
  for (const auto& c : kCases) {
    std::int64_t got = 0;
    ASSERT_EQ(parse_duration(c.text, got), c.nanos.has_value()) << c.text;
    if (c.nanos) EXPECT_EQ(got, *c.nanos) << c.text;
  }
}

}  // namespace
}  // namespace gleaner::capture
