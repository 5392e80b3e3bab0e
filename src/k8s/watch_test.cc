#include "k8s/watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "k8s/node_proxy.h"
#include "net/server.h"

namespace gleaner::k8s {
namespace {
using namespace std::chrono_literals;

class Quiet : public log::Sink {
 public:
  std::string all;

 protected:
  void put(std::string_view line) override { all += line; }
};

/// Answers from a script, in order; the last answer stays.
class Api final : public net::HttpHandler {
 public:
  struct Line {
    int status;
    std::string body;
  };
  std::deque<Line> lists, watches;
  std::vector<std::string> asked;
  std::string allowed, bodies;
  bool may_review = true;

  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    asked.push_back(request.target);
    if (request.method == "POST") {
      const std::string body(request.body.flat().view());
      bodies += body;
      net::HttpResponse review;
      review.status = may_review ? 201 : 403;
      const bool yes = body.find("\"verb\":\"" + allowed + "\"") != std::string::npos;
      review.body =
          Chain(Bytes::copy(yes ? R"({"status":{"allowed":true}})" : R"({"status":{"allowed":false}})"));
      co_return review;
    }
    auto& script = request.query.find("watch=true") == std::string::npos ? lists : watches;
    net::HttpResponse response;
    response.status = script.front().status;
    response.body = Chain(Bytes::copy(script.front().body));
    if (script.size() > 1) script.pop_front();
    co_return response;
  }
};

class Seen final : public WatchSink {
 public:
  std::string text;
  void listing() override { text += "("; }
  void listed() override { text += ")"; }
  void there(const Object& object) override { text += fmt::format("+{} ", object.name); }
  void gone(const Object& object) override { text += fmt::format("-{} ", object.name); }
};

std::string object(std::string_view name, int version) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, version);
}
std::string frame(std::string_view type, std::string_view name, int version) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object(name, version));
}
std::string page(std::string_view items, int version, std::string_view next = "") {
  return fmt::format(
      R"({{"kind":"PodList","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})", version,
      next, items);
}

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    net::HttpServerOptions at;
    at.listen.endpoint = "127.0.0.1:0";
    server = std::move(*net::Server::http(loop, at, api));
    server->start();
    ClientOptions options;
    options.auth = AuthType::none;
    options.endpoint = server->address().text();
    std::string warning;
    client = std::move(*Client::kubelet(loop, options, warning));
    watch.emplace(*client, loop, log::Logger(sink), Watch::Source{"/api/v1/pods", "labelSelector=a%3Db"},
                  seen);
  }
  /// Runs until `done`, ten seconds at most.
  void run(const std::function<bool()>& done) {
    Gate gate;
    gate.spawn(watch->run());
    loop.run_until_done(until(done));
    watch->cancel();
    loop.run_until_done(join(gate));
    loop.run_until_done(client->stop());
    loop.run_until_done(server->stop(loop.now() + 5s));
  }
  std::string check() {
    loop.run_until_done(check_node_proxy(*client, loop, log::Logger(sink)));
    loop.run_until_done(client->stop());
    loop.run_until_done(server->stop(loop.now() + 5s));
    return sink.all;
  }
  Task<> until(const std::function<bool()>& done) {
    const auto end = loop.now() + 10s;
    Timer timer(loop);
    while (!done() && loop.now() < end) (void)co_await timer.sleep(5ms);
  }
  static Task<> join(Gate& gate) { co_await gate.join(); }

  Loop loop;
  Quiet sink;
  Api api;
  Seen seen;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<Client> client;
  std::optional<Watch> watch;
};

TEST_F(WatchTest, ListsInPagesAndGoesOnFromThere) {
  api.lists = {{200, page(object("a", 1) + "," + object("b", 2), 7, "to&ken")},
               {200, page(object("c", 3), 7)}};
  api.watches = {{200, frame("ADDED", "d", 8) + frame("MODIFIED", "a", 9) + frame("BOOKMARK", "", 12)},
                 {200, frame("DELETED", "b", 13)},
                 {500, ""}};
  run([&] { return api.asked.size() > 4; });
  EXPECT_EQ(seen.text, "(+a +b +c )+d +a -b ");
  ASSERT_GE(api.asked.size(), 5u);
  EXPECT_EQ(api.asked[0], "/api/v1/pods?labelSelector=a%3Db&limit=250");
  EXPECT_EQ(api.asked[1], "/api/v1/pods?labelSelector=a%3Db&limit=250&continue=to%26ken");
  EXPECT_NE(api.asked[2].find("&resourceVersion=7"), std::string::npos);
  EXPECT_NE(api.asked[3].find("&resourceVersion=12"), std::string::npos) << "a bookmark counts";
  EXPECT_NE(api.asked[4].find("&resourceVersion=13"), std::string::npos);
  EXPECT_TRUE(watch->synced());
  EXPECT_EQ(watch->lists(), 1u);
}

TEST_F(WatchTest, ListsAgainWhenItsPlaceIsTooOld) {
  api.lists = {{200, page(object("a", 1), 7)}, {200, page(object("b", 2), 50)}};
  api.watches = {{200, R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})"
                       "\n"},
                 {410, ""},
                 {200, ""}};
  run([&] { return seen.text.find("(+b )") != std::string::npos; });
  EXPECT_TRUE(seen.text.starts_with("(+a )(+b )")) << seen.text;
}

TEST_F(WatchTest, SaysOnceWhatIsInTheWay) {
  api.lists = {{403, R"({"kind":"Status","message":"pods is forbidden: User \"x\" cannot list","code":403})"},
               {403, R"({"kind":"Status","message":"pods is forbidden: User \"x\" cannot list","code":403})"},
               {200, page("", 3)}};
  api.watches = {{200, ""}};
  run([&] { return watch->synced(); });
  const auto first = sink.all.find("cannot list");
  ASSERT_NE(first, std::string::npos) << sink.all;
  EXPECT_EQ(sink.all.find("cannot list", first + 1), std::string::npos);
}

TEST_F(WatchTest, WarnsOfNodesProxyOnlyWhenItIsAllowed) {
  api.allowed = "create";
  const std::string said = check();
  EXPECT_NE(said.find("may use nodes/proxy"), std::string::npos) << said;
  EXPECT_NE(said.find("create"), std::string::npos);
  EXPECT_NE(said.find("source: proc"), std::string::npos) << "and what to use instead";
  EXPECT_EQ(api.asked,
            (std::vector<std::string>(2, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")));
  EXPECT_NE(api.bodies.find(R"("resource":"nodes","subresource":"proxy")"), std::string::npos);
}
TEST_F(WatchTest, IsSilentWithoutTheRight) { EXPECT_EQ(check(), ""); }
TEST_F(WatchTest, IsSilentWhenItMayNotAsk) {
  api.allowed = "get";
  api.may_review = false;
  EXPECT_EQ(check(), "");
}

TEST_F(WatchTest, PassesOverWhatItCannotRead) {
  api.lists = {{200, page(R"({"metadata":{"name":5}},)" + object("b", 2), 7)}};
  api.watches = {{200, R"({"type":"ADDED","object":{"metadata":{"labels":[]}}})"
                       "\n" +
                           frame("ADDED", "c", 9)},
                 {500, ""}};
  run([&] { return api.asked.size() > 2; });
  EXPECT_EQ(seen.text, "(+b )+c ");
}

}  // namespace
}  // namespace gleaner::k8s
