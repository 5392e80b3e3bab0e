#include "config/fingerprint.h"

#include <gtest/gtest.h>

#include <map>

#include "config/yaml.h"

namespace gleaner::config {
namespace {

std::uint64_t of(const char* yaml) { return fingerprint(*parse_yaml(yaml, "a.yaml")); }

TEST(Fingerprint, PlaceAndOrderOfKeysDoNotCount) {
  EXPECT_EQ(of("a: 1\nb: {c: [x, y], d: }\n"),
            of("# a comment\nb:\n  d: null\n  c:\n    - x\n    - y\na: 1\n"));
}

TEST(Fingerprint, EverythingElseDoes) {
  std::map<std::uint64_t, std::string> seen;
  for (const char* yaml :
       {"{}",           "[]",           "a",           "1",       "'1'",     "{a: 1}", "{a: '1'}", "{a: 2}",
        "{b: 1}",       "{a: 1, b: 1}", "{a: {b: 1}}", "[a]",     "[a, b]",  "[b, a]", "[[a], b]", "[[a, b]]",
        "{a: b, c: d}", "{a: d, c: b}", "{a: }",       "{a: []}", "{a: {}}", "''",     "~"}) {
    const auto [there, fresh] = seen.emplace(of(yaml), yaml);
    EXPECT_TRUE(fresh) << yaml << " and " << there->second;
  }
}

}  // namespace
}  // namespace gleaner::config
