// loadgen: sends spans or log records over OTLP, as an application's SDK would, at a pace or as fast as they
// are taken.
//
//   loadgen HOST:PORT [--spans N] [--rate ITEMS_PER_S] [--per-request 100] [--parallel 4] [--gzip] [--logs]
//   [--http]
//
// Prints one JSON line: {"sent": N, "refused": N, "retried": REQUESTS, "seconds": S}. Exit code 1 when
// something was refused for good.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "net/compress.h"
#include "net/grpc_client.h"
#include "net/http_client.h"
#include "tools/loadgen/payload.h"

namespace {
using namespace gleaner;

struct Options {
  std::string target;
  std::uint64_t spans = 1000, rate = 0, per_request = 100, parallel = 4;
  bool gzip = false, logs = false, http = false;
};

constexpr Duration kPatience = std::chrono::seconds(30);

enum class Answer : std::uint8_t { taken, later, refused };

/// One protocol's way of sending a request.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual Task<Answer> send(const Bytes& request) = 0;
  virtual Task<> stop() = 0;
};

class GrpcSender final : public Sender {
 public:
  GrpcSender(Loop& loop, std::unique_ptr<net::GrpcClient> client, std::string path)
      : loop_(loop), client_(std::move(client)), path_(std::move(path)) {}
  Task<Answer> send(const Bytes& request) override {
    net::GrpcCall call;
    call.path = path_;
    call.message = Chain(request);
    call.deadline = loop_.now() + kPatience;
    const auto result = co_await client_->call(std::move(call));
    if (result.code == net::GrpcCode::ok) co_return Answer::taken;
    if (result.code == net::GrpcCode::resource_exhausted || result.code == net::GrpcCode::unavailable)
      co_return Answer::later;
    fmt::print(stderr, "refused: code {} {}\n", static_cast<int>(result.code), result.message);
    co_return Answer::refused;
  }
  Task<> stop() override { return client_->stop(); }

 private:
  Loop& loop_;
  std::unique_ptr<net::GrpcClient> client_;
  const std::string path_;
};

class HttpSender final : public Sender {
 public:
  HttpSender(Loop& loop, std::string url, bool gzip) : loop_(loop), url_(std::move(url)), gzip_(gzip) {
    net::HttpClientOptions options;
    options.environment_proxies = false;
    options.max_idle_conns_per_host = 100;
    client_ = net::HttpClient::make(loop, std::move(options));
  }
  Task<Answer> send(const Bytes& request) override {
    net::HttpCall call;
    call.url = url_;
    call.headers.add("content-type", "application/x-protobuf");
    if (gzip_) call.headers.add("content-encoding", "gzip");
    call.body =
        gzip_ ? net::compress(net::Encoding::gzip, net::kDefaultLevel, Chain(request)) : Chain(request);
    call.deadline = loop_.now() + kPatience;
    const auto reply = co_await client_->send(std::move(call));
    if (reply && reply->status == 200) co_return Answer::taken;
    if (!reply || reply->status == 429 || reply->status == 503) co_return Answer::later;
    fmt::print(stderr, "refused: status {}\n", reply->status);
    co_return Answer::refused;
  }
  Task<> stop() override { return client_->stop(); }

 private:
  Loop& loop_;
  std::unique_ptr<net::HttpClient> client_;
  const std::string url_;
  const bool gzip_;
};

struct Run {
  const Options options;
  Loop& loop;
  Sender& sender;
  Bytes request;
  TimePoint begun;
  std::uint64_t asked = 0, sent = 0, refused = 0, retried = 0;
};

Task<> worker(Run& run) {
  Timer timer(run.loop);
  while (run.asked < run.options.spans) {
    const std::uint64_t before = run.asked;
    run.asked += run.options.per_request;
    if (run.options.rate)
      (void)co_await timer.sleep_until(run.begun +
                                       std::chrono::nanoseconds(before * 1'000'000'000 / run.options.rate));
    Answer answer{};
    for (;;) {
      answer = co_await run.sender.send(run.request);
      if (answer != Answer::later) break;  // a full server says so; an SDK waits and sends again
      ++run.retried;
      (void)co_await timer.sleep(std::chrono::milliseconds(10));
    }
    (answer == Answer::taken ? run.sent : run.refused) += run.options.per_request;
  }
}

Task<> send_all(Run& run) {
  Gate gate;
  for (std::uint64_t i = 0; i < run.options.parallel; ++i) gate.spawn(worker(run));
  co_await gate.join();
  co_await run.sender.stop();
}

bool parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    std::uint64_t* number = word == "--spans"         ? &out.spans
                            : word == "--rate"        ? &out.rate
                            : word == "--per-request" ? &out.per_request
                            : word == "--parallel"    ? &out.parallel
                                                      : nullptr;
    if (number) {
      if (++i == argc || (*number = std::strtoull(argv[i], nullptr, 10)) == 0) return false;
    } else if (word == "--gzip") {
      out.gzip = true;
    } else if (word == "--logs") {
      out.logs = true;
    } else if (word == "--http") {
      out.http = true;
    } else if (out.target.empty() && !word.starts_with("--")) {
      out.target = word;
    } else {
      return false;
    }
  }
  return !out.target.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr,
               "usage: loadgen HOST:PORT [--spans N] [--rate N] [--per-request N] [--parallel N] [--gzip] "
               "[--logs] [--http]\n");
    return 2;
  }
  Loop loop;
  std::unique_ptr<Sender> sender;
  if (options.http) {
    sender = std::make_unique<HttpSender>(
        loop, fmt::format("http://{}/v1/{}", options.target, options.logs ? "logs" : "traces"), options.gzip);
  } else {
    net::GrpcClientOptions client_options;
    client_options.target = options.target;
    client_options.compression = options.gzip ? net::Encoding::gzip : net::Encoding::identity;
    client_options.user_agent = "loadgen";
    auto client = net::GrpcClient::make(loop, std::move(client_options));
    if (!client) {
      fmt::print(stderr, "{}\n", client.error().what);
      return 2;
    }
    const std::string service = options.logs ? "logs.v1.LogsService" : "trace.v1.TraceService";
    sender = std::make_unique<GrpcSender>(loop, std::move(*client),
                                          "/opentelemetry.proto.collector." + service + "/Export");
  }
  const auto make = options.logs ? &loadgen::logs : &loadgen::spans;
  Run run{options, loop, *sender, make(options.per_request, unix_nanos()), loop.now()};
  loop.run_until_done(send_all(run));
  const double seconds = std::chrono::duration<double>(loop.now() - run.begun).count();
  fmt::print("{{\"sent\": {}, \"refused\": {}, \"retried\": {}, \"seconds\": {:.3f}}}\n", run.sent,
             run.refused, run.retried, seconds);
  return run.refused ? 1 : 0;
}
