#include "net/cookies.h"

#include <gtest/gtest.h>

namespace gleaner::net {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

struct Case {
  std::string_view name, set, asked, want;
};
class Cookies : public testing::TestWithParam<Case> {};
TEST_P(Cookies, GoBackWhereTheyMay) {
  CookieJar jar;
  jar.take(*parse_url("https://h/v1/logs?x=/y"), {{"set-cookie", GetParam().set}}, kNow);
  EXPECT_EQ(jar.value(*parse_url(GetParam().asked), kNow), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Cookies,
                         testing::ValuesIn<Case>({
                             {"plain", "a=b", "https://h/v1/traces", "a=b"},
                             {"blanks", " a = b c ; x", "https://h/v1/", "a=b c"},
                             {"empty_value", "a=", "https://h/v1/logs", "a="},
                             {"default_path", "a=b", "https://h/other", ""},
                             {"default_path_is_a_folder", "a=b", "https://h/v10", ""},
                             {"path", "a=b; Path=/", "https://h/other", "a=b"},
                             {"path_of_another", "a=b; path=/x", "https://h/v1/logs", ""},
                             {"other_host", "a=b", "https://i/v1/logs", ""},
                             {"other_port", "a=b", "https://h:8443/v1/logs", "a=b"},
                             {"domain_is_ignored", "a=b; Domain=org", "https://x.org/v1/logs", ""},
                             {"secure", "a=b; Secure", "http://h/v1/logs", ""},
                             {"not_secure", "a=b", "http://h/v1/logs", "a=b"},
                             {"age", "a=b; Max-Age=1", "https://h/v1/logs", "a=b"},
                             {"no_age", "a=b; max-age=0", "https://h/v1/logs", ""},
                             {"past", "a=b; Expires=Tue, 14 Nov 2023 22:13:20 GMT", "https://h/v1/logs", ""},
                             {"future", "a=b; Expires=Tue, 14-Nov-2023 22:13:21 GMT", "https://h/v1/logs",
                              "a=b"},
                             {"age_before_date", "a=b; Max-Age=5; Expires=Tue, 14 Nov 2000 22:13:20 GMT",
                              "https://h/v1/logs", "a=b"},
                             {"huge_age", "a=b; Max-Age=9223372036854775807", "https://h/v1/logs", "a=b"},
                             {"no_date", "a=b; Expires=soon", "https://h/v1/logs", "a=b"},
                             {"no_pair", "a", "https://h/v1/logs", ""},
                             {"no_name", "=b", "https://h/v1/logs", ""},
                         }),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(CookieJar, ReplacesEndsAndForgets) {
  CookieJar jar;
  const auto url = *parse_url("http://h/a/b");
  jar.take(url, {{"Set-Cookie", "a=1; Path=/"}, {"set-cookie", "a=2; path=/a; Max-Age=10"}, {"x", "y"}},
           kNow);
  EXPECT_EQ(jar.value(url, kNow), "a=2; a=1") << "the longer path first";
  jar.take(url, {{"set-cookie", "a=3; path=/"}}, kNow);
  EXPECT_EQ(jar.value(url, kNow), "a=2; a=3");
  EXPECT_EQ(jar.value(url, kNow + 10), "a=3");
  for (int i = 0; i < 100; ++i) jar.take(url, {{"set-cookie", "c" + std::to_string(i) + "=x"}}, kNow);
  EXPECT_EQ(jar.size(), 50u);
  jar.take(url, {{"set-cookie", "big=" + std::string(5000, 'x')}}, kNow);
  EXPECT_EQ(jar.value(url, kNow).find("big"), std::string::npos);
}

}  // namespace
}  // namespace gleaner::net
