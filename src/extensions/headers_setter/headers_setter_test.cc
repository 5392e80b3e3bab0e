#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "auth/authenticator.h"
#include "config/testing.h"
#include "config/yaml.h"
#include "extensions/headers_setter/config.h"
#include "pipeline/testing.h"

namespace gleaner::extensions::headers_setter {
namespace {
namespace fs = std::filesystem;

/// The second extension: adds a token.
struct Token final : Extension, auth::ClientAuthenticator {
  Task<Result<>> add_to(net::Headers& headers, const auth::Outgoing&) override {
    headers.set("authorization", "Bearer token");
    co_return Result<>();
  }
};

struct Setter {
  testing_support::Bench bench;
  Token token;
  std::unique_ptr<Extension> extension;
  std::string trouble;

  explicit Setter(const std::string& yaml) {
    bench.context.id = "headers_setter";
    bench.context.extension = [this](const std::string& id) -> Extension* {
      return id == "token" ? &token : id == "headers_setter" ? extension.get() : nullptr;
    };
    config::Problems problems;
    const auto config = config::decode<Config>(*config::parse_yaml(yaml, "test"), "p", problems);
    EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
    extension = std::move(*headers_setter::make(config, bench.context));
    auto ok = bench.loop.run_until_done(extension->start());
    if (!ok) trouble = ok.error().what;
  }
  auth::ClientAuthenticator& client() const { return dynamic_cast<auth::ClientAuthenticator&>(*extension); }
  std::string apply(net::Headers headers, const Client* sender,
                    auth::Protocol protocol = auth::Protocol::http) {
    const auth::Outgoing request{protocol, sender};
    auto ok = bench.loop.run_until_done(client().add_to(headers, request));
    if (!ok) return ok.error().what;
    std::string text;
    for (const auto field : headers) text += std::string(field.name) + "=" + std::string(field.value) + ";";
    return text;
  }
};

struct Case {
  std::string header;  ///< one of `headers`
  std::string over_http, over_grpc;
};
class OneHeader : public testing::TestWithParam<Case> {};
TEST_P(OneHeader, IsChanged) {
  const Client sender{
      "10.0.0.1", {{"x-tenant", "acme"}, {"twice", "1"}, {"twice", "2"}}, {{"username", "alice"}}};
  Setter setter("{headers: [" + GetParam().header + "]}");
  EXPECT_EQ(setter.apply({{"a", "1"}, {"empty", ""}}, &sender), GetParam().over_http);
  EXPECT_EQ(setter.apply({{"a", "1"}, {"empty", ""}}, &sender, auth::Protocol::grpc), GetParam().over_grpc);
}
INSTANTIATE_TEST_SUITE_P(
    HeadersSetter, OneHeader,
    testing::ValuesIn<Case>({
        {"{action: insert, key: A, value: v}", "a=1;empty=;", "a=1;empty=;"},
        {"{action: insert, key: B, value: v}", "a=1;empty=;b=v;", "a=1;empty=;b=v;"},
        {"{action: insert, key: empty, value: v}", "a=1;empty=v;", "a=1;empty=;"},
        {"{action: update, key: a, value: v}", "empty=;a=v;", "empty=;a=v;"},
        {"{action: update, key: b, value: v}", "a=1;empty=;", "a=1;empty=;"},
        {"{action: update, key: empty, value: v}", "a=1;empty=;", "a=1;empty=v;"},
        {"{action: upsert, key: a, value: v}", "empty=;a=v;", "empty=;a=v;"},
        {"{action: upsert, key: b, value: ''}", "a=1;empty=;b=;", "a=1;empty=;b=;"},
        {"{key: b, value: v}", "a=1;empty=;b=v;", "a=1;empty=;b=v;"},
        {"{action: delete, key: A}", "empty=;", "empty=;"},
        {"{key: b, from_context: X-Tenant}", "a=1;empty=;b=acme;", "a=1;empty=;b=acme;"},
        {"{key: b, from_context: none}", "a=1;empty=;b=;", "a=1;empty=;b=;"},
        {"{key: b, from_context: none, default_value: d}", "a=1;empty=;b=d;", "a=1;empty=;b=d;"},
        {"{key: b, from_context: twice}",
         "failed to determine the source: 2 source keys found in the context, can't determine which one to "
         "use",
         "failed to determine the source: 2 source keys found in the context, can't determine which one to "
         "use"},
        {"{key: b, from_attribute: username}", "a=1;empty=;b=alice;", "a=1;empty=;b=alice;"},
        {"{key: b, from_attribute: none, default_value: d}", "a=1;empty=;b=d;", "a=1;empty=;b=d;"},
    }));

TEST(HeadersSetter, NobodysDataHasNoContext) {
  Setter setter("{headers: [{key: b, from_context: x, default_value: d}, {key: c, from_attribute: raw}]}");
  EXPECT_EQ(setter.apply({}, nullptr), "b=d;c=;");
}

TEST(HeadersSetter, AFileIsFollowed) {
  std::string made = (fs::temp_directory_path() / "gleaner-XXXXXX").string();
  const fs::path folder = ::mkdtemp(made.data());
  const std::string path = folder / "value";
  EXPECT_NE(Setter("{headers: [{key: b, value_file: " + path + "}]}").trouble, "");
  std::ofstream(path) << "one\n";
  Setter setter("{headers: [{key: b, value_file: " + path + "}]}");
  EXPECT_EQ(setter.apply({}, nullptr), "b=one;");
  std::ofstream(path) << "two";
  EXPECT_EQ(setter.apply({}, nullptr), "b=two;");
  fs::remove_all(folder);
}

TEST(HeadersSetter, ASecondExtensionAddsItsOwn) {
  Setter setter("{headers: [{key: b, value: v}, {key: authorization, value: mine}], additional_auth: token}");
  ASSERT_TRUE(setter.client().prepare(auth::Protocol::http));
  EXPECT_TRUE(setter.client().needs_tls());
  EXPECT_EQ(setter.apply({}, nullptr), "b=v;authorization=Bearer token;");
  EXPECT_EQ(setter.apply({}, nullptr, auth::Protocol::grpc), "b=v;authorization=mine;");
  EXPECT_FALSE(Setter("{headers: [{key: b, value: v}]}").client().needs_tls());
}

TEST(HeadersSetter, SaysWhatIsWrongWithTheSecond) {
  EXPECT_EQ(Setter("{headers: [{key: b, value: v}], additional_auth: nosuch}")
                .client()
                .prepare(auth::Protocol::http)
                .error()
                .what,
            "additional_auth: failed to resolve authenticator \"nosuch\": authenticator not found");
  EXPECT_EQ(Setter("{headers: [{key: b, value: v}], additional_auth: headers_setter}")
                .client()
                .prepare(auth::Protocol::http)
                .error()
                .what,
            "additional_auth: additional_auth of \"headers_setter\" leads back to itself");
}

TEST(HeadersSetterConfig, IsChecked) {
  const std::pair<const char*, const char*> cases[] = {
      {"{headers: [{key: a, action: delete}]}", ""},
      {"{}", "missing headers configuration"},
      {"{headers: [{value: a}]}", "missing header name"},
      {"{headers: [{key: 'a b', value: a}]}", "cannot be a header's name"},
      {"{headers: [{key: a}]}", "missing header source"},
      {"{headers: [{key: a, value: b, from_context: c}]}", "invalid header source, must be only one of"},
      {"{headers: [{key: a, value: \"b\\nc\"}]}", "control characters cannot stand in a header"},
  };
  for (const auto& [text, wanted] : cases) testing_support::expect_errors<Config>(text, "p", wanted);
  config::Problems problems;
  (void)config::decode<Config>(*config::parse_yaml("{headers: [{key: a, action: updat, value: b}]}", "test"),
                               "p", problems);
  ASSERT_EQ(problems.all().size(), 1u);
  EXPECT_NE(problems.all()[0].text().find("taken as upsert"), std::string::npos);
}

}  // namespace
}  // namespace gleaner::extensions::headers_setter
