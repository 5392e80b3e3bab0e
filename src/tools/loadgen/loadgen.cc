// loadgen: sends spans over OTLP/gRPC, as an application's SDK would, at a pace or as fast as they are taken.
//
//   loadgen HOST:PORT [--spans N] [--rate SPANS_PER_S] [--per-request 100] [--gzip] [--parallel 4]
//
// Prints one JSON line: {"sent": N, "refused": N, "retried": REQUESTS, "seconds": S}. Exit code 1 when
// something was refused for good.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "net/grpc_client.h"
#include "otlp/writer.h"

namespace {
using namespace gleaner;

struct Options {
  std::string target;
  std::uint64_t spans = 1000, rate = 0, per_request = 100, parallel = 4;
  bool gzip = false;
};

/// A request of `count` spans of about 400 bytes each, the attributes an HTTP server's instrumentation sets.
Bytes make_request(std::uint64_t count, std::uint64_t now) {
  otlp::Writer out(count * 512);
  const auto attribute = [&](std::uint32_t number, std::string_view key, std::string_view value) {
    out.message(number, [&] {
      out.text(1, key);
      out.message(2, [&] { out.text(1, value); });
    });
  };
  out.message(1, [&] {
    out.message(1, [&] {
      attribute(1, "service.name", "checkout");
      attribute(1, "telemetry.sdk.language", "cpp");
    });
    out.message(2, [&] {
      out.message(1, [&] { out.text(1, "loadgen"); });
      for (std::uint64_t i = 0; i < count; ++i)
        out.message(2, [&] {
          const std::string id = fmt::format("{:08x}", i);
          out.text(1, id + "01234567");
          out.text(2, id);
          out.text(4, "01234567");
          out.text(5, "GET /api/v1/orders/{id}");
          out.varint(6, 2);
          out.fixed64(7, now + i);
          out.fixed64(8, now + i + 1'500'000);
          attribute(9, "http.request.method", "GET");
          attribute(9, "http.route", "/api/v1/orders/{id}");
          attribute(9, "url.path", fmt::format("/api/v1/orders/{}", i));
          attribute(9, "http.response.status_code", "200");
          attribute(9, "server.address", "orders.shop.svc.cluster.local");
          attribute(9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)");
        });
    });
  });
  return std::move(out).finish();
}

struct Run {
  const Options options;
  Loop& loop;
  net::GrpcClient& client;
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
    net::GrpcResult result;
    for (;;) {
      net::GrpcCall call;
      call.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
      call.message = Chain(run.request);
      call.deadline = run.loop.now() + std::chrono::seconds(30);
      result = co_await run.client.call(std::move(call));
      // A full server says so; an SDK waits and sends again.
      if (result.code != net::GrpcCode::resource_exhausted && result.code != net::GrpcCode::unavailable)
        break;
      ++run.retried;
      (void)co_await timer.sleep(std::chrono::milliseconds(10));
    }
    if (result.code == net::GrpcCode::ok) {
      run.sent += run.options.per_request;
    } else {
      if (run.refused == 0)
        fmt::print(stderr, "refused: code {} {}\n", static_cast<int>(result.code), result.message);
      run.refused += run.options.per_request;
    }
  }
}

Task<> send_all(Run& run) {
  Gate gate;
  for (std::uint64_t i = 0; i < run.options.parallel; ++i) gate.spawn(worker(run));
  co_await gate.join();
  co_await run.client.stop();
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
               "usage: loadgen HOST:PORT [--spans N] [--rate N] [--per-request N] [--gzip] [--parallel N]\n");
    return 2;
  }
  Loop loop;
  net::GrpcClientOptions client_options;
  client_options.target = options.target;
  client_options.compression = options.gzip ? net::Encoding::gzip : net::Encoding::identity;
  client_options.user_agent = "loadgen";
  auto client = net::GrpcClient::make(loop, std::move(client_options));
  if (!client) {
    fmt::print(stderr, "{}\n", client.error().what);
    return 2;
  }
  Run run{options, loop, **client, make_request(options.per_request, unix_nanos()), loop.now()};
  loop.run_until_done(send_all(run));
  const double seconds = std::chrono::duration<double>(loop.now() - run.begun).count();
  fmt::print("{{\"sent\": {}, \"refused\": {}, \"retried\": {}, \"seconds\": {:.3f}}}\n", run.sent,
             run.refused, run.retried, seconds);
  return run.refused ? 1 : 0;
}
