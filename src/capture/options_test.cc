#include "capture/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

namespace gleaner::capture {
namespace {

struct Parsed {
  Options options;
  std::vector<const char*> words;
  std::string problem;
};

void parse(std::vector<const char*> words, Parsed& into) {
  into.words = std::move(words);
  into.words.push_back(nullptr);
  Message problem;
  const bool good = parse_options(const_cast<char* const*>(into.words.data()), into.options, problem);
  into.problem = std::string(problem.view());
  EXPECT_EQ(good, into.problem.empty()) << into.problem;
}

TEST(Options, InstallNeedsNoCommand) {
  Parsed p;
  parse({"--install", "/tools"}, p);
  EXPECT_STREQ(p.options.install, "/tools");
}

TEST(Options, TakeBothSpellingsAndLeaveTheCommandAlone) {
  Parsed p;
  parse({"--dir=/a", "--max-size", "1Mi", "--max-files=3", "--order", "none", "--max-stall=500ms", "ls",
         "--dir", "x"},
        p);
  ASSERT_EQ(p.problem, "");
  EXPECT_STREQ(p.options.segments.dir, "/a");
  EXPECT_EQ(p.options.segments.segment, 1U << 20);
  EXPECT_EQ(p.options.segments.files, 3U);
  EXPECT_EQ(p.options.order, OrderBy::none);
  EXPECT_EQ(p.options.max_stall, 500'000'000);
  EXPECT_STREQ(p.options.command[0], "ls");
  EXPECT_STREQ(p.options.command[1], "--dir");
}

TEST(Options, ThreeLimitsFit) {
  const struct {
    std::vector<const char*> words;
    std::uint64_t segment, total;
  } kCases[] = {
      {{"x"}, ((50 << 20) - (32 << 10)) / 10 - (16 << 10), 50 << 20},
      {{"--max-total=10Mi", "--max-files=5", "x"}, ((10 << 20) - (32 << 10)) / 5 - (16 << 10), 10 << 20},
      {{"--max-size=1Mi", "x"}, 1 << 20, (10 << 20) + (32 << 10) + 10 * (16 << 10)},
      {{"--max-size=1Mi", "--max-total=3Mi", "x"}, 1 << 20, 3 << 20},
  };
  for (const auto& c : kCases) {
    Parsed p;
    parse(c.words, p);
    ASSERT_EQ(p.problem, "");
    EXPECT_EQ(p.options.segments.segment, c.segment / 4096 * 4096);
    EXPECT_EQ(p.options.segments.total, c.total);
  }
}

TEST(Options, SayWhatIsWrong) {
  const struct {
    std::vector<const char*> words;
    std::string_view problem;
  } kCases[] = {
      {{}, "no command to run"},
      {{"--dir", "/a", "--"}, "no command to run"},
      {{"--dri=/a", "x"}, "unknown flag --dri"},
      {{"--dir"}, "--dir needs a value"},
      {{"--format=xml", "x"}, "bad value \"xml\" for --format"},
      {{"--max-size=1KiB", "x"}, "bad value \"1KiB\" for --max-size"},
      {{"--max-stall=5", "x"}, "bad value \"5\" for --max-stall"},
      {{"--max-size=1Ki", "x"},
       "--max-size, --max-files and --max-total make files of 0 bytes; they must be from 64Ki to 2Gi and fit "
       "into the total"},
      {{"--layout=kubelet", "x"}, "--layout=kubelet needs --dir"},
  };
  for (const auto& c : kCases) {
    Parsed p;
    parse(c.words, p);
    EXPECT_EQ(p.problem, c.problem);
  }
}

TEST(Options, KubeletLayoutComesFromTheEnvironment) {
  Parsed missing;
  parse({"--dir=/a", "--layout=kubelet", "x"}, missing);
  EXPECT_EQ(missing.problem, "--layout=kubelet needs the environment variable POD_NAMESPACE");
  ::setenv("POD_NAMESPACE", "shop", 1);
  ::setenv("POD_NAME", "cart-0", 1);
  ::setenv("POD_UID", "49cc", 1);
  ::setenv("CONTAINER_NAME", "app", 1);
  Parsed p;
  parse({"--dir=/a", "--layout=kubelet", "x"}, p);
  EXPECT_STREQ(p.options.segments.dir, "/a/shop_cart-0_49cc/app");
  ::setenv("POD_NAME", "../x", 1);
  Parsed evil;
  parse({"--dir=/a", "--layout=kubelet", "x"}, evil);
  EXPECT_NE(evil.problem, "");
  for (const char* name : {"POD_NAMESPACE", "POD_NAME", "POD_UID", "CONTAINER_NAME"}) ::unsetenv(name);
}

}  // namespace
}  // namespace gleaner::capture
