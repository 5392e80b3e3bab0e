#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"
#include "exporters/otlphttp/config.h"
#include "net/server.h"
#include "pipeline/testing.h"

namespace gleaner::exporters::otlphttp {
namespace {
using testing::HasSubstr;

Config read(const std::string& yaml, std::string* errors = nullptr) {
  config::Problems problems;
  auto made = config::decode<Config>(*config::parse_yaml(yaml, "g.yaml"), "exporters::otlphttp", problems);
  if (errors)
    *errors = problems.errors_text();
  else
    EXPECT_EQ(problems.errors_text(), "");
  return made;
}

TEST(Config, MakesUrls) {
  EXPECT_EQ(read("endpoint: http://h:4318").url(SignalKind::logs), "http://h:4318/v1/logs");
  EXPECT_EQ(read("endpoint: http://h/base/").url(SignalKind::traces), "http://h/base/v1/traces");
  const auto own = read("{endpoint: http://h, metrics_endpoint: http://m/push?x=1}");
  EXPECT_EQ(own.url(SignalKind::metrics), "http://m/push?x=1");
  EXPECT_EQ(own.url(SignalKind::logs), "http://h/v1/logs");
  EXPECT_EQ(read("traces_endpoint: http://t").url(SignalKind::logs), "");
}

struct BadCase {
  std::string yaml, want;
};
class BadConfig : public testing::TestWithParam<BadCase> {};
TEST_P(BadConfig, IsRefusedAtItsPlace) {
  std::string errors;
  read(GetParam().yaml, &errors);
  EXPECT_THAT(errors, HasSubstr(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadConfig,
    testing::ValuesIn<BadCase>({
        {"{}", "exporters::otlphttp: at least one endpoint must be specified"},
        {"endpoint: h:4318", "g.yaml:1:11: exporters::otlphttp::endpoint: \"h:4318\" must be a valid URL"},
        {"logs_endpoint: ftp://x", "g.yaml:1:16: exporters::otlphttp::logs_endpoint"},
        {"{endpoint: http://h, compression: brotli}", "is not one of gzip, zstd"},
        {"{endpoint: http://h, compression_params: {level: 10}}", "unsupported level 10"},
        {"{endpoint: http://h, compression: snappy, compression_params: {level: 1}}", "unsupported level 1"},
        {"{endpoint: http://h, encoding: xml}", "\"xml\" is not one of proto, json"},
        {"{endpoint: http://h, timeout: -1s}", "timeout: must be non-negative"},
        {"{endpoint: http://h, max_idle_con: 1}", "did you mean \"max_idle_conns\"?"},
    }));

/// A backend that gives one answer after the other, and remembers what it was sent.
struct Backend final : net::HttpHandler {
  std::vector<std::string> bodies, types, paths, secrets, cookies;
  std::vector<net::HttpResponse> answers;
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    types.emplace_back(request.headers.get("content-type"));
    paths.push_back(request.path);
    secrets.emplace_back(request.headers.get("authorization"));
    cookies.emplace_back(request.headers.get("cookie"));
    if (request.body_error) ADD_FAILURE() << request.body_error->what;
    bodies.emplace_back(request.body.flat().view());
    net::HttpResponse out;
    if (!answers.empty()) {
      out = std::move(answers.front());
      answers.erase(answers.begin());
    }
    co_return out;
  }
};

struct Rig {
  Loop loop;
  testing_support::Quiet sink;
  metrics::Registry metrics;
  Budget memory{64 << 20};
  Backend backend;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<Exporter> exporter;

  Rig() {
    net::HttpServerOptions options;
    options.listen.endpoint = "127.0.0.1:0";
    server = std::move(*net::Server::http(loop, std::move(options), backend));
    server->start();
  }
  Context context(SignalSet signals = kLogsOnly) {
    return {loop,         log::Logger(sink),
            metrics,      memory,
            "otlphttp",   "0",
            [](Error) {}, [](const std::string&) { return nullptr; },
            signals};
  }
  void open(const std::string& more) {
    auto made = make(read("{endpoint: http://" + server->address().text() +
                          ", sending_queue: {enabled: false}, " + more + "}"),
                     context());
    ASSERT_TRUE(made) << made.error().what;
    exporter = std::move(*made);
  }
  Result<> send() {
    auto batch = testing_support::log_batch(2);
    auto result = loop.run_until_done(exporter->inputs().logs->consume(batch));
    if (!result) batch.settle(Outcome::dropped, Drop::downstream_error);
    return result;
  }
  ~Rig() {
    if (exporter) (void)loop.run_until_done(exporter->stop());
    loop.run_until_done(server->stop(loop.now()));
  }
};

class Compressions : public testing::TestWithParam<std::string> {};
TEST_P(Compressions, CarryTheSameBytes) {
  Rig rig;
  rig.open("compression: '" + GetParam() + "'");
  ASSERT_TRUE(rig.send());
  auto batch = testing_support::log_batch(2);
  batch.receipt.forget();
  EXPECT_EQ(rig.backend.bodies.at(0), batch.data.wire().flat().view());
  EXPECT_EQ(rig.backend.types.at(0), "application/x-protobuf");
  EXPECT_EQ(rig.backend.paths.at(0), "/v1/logs");
}
INSTANTIATE_TEST_SUITE_P(All, Compressions,
                         testing::Values("gzip", "zstd", "snappy", "x-snappy-framed", "zlib", "deflate",
                                         "lz4", "none"));

TEST(OtlpHttp, SpeaksJson) {
  Rig rig;
  rig.open("encoding: json");
  ASSERT_TRUE(rig.send());
  EXPECT_EQ(rig.backend.types.at(0), "application/json");
  EXPECT_THAT(rig.backend.bodies.at(0), HasSubstr(R"("body":{"stringValue":"r0"})"));
}

TEST(OtlpHttp, TriesAgainAfterA503) {
  Rig rig;
  rig.open("retry_on_failure: {initial_interval: 1ms, max_interval: 1ms}");
  net::HttpResponse busy;
  busy.status = 503;
  rig.backend.answers.push_back(std::move(busy));
  ASSERT_TRUE(rig.send());
  EXPECT_EQ(rig.backend.bodies.size(), 2u);
  EXPECT_EQ(rig.backend.bodies[0], rig.backend.bodies[1]);
}

TEST(OtlpHttp, GivesUpOn400) {
  Rig rig;
  rig.open("timeout: 5s");
  net::HttpResponse bad;
  bad.status = 400;
  rig.backend.answers.push_back(std::move(bad));
  const auto result = rig.send();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::permanent);
  EXPECT_EQ(rig.backend.bodies.size(), 1u);
  EXPECT_EQ(rig.metrics.sum("exporter_send_failed_log_records"), 2);
}

TEST(OtlpHttp, FollowsWhatKeepsTheData) {
  Rig rig;
  Backend other;  // on another port: another authority
  net::HttpServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  auto elsewhere = std::move(*net::Server::http(rig.loop, std::move(options), other));
  elsewhere->start();
  rig.open("headers: {Authorization: secret}");
  net::HttpResponse moved, away;
  moved.status = 307;
  moved.headers.add("location", "/here");
  away.status = 308;
  away.headers.add("location", "http://" + elsewhere->address().text() + "/there");
  rig.backend.answers.push_back(std::move(moved));
  rig.backend.answers.push_back(std::move(away));
  ASSERT_TRUE(rig.send());
  EXPECT_EQ(rig.backend.paths, (std::vector<std::string>{"/v1/logs", "/here"}));
  EXPECT_EQ(rig.backend.secrets, (std::vector<std::string>{"secret", "secret"}));
  EXPECT_EQ(other.paths, std::vector<std::string>{"/there"});
  EXPECT_EQ(other.bodies.at(0), rig.backend.bodies.at(0));
  EXPECT_EQ(other.secrets.at(0), "") << "credentials stay with their host";
  net::HttpResponse see_other;
  see_other.status = 303;
  see_other.headers.add("location", "/login");
  rig.backend.answers.push_back(std::move(see_other));
  EXPECT_FALSE(rig.send());
  rig.loop.run_until_done(elsewhere->stop(rig.loop.now()));
}

TEST(OtlpHttp, RoundsOfRedirectsEnd) {
  Rig rig;
  rig.open("timeout: 5s");
  for (int i = 0; i < 20; ++i) {
    net::HttpResponse moved;
    moved.status = 307;
    moved.headers.add("location", "/again");
    rig.backend.answers.push_back(std::move(moved));
  }
  const auto result = rig.send();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::permanent);
  EXPECT_EQ(rig.backend.paths.size(), 11u);
}

TEST(OtlpHttp, TellsCookiesAgain) {
  for (const std::string keep : {"cookies: {}", "timeout: 5s"}) {
    Rig rig;
    rig.open("headers: {Cookie: own=1}, " + keep);
    net::HttpResponse first;
    first.headers.add("set-cookie", "lb=two; Path=/");
    rig.backend.answers.push_back(std::move(first));
    ASSERT_TRUE(rig.send());
    ASSERT_TRUE(rig.send());
    const std::string kept = keep == "cookies: {}" ? "own=1; lb=two" : "own=1";
    EXPECT_EQ(rig.backend.cookies, (std::vector<std::string>{"own=1", kept}));
  }
}

TEST(OtlpHttp, WarnsOfPartialSuccess) {
  Rig rig;
  rig.open("timeout: 5s");
  net::HttpResponse some;
  some.headers.add("content-type", "application/x-protobuf");
  some.body = Chain(Bytes::copy(std::string_view("\x0a\x02\x08\x01")));
  rig.backend.answers.push_back(std::move(some));
  ASSERT_TRUE(rig.send());
  ASSERT_EQ(rig.sink.lines.size(), 1u);
  EXPECT_THAT(rig.sink.lines[0], HasSubstr("Partial success response"));
  EXPECT_THAT(rig.sink.lines[0], HasSubstr("\"dropped_log_records\": 1"));
}

TEST(OtlpHttp, NeedsAUrlForEverySignalItIsUsedFor) {
  Rig rig;
  const auto made = make(read("traces_endpoint: http://h"), rig.context(kLogsOnly));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().what, "either endpoint or logs_endpoint must be specified");
  auto fine = make(read("traces_endpoint: http://h"), rig.context(bit(SignalKind::traces)));
  ASSERT_TRUE(fine);
  EXPECT_FALSE((*fine)->inputs().logs);
  EXPECT_TRUE((*fine)->inputs().traces);
  (void)rig.loop.run_until_done((*fine)->stop());
}

}  // namespace
}  // namespace gleaner::exporters::otlphttp
