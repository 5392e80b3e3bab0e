#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/field.h"
#include "config/yaml.h"

namespace gleaner::config {
namespace {
using namespace std::chrono_literals;

struct Inner {
  std::string endpoint = "localhost:1";
  static std::span<const Field> fields() {
    static const Field kTable[] = {field<&Inner::endpoint>("endpoint", "where")};
    return kTable;
  }
};
struct Shared {
  std::uint32_t retries = 3;
  static std::span<const Field> fields() {
    static const Field kTable[] = {field<&Shared::retries>("retries", "how often")};
    return kTable;
  }
};
constexpr std::string_view kModes[] = {"begin", "end"};
struct Config {
  std::vector<std::string> include;
  std::chrono::nanoseconds every = 200ms;
  ByteSize size{1024};
  std::optional<Inner> grpc, tls;
  std::optional<Inner> queue = Inner{};
  std::string mode = "end";
  bool flag = false;
  Headers headers;
  Dict<std::string> names;
  Shared shared;
  static std::span<const Field> fields() {
    static const Field kTable[] = {required<&Config::include>("include", "globs"),
                                   field<&Config::every>("every", "time"),
                                   field<&Config::size>("size", "bytes"),
                                   field<&Config::grpc>("grpc", "server").enabled_by_null(),
                                   field<&Config::tls>("tls", "tls"),
                                   field<&Config::queue>("queue", "queue"),
                                   field<&Config::mode>("mode", "mode").one_of(kModes),
                                   field<&Config::flag>("flag", "flag"),
                                   field<&Config::headers>("headers", "headers"),
                                   field<&Config::names>("names", "names"),
                                   squash<&Config::shared>(),
                                   later("future", "not yet")};
    return kTable;
  }
  void validate(Check& check) const {
    if (every <= 0ns) check.error("every", "must be positive");
  }
};

struct Case {
  std::string yaml, want;
};
class DecodeErrors : public testing::TestWithParam<Case> {};
TEST_P(DecodeErrors, SayWhereAndWhat) {
  Problems problems;
  (void)decode<Config>(*parse_yaml(GetParam().yaml, "g.yaml"), "receivers::x", problems);
  EXPECT_EQ(problems.errors_text(), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    Table, DecodeErrors,
    testing::ValuesIn<Case>({
        {"include: a\ninclde: b",
         "g.yaml:2:1: receivers::x: has invalid keys: inclde (did you mean \"include\"?)"},
        {"include: [a]\ngrpc: {endpont: x}",
         "g.yaml:2:8: receivers::x::grpc: has invalid keys: endpont (did you mean \"endpoint\"?)"},
        {"include: [a]\nretrys: 1",
         "g.yaml:2:1: receivers::x: has invalid keys: retrys (did you mean \"retries\"?)"},
        {"every: 1s", "g.yaml:1:1: receivers::x: missing required field \"include\" (globs)"},
        {"include: a\nevery: 5 parsecs",
         "g.yaml:2:8: receivers::x::every: invalid duration \"5 parsecs\": unknown unit \" parsecs\" (ns, "
         "us, ms, s, m, h)"},
        {"include: a\nevery: -1s", "g.yaml:2:8: receivers::x::every: must be positive"},
        {"include: a\nmode: bgin",
         "g.yaml:2:7: receivers::x::mode: \"bgin\" is not one of begin, end (did you mean \"begin\"?)"},
        {"include: a\nflag: yes",
         "g.yaml:2:7: receivers::x::flag: true or false is expected here, not \"yes\"; write true"},
        {"include: a\nretries: many",
         "g.yaml:2:10: receivers::x::retries: a whole number, 0 or more is expected here, not \"many\""},
        {"include: a\nsize: 3 stone",
         "g.yaml:2:7: receivers::x::size: \"3 stone\" is no size; write 1048576, 64KiB or 1.5mb"},
        {"include: a\nqueue: {enabled: x}",
         "g.yaml:2:18: receivers::x::queue: 'enabled' is true or false, not \"x\""},
    }));

TEST(Decode, TakesWhatTheReferenceTakes) {
  Problems problems;
  const auto config = decode<Config>(
      *parse_yaml(
          "include: a,b\nevery: 5\nsize: 1.5MiB\ngrpc:\ntls:\nqueue: {enabled: false}\nretries: \"8\"\n"
          "headers: [{name: A, value: b}]\nnames: {k: v}\nfuture: 1",
          "g.yaml"),
      "receivers::x", problems);
  EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
  EXPECT_EQ(config.include, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.every, 5ns);
  EXPECT_EQ(config.size.bytes, 1572864u);
  EXPECT_TRUE(config.grpc);
  EXPECT_FALSE(config.tls);
  EXPECT_FALSE(config.queue);
  EXPECT_EQ(config.shared.retries, 8u);
  EXPECT_EQ(config.headers.list.at(0).first, "A");
  EXPECT_EQ(config.names.at(0).second, "v");
  EXPECT_EQ(problems.all().size(), 3u);  // 5 without unit, "8" as a number, future
}

TEST(Decode, NullBodyStillNeedsItsRequiredFields) {
  Problems problems;
  (void)decode<Config>(Node::null({}), "receivers::x", problems);
  EXPECT_EQ(problems.errors(), 1u);
}

TEST(DidYouMean, TakesABeginning) {
  EXPECT_EQ(did_you_mean("information", {"debug", "info"}), " (did you mean \"info\"?)");
  EXPECT_EQ(did_you_mean("limit", {"limit_mib", "limit_percentage"}), " (did you mean \"limit_mib\"?)");
}

TEST(DidYouMean, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("zzzzzz", {"include", "exclude"}), "");
  EXPECT_EQ(did_you_mean("jason_parser", {"json_parser", "csv_parser"}), " (did you mean \"json_parser\"?)");
}

}  // namespace
}  // namespace gleaner::config
