// A server's HTTP/1.1 connection: one request after the other.
#include "net/connection.h"
#include "net/http1.h"

namespace gleaner::net {
namespace {

class Http1Connection final : public Connection {
 public:
  Http1Connection(HttpService& service, StreamPtr stream)
      : service_(service), stream_(std::move(stream)), reader_(*stream_), timer_(service.loop) {}

  Task<> run() override {
    const auto& options = service_.options;
    while (!draining_) {
      limit(options.idle_timeout > Duration{0} ? options.idle_timeout : options.read_timeout);
      idle_ = true;
      auto some = co_await reader_.wait();
      idle_ = false;
      heard_ = service_.loop.now();
      if (!some || !*some) break;
      const bool again = co_await one_request();
      if (!again) break;
    }
    timer_.cancel();
    stream_->close();
  }
  void drain() override {
    draining_ = true;
    if (idle_) stream_->close();
  }
  void abort() override { stream_->close(); }
  TimePoint quiet_since() const override { return at_work_ ? TimePoint::max() : heard_; }

 private:
  /// The stream is closed when this much time has passed; 0 takes the limit away.
  void limit(Duration by) {
    if (by <= Duration{0}) return timer_.cancel();
    timer_.start(service_.loop.now() + by, [this](bool due) {
      if (due) stream_->close();
    });
  }

  /// @return true when the connection can take another
  /// Not inlined: its frame, 4 kB, would become a part of run()'s and so of every idle connection.
  [[gnu::noinline]] Task<bool> one_request() {
    const auto& options = service_.options;
    Http1Parser parser(Http1Side::request, options.max_header);
    limit(options.read_header_timeout > Duration{0} ? options.read_header_timeout : options.read_timeout);
    auto head = co_await reader_.head(parser);
    if (!head) {
      if (head.error().fault == Fault::permanent) co_await complain(head.error().sys == EMSGSIZE ? 431 : 400);
      co_return false;
    }
    if (parser.version == 11 && !parser.headers.has("host")) {
      co_await complain(400);
      co_return false;
    }
    limit(options.read_timeout);
    ++service_.stats.requests;
    HttpRequest request;
    request.method = std::move(parser.method);
    request.target = std::move(parser.target);
    request.headers = std::move(parser.headers);
    request.peer = stream_->peer();
    request.encrypted = stream_->encrypted();
    HttpService::split_target(request);
    const bool no_body = request.method == "HEAD";

    bool refused = false;
    bool whole = parser.done();
    std::optional<HttpResponse> refusal;
    if (service_.handler.guarded()) refusal = co_await service_.handler.admit(request);
    if (refusal && !whole && !equals_ignoring_case(request.headers.get("expect"), "100-continue"))
      whole = co_await skip_body(parser);
    if (!whole && !refusal) {
      const auto length = parser.content_length();
      if (length && *length > options.max_body) {
        too_large(request);
      } else if (length && !service_.reserve(request, *length)) {
        refused = true;
      } else {
        if (equals_ignoring_case(request.headers.get("expect"), "100-continue")) {
          Chain go_on(Bytes::copy("HTTP/1.1 100 Continue\r\n\r\n"));
          auto sent = co_await write_all(*stream_, std::move(go_on));
          if (!sent) co_return false;
        }
        while (!parser.done() && !refused && !request.body_error) {
          auto more = co_await reader_.body(parser, request.body);
          heard_ = service_.loop.now();
          if (!more) {
            if (more.error().fault == Fault::permanent) co_await complain(400);
            co_return false;
          }
          if (request.body.size() > options.max_body)
            too_large(request);
          else
            refused = !service_.reserve(request, request.body.size());
        }
        whole = parser.done();
      }
    }
    limit(options.write_timeout);
    at_work_ = true;
    HttpResponse response;
    if (refusal) {
      response = std::move(*refusal);
    } else if (refused) {
      request.body.clear();
      response = service_.handler.refuse(request);
    } else {
      response = co_await service_.answer(std::move(request));
    }
    const bool keep = whole && parser.keep_alive() && options.keep_alives_enabled && !draining_;
    auto sent = co_await respond(std::move(response), keep, no_body, parser.version);
    at_work_ = false;
    if (!sent) co_return false;
    if (!keep) co_await linger(*stream_);
    co_return keep;
  }

  /// A refused request's body, if it is short: the connection then serves the next one, as Go's does.
  /// @return true when it came to its end
  Task<bool> skip_body(Http1Parser& parser) {
    constexpr std::size_t kShort = 256 << 10;  // bytes
    if (parser.content_length().value_or(0) > kShort) co_return false;
    Chain part;
    for (std::size_t skipped = 0; !parser.done() && skipped <= kShort; skipped += part.size()) {
      part.clear();
      auto more = co_await reader_.body(parser, part);
      if (!more) co_return false;
    }
    co_return parser.done();
  }

  static void too_large(HttpRequest& request) {
    request.body.clear();
    request.body_error = Error{Fault::permanent, "http: request body too large", EMSGSIZE};
  }

  Task<Result<>> respond(HttpResponse response, bool keep, bool no_body, int version) {
    auto& headers = response.headers;
    if (!headers.has("date")) headers.add("date", http_date());
    if (response.status != 204 && response.status != 304)
      headers.set("content-length", std::to_string(response.body.size()));
    if (!keep)
      headers.set("connection", "close");
    else if (version == 10)
      headers.set("connection", "keep-alive");
    Chain out(Bytes::copy(http1_response_head(response.status, headers)));
    if (!no_body) out.append(std::move(response.body));
    co_return co_await write_all(*stream_, std::move(out));
  }
  /// The protocol itself was broken: Go's plain answer.
  Task<> complain(int status) {
    HttpResponse response;
    response.status = status;
    response.headers.add("content-type", "text/plain; charset=utf-8");
    response.body.append(Bytes::copy(std::to_string(status) + " " + std::string(http_reason(status))));
    auto sent = co_await respond(std::move(response), false, false, 11);
    if (sent) co_await linger(*stream_);
  }

  HttpService& service_;
  StreamPtr stream_;
  Http1Reader reader_;
  Timer timer_;
  bool idle_ = false, at_work_ = false, draining_ = false;
  TimePoint heard_{service_.loop.now()};
};

}  // namespace

std::unique_ptr<Connection> make_http1_connection(HttpService& service, StreamPtr stream) {
  return std::make_unique<Http1Connection>(service, std::move(stream));
}

}  // namespace gleaner::net
