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

TEST(Flags, TheRelayTakesThemToo) {
  auto flags = parse_flags({"relay", "--set", "extensions::kubelet_relay::via=kubelet"});
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->command, "relay");
  EXPECT_TRUE(flags->configs.empty());
  flags = parse_flags({"operator", "--set=extensions::k8s_operator::rbac=true"});
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->command, "operator");
}

TEST(Flags, PrintConfigHasItsOwn) {
  auto flags = parse_flags(
      {"print-config", "--config=a", "--mode", "unredacted", "--format=json", "--validate=false"});
  ASSERT_TRUE(flags) << flags.error().what;
  EXPECT_TRUE(flags->unredacted && flags->json && !flags->validate);
  EXPECT_EQ(parse_flags({"print-initial-config", "--validate", "--config=a"})->command, "print-config");
  EXPECT_EQ(error_of({"print-config", "--mode=all"}),
            "invalid argument \"all\" for \"--mode\" flag: redacted or unredacted");
  EXPECT_EQ(error_of({"print-config", "--validate=maybe"}),
            "invalid argument \"maybe\" for \"--validate\" flag: true or false");
  EXPECT_EQ(error_of({"validate", "--mode=redacted"}), "unknown flag: --mode");
}

TEST(Flags, TheDrainMayHaveALimit) {
  EXPECT_EQ(parse_flags({"--shutdown-timeout=25s"})->shutdown_timeout, std::chrono::seconds(25));
  EXPECT_EQ(parse_flags({"--config=x"})->shutdown_timeout, std::nullopt);
  EXPECT_EQ(parse_flags({"--linger", "10s"})->linger, std::chrono::seconds(10));
  EXPECT_TRUE(parse_flags({"--watch", "--config=x"})->watch);
  EXPECT_FALSE(parse_flags({"--watch=false"})->watch);
  EXPECT_EQ(error_of({"--watch=x"}), "invalid argument \"x\" for \"--watch\" flag: true or false");
  EXPECT_EQ(error_of({"--linger=-1s"}),
            "invalid argument \"-1s\" for \"--linger\" flag: must not be negative");
  EXPECT_EQ(error_of({"--shutdown-timeout", "-1s"}),
            "invalid argument \"-1s\" for \"--shutdown-timeout\" flag: must not be negative");
  EXPECT_NE(error_of({"--shutdown-timeout", "25"}), "");
  EXPECT_EQ(parse_flags({"healthcheck", "--endpoint", "h:1"})->endpoint, "h:1");
  EXPECT_EQ(parse_flags({"healthcheck"})->probe, "verbose");
  EXPECT_EQ(parse_flags({"healthcheck", "--probe=ready"})->probe, "ready");
  EXPECT_FALSE(parse_flags({"healthcheck", "--probe=well"}));
  EXPECT_FALSE(parse_flags({"--probe=ready"}));
  EXPECT_EQ(error_of({"validate", "--endpoint=h:1"}), "unknown flag: --endpoint");
}

TEST(Flags, KnowWhatTheyCanBehaveLike) {
  EXPECT_EQ(parse_flags({"--compat", "0.102", "--config=a"})->compat, "0.102");
  EXPECT_EQ(parse_flags({"validate", "--compat=0.102.1"})->compat, "0.102.1");
  EXPECT_EQ(
      error_of({"--compat=0.99"}),
      "invalid argument \"0.99\" for \"--compat\" flag: \"0.99\" is no release gleaner can behave like: "
      "0.102 is");
  EXPECT_EQ(parse_flags({"--feature-gates=filelog.allowFileDeletion"})->gates,
            (std::vector<std::string>{"filelog.allowFileDeletion"}));
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
