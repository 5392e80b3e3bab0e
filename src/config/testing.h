#pragma once
// For tests of configurations: what a text is refused with.
#include <gtest/gtest.h>

#include <string>

#include "config/field.h"
#include "config/yaml.h"

namespace gleaner::testing_support {

/// Decodes `text` as a C at `path` and expects `wanted` among the errors, or none at all where it is "".
template <class C>
void expect_errors(const std::string& text, const std::string& path, const std::string& wanted) {
  config::Problems problems;
  const auto node = config::parse_yaml(text, "test");
  ASSERT_TRUE(node) << text;
  (void)config::decode<C>(*node, path, problems);
  if (wanted.empty())
    EXPECT_FALSE(problems.any_errors()) << text << problems.errors_text();
  else
    EXPECT_NE(problems.errors_text().find(wanted), std::string::npos) << text << problems.errors_text();
}

}  // namespace gleaner::testing_support
