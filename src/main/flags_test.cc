#include "main/flags.h"

#include <gtest/gtest.h>

namespace gleaner::main_program {
namespace {

std::string error_of(const std::vector<std::string>& words) {
  auto flags = parse_flags(words);
  return flags ? "" : flags.error().what;
}

TEST(Flags, TakeBothSpellings) {
  auto flags = parse_flags({"validate", "--config=a", "--config", "b", "--set", "x.y=1",
                            "--feature-gates=-component.UseLocalHostAsDefaultHost"});
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->command, "validate");
  EXPECT_EQ(flags->configs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(flags->sets, (std::vector<std::string>{"x.y=1"}));
}

TEST(Flags, RefuseInTheReferencesWords) {
  EXPECT_EQ(error_of({"--verbose"}), "unknown flag: --verbose");
  EXPECT_EQ(error_of({"frobnicate"}), "unknown command \"frobnicate\" for \"gleaner\"");
  EXPECT_EQ(error_of({"--config"}), "flag needs an argument: --config");
  EXPECT_EQ(error_of({"--feature-gates=no.such.gate"}),
            "invalid argument \"no.such.gate\" for \"--feature-gates\" flag: no such feature gate "
            "\"no.such.gate\"");
  EXPECT_EQ(error_of({"--feature-gates=,x"}), "empty feature gate identifier at index 0");
}

}  // namespace
}  // namespace gleaner::main_program
