// A server's HTTP connection that speaks HTTP/2: the same requests as over HTTP/1.1, many at a time.
#include <algorithm>

#include "net/connection.h"
#include "net/http1.h"
#include "net/http2_link.h"

namespace gleaner::net {
namespace {

struct Exchange {
  Http2Stream* stream = nullptr;  // null once it is closed
  HttpRequest request;
  Buffer body;                // as it comes in
  std::size_t held_back = 0;  // bytes of it whose windows stay shut while admit() is at work
  bool ended = false, answered = false, running = false, no_body = false, waiting = false;  // for admit()
};

class Http2Connection final : public Connection, Http2Events {
 public:
  Http2Connection(HttpService& service, StreamPtr stream)
      : service_(service),
        timer_(service.loop),
        link_(std::move(stream), Http2Session::Side::server, {}, *this) {}

  Task<> run() override {
    watch_idle();
    co_await link_.run();
    timer_.cancel();
    for (Exchange* exchange : open_) exchange->stream = nullptr;
    std::erase_if(open_, [](Exchange* exchange) {
      if (exchange->running) return false;
      delete exchange;
      return true;
    });
    co_await working_.join();
  }
  void drain() override {
    link_.session().goaway(Http2Code::no_error);
    link_.kick();
  }
  void abort() override { link_.close(); }
  TimePoint quiet_since() const override {
    const bool at_work =
        std::any_of(open_.begin(), open_.end(), [](const auto* one) { return one->running; });
    return at_work ? TimePoint::max() : link_.last_read();
  }

 private:
  void watch_idle() {
    const Duration limit = service_.options.idle_timeout;
    if (limit <= Duration{0}) return;
    timer_.start(service_.loop.now() + limit, [this, limit](bool due) {
      if (!due) return;
      if (open_.empty() && service_.loop.now() >= link_.last_read() + limit) drain();
      watch_idle();
    });
  }

  void on_head(Http2Stream& stream, const Headers& head, bool) override {
    auto* exchange = new Exchange;
    open_.push_back(exchange);
    stream.user = exchange;
    exchange->stream = &stream;
    ++service_.stats.requests;
    auto& request = exchange->request;
    request.method = head.get(":method");
    exchange->no_body = request.method == "HEAD";
    request.target = head.get(":path");
    request.peer = link_.stream().peer();
    request.encrypted = link_.stream().encrypted();
    for (const auto field : head)
      if (field.name[0] != ':') request.headers.add(field.name, field.value);
    if (!request.headers.has("host")) request.headers.add("host", head.get(":authority"));
    HttpService::split_target(request);
    if (!service_.reserve(request, request.headers.bytes())) return refuse(*exchange);
    if (!service_.handler.guarded()) return expect_body(*exchange);
    exchange->running = exchange->waiting = true;
    working_.spawn(admit(exchange));
  }
  /// Asks the handler whether the request may go on; its body waits meanwhile.
  Task<> admit(Exchange* exchange) {
    auto refusal = co_await service_.handler.admit(exchange->request);
    exchange->running = exchange->waiting = false;
    if (!exchange->stream) {
      forget(exchange);
      co_return;
    }
    if (exchange->answered) co_return;
    if (refusal) {
      respond(*exchange, std::move(*refusal));
      co_return;
    }
    let_go(*exchange);
    expect_body(*exchange);
    if (!exchange->answered && !exchange->running && exchange->body.size() > service_.options.max_body)
      too_large(*exchange);
    if (exchange->ended && !exchange->answered && !exchange->running) start(*exchange);
    link_.kick();
  }
  /// Opens the windows for what was held back.
  void let_go(Exchange& exchange) {
    if (const std::size_t bytes = std::exchange(exchange.held_back, 0); bytes && exchange.stream)
      link_.session().consume(*exchange.stream, bytes);
  }
  /// The head may pass: room for the body it speaks of.
  void expect_body(Exchange& exchange) {
    auto& request = exchange.request;
    const auto length = request.headers.get("content-length");
    if (length.empty()) return;
    std::uint64_t bytes = 0;  // nghttp2 has checked that it is a number
    for (const char c : length.substr(0, 18)) bytes = bytes * 10 + static_cast<std::uint64_t>(c - '0');
    if (bytes > service_.options.max_body)
      too_large(exchange);
    else if (!service_.reserve(request, bytes))
      refuse(exchange);
    else if (bytes > exchange.body.size())
      (void)exchange.body.reserve(bytes - exchange.body.size());
  }
  void on_data(Http2Stream& stream, std::string_view data) override {
    auto& exchange = *static_cast<Exchange*>(stream.user);
    if (exchange.waiting && !exchange.answered)
      exchange.held_back += data.size();  // 1 MiB at most: the peer's window
    else
      link_.session().consume(stream, data.size());
    if (exchange.answered || (exchange.running && !exchange.waiting)) return;
    const std::size_t size = exchange.body.size() + data.size();
    // While it waits: who may not send is told that first.
    if (size > service_.options.max_body && !exchange.waiting) return too_large(exchange);
    if (!service_.reserve(exchange.request, size)) return refuse(exchange);
    exchange.body.append(data);
  }
  void on_end(Http2Stream& stream, Headers) override {
    auto& exchange = *static_cast<Exchange*>(stream.user);
    exchange.ended = true;
    if (!exchange.answered && !exchange.running) start(exchange);
  }
  void on_close(Http2Stream& stream, Http2Code) override {
    auto* exchange = static_cast<Exchange*>(stream.user);
    if (!exchange) return;
    let_go(*exchange);
    exchange->stream = nullptr;
    if (!exchange->running) forget(exchange);
  }
  void on_goaway(std::int32_t, Http2Code, std::string_view) override {}
  void on_ping(bool) override {}

  void too_large(Exchange& exchange) {
    exchange.body = Buffer();
    exchange.request.body_error = Error{Fault::permanent, "http: request body too large", EMSGSIZE};
    start(exchange);
  }
  void refuse(Exchange& exchange) {
    exchange.body = Buffer();
    respond(exchange, service_.handler.refuse(exchange.request));
  }
  void start(Exchange& exchange) {
    exchange.running = true;
    exchange.body.fit();
    exchange.request.body = Chain(std::move(exchange.body).finish());
    working_.spawn(work(&exchange));
  }
  Task<> work(Exchange* exchange) {
    auto response = co_await service_.answer(std::move(exchange->request));
    exchange->running = false;
    if (exchange->stream)
      respond(*exchange, std::move(response));
    else
      forget(exchange);
  }
  void respond(Exchange& exchange, HttpResponse response) {
    exchange.answered = true;
    let_go(exchange);
    Headers head;
    head.add(":status", std::to_string(response.status));
    for (const auto field : response.headers)
      if (field.name != "connection") head.add(field.name, field.value);
    if (!head.has("date")) head.add("date", http_date());
    if (response.status != 204 && response.status != 304)
      head.set("content-length", std::to_string(response.body.size()));
    link_.session().respond(*exchange.stream, head, exchange.no_body ? Chain() : std::move(response.body));
    if (!exchange.ended) link_.session().stop_peer_after_answer(*exchange.stream);
    link_.kick();
  }
  void forget(Exchange* exchange) {
    std::erase(open_, exchange);
    delete exchange;
  }

  HttpService& service_;
  Timer timer_;
  std::vector<Exchange*> open_;
  Gate working_;
  Http2Link link_;
};

}  // namespace

std::unique_ptr<Connection> make_http2_connection(HttpService& service, StreamPtr stream) {
  return std::make_unique<Http2Connection>(service, std::move(stream));
}

}  // namespace gleaner::net
