#include "net/http_client.h"

#include <algorithm>
#include <list>
#include <map>

#include "net/gathered_body.h"
#include "net/grpc.h"
#include "net/http1.h"
#include "net/http2_client.h"
#include "net/http_dial.h"

namespace gleaner::net {
namespace {

constexpr std::size_t kMaxHead = 1u << 20;
constexpr std::size_t kGoIdlePerHost = 2;

/// A connection that speaks HTTP/1.1.
struct Line {
  explicit Line(StreamPtr s) : stream(std::move(s)), reader(*stream) {}
  StreamPtr stream;
  Http1Reader reader;
  TimePoint idle_since{};
  bool reused = false;
};
using LinePtr = std::unique_ptr<Line>;

/// Everything towards one scheme, host, port and proxy.
struct Place {
  std::list<LinePtr> idle;
  std::shared_ptr<Http2Client> h2;
  std::size_t open = 0;  // HTTP/1.1 connections, idle ones too
  bool dialling = false;
  Signal changed;
};

/// Headers that say how a message is cut out of the stream: a caller's would break it. Go drops them too.
bool is_ours(std::string_view name) {
  return name == "host" || name == "content-length" || name == "transfer-encoding" || name == "trailer";
}

std::string go_method(std::string_view method) {
  std::string out(method);
  for (std::size_t i = 1; i < out.size(); ++i)
    if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] + 32);
  return out;
}

class LineStream final : public HttpStream {
 public:
  LineStream(LinePtr line, std::unique_ptr<Http1Parser> parser)
      : line_(std::move(line)), parser_(std::move(parser)) {}
  int status() const override { return parser_->status; }
  const Headers& headers() const override { return parser_->headers; }
  Task<Result<Bytes>> next() override {
    if (parser_->done()) co_return Bytes();
    Chain part;
    auto got = co_await line_->reader.body(*parser_, part);
    if (!got) co_return fail(std::move(got.error()));
    co_return part.flat();
  }
  void cancel() override { line_->stream->close(); }

 private:
  LinePtr line_;
  std::unique_ptr<Http1Parser> parser_;
};

class Client final : public HttpClient {
 public:
  Client(Loop& loop, HttpClientOptions options)
      : loop_(loop), options_(std::move(options)), dialer_(loop, options_.tls), sweeper_(loop) {
    if (options_.proxy_url.empty() && options_.environment_proxies)
      proxies_ = ProxyEnvironment::from_process();
  }

  Task<Result<HttpReply>> send(HttpCall call) override {
    const std::string where = go_method(call.method) + " \"" + call.url + "\"";
    auto url = parse_url(call.url);
    if (!url) co_return fail(std::move(url.error()).in(where));
    const std::string proxy = proxy_for(*url);
    Place& place = places_[url->scheme + " " + join_host_port(url->host, url->port) + " " + proxy];
    for (int attempt = 0;; ++attempt) {
      auto ready = co_await reach(place, *url, proxy, call.deadline);
      if (!ready) co_return fail(std::move(ready.error()).in(where));
      bool again = false;
      auto reply = ready->h2 ? co_await over_h2(std::move(ready->h2), *url, call, again)
                             : co_await over_h1(place, std::move(ready->line), *url, proxy, call, again);
      if (!reply && again && attempt == 0 && !stopping_) continue;
      if (!reply) co_return fail(std::move(reply.error()).in(where));
      co_return reply;
    }
  }

  Task<Result<std::unique_ptr<HttpStream>>> open(HttpCall call) override {
    const std::string where = go_method(call.method) + " \"" + call.url + "\"";
    auto url = parse_url(call.url);
    if (!url) co_return fail(std::move(url.error()).in(where));
    const std::string proxy = proxy_for(*url);
    std::vector<std::string> alpn{"http/1.1"};
    auto stream = co_await dialer_.connect(*url, proxy, std::move(alpn), call.deadline);
    if (!stream) co_return fail(std::move(stream.error()).in(where));
    auto line = std::make_unique<Line>(std::move(*stream));
    auto parser = std::make_unique<Http1Parser>(Http1Side::response, kMaxHead, call.method == "HEAD");
    Deadline deadline(loop_, call.deadline);
    deadline.guard(*line->stream);
    live_.push_back(line->stream.get());
    auto done = co_await ask(*line, *url, proxy, call, *parser);
    std::erase(live_, line->stream.get());
    deadline.release();
    if (!done) co_return fail(deadline.of(std::move(done.error())).in(where));
    co_return std::unique_ptr<HttpStream>(std::make_unique<LineStream>(std::move(line), std::move(parser)));
  }

  Task<> stop() override {
    stopping_ = true;
    sweeper_.cancel();
    dialer_.stop();
    for (Stream* stream : std::vector<Stream*>(live_)) stream->close();
    for (auto& [name, place] : places_) {
      place.idle.clear();
      if (place.h2) place.h2->close();
      place.changed.notify_all();
    }
    co_await gate_.join();
  }

 private:
  struct Ready {
    std::shared_ptr<Http2Client> h2;
    LinePtr line;
  };

  std::string proxy_for(const Url& url) const {
    return options_.proxy_url.empty() ? proxies_.proxy_for(url) : options_.proxy_url;
  }
  /// A connection to send on: an idle one, the h2 one, or a new one.
  Task<Result<Ready>> reach(Place& place, const Url& url, const std::string& proxy, TimePoint when) {
    Ready out;
    Timer timer(loop_);
    for (;;) {
      if (stopping_) co_return fail(Fault::cancelled, "http: the client is closing");
      if (place.h2 && place.h2->usable()) {
        out.h2 = place.h2;
        co_return out;
      }
      if ((out.line = take_idle(place))) co_return out;
      const bool full = options_.max_conns_per_host > 0 && place.open >= options_.max_conns_per_host;
      // Until the first connection has said what it speaks, others wait: one h2 connection serves them all.
      const bool wait = full || (url.secure() && options_.force_attempt_http2 && place.dialling);
      if (!wait) break;
      if (loop_.now() >= when) co_return fail(Fault::retryable, "context deadline exceeded", ETIMEDOUT);
      if (when != TimePoint::max() && !timer.running())
        timer.start(when, [&place](bool due) {
          if (due) place.changed.notify_all();
        });
      co_await place.changed.wait();
    }
    timer.cancel();
    ++place.open;
    place.dialling = true;
    std::vector<std::string> alpn;
    if (options_.force_attempt_http2 && !options_.disable_keep_alives) alpn.push_back("h2");
    alpn.push_back("http/1.1");
    auto stream = co_await dialer_.connect(url, proxy, std::move(alpn), when);
    place.dialling = false;
    if (!stream || (*stream)->alpn() == "h2") --place.open;
    if (stream && (*stream)->alpn() == "h2") {
      Http2ClientOptions h2;
      h2.keepalive_time = options_.http2_read_idle_timeout;
      h2.keepalive_timeout = options_.http2_ping_timeout;
      out.h2 = place.h2 = std::make_shared<Http2Client>(std::move(*stream), h2);
      gate_.spawn(run_h2(place, place.h2));
    } else if (stream) {
      out.line = std::make_unique<Line>(std::move(*stream));
    }
    place.changed.notify_all();
    if (!stream) co_return fail(std::move(stream.error()));
    co_return out;
  }

  // Shared: requests in progress hold it too, and a new connection may have taken its place.
  Task<> run_h2(Place& place, std::shared_ptr<Http2Client> connection) {
    sweep();
    co_await connection->run();
    if (place.h2 == connection) place.h2.reset();
  }

  LinePtr take_idle(Place& place) {
    while (!place.idle.empty()) {
      LinePtr line = std::move(place.idle.back());  // the one used last is likeliest to be alive
      place.idle.pop_back();
      --idle_;
      char none = 0;
      if (line->stream->try_read(&none, 1).state == Step::again) {
        line->reused = true;
        return line;
      }
      --place.open;  // the server has closed it, or talks out of turn
    }
    return nullptr;
  }

  void keep(Place& place, LinePtr line) {
    const std::size_t per_host =
        options_.max_idle_conns_per_host ? options_.max_idle_conns_per_host : kGoIdlePerHost;
    const bool full =
        place.idle.size() >= per_host || (options_.max_idle_conns > 0 && idle_ >= options_.max_idle_conns);
    if (full || stopping_) {
      --place.open;
    } else {
      line->idle_since = loop_.now();
      place.idle.push_back(std::move(line));
      ++idle_;
      sweep();
    }
    place.changed.notify_one();
  }

  /// Closes what has been idle too long; one timer, set only while there is something to close.
  void sweep() {
    if (sweeper_.running() || options_.idle_conn_timeout <= Duration{0} || stopping_) return;
    const TimePoint limit = loop_.now() - options_.idle_conn_timeout;
    TimePoint next = TimePoint::max();
    for (auto& [name, place] : places_) {
      while (!place.idle.empty() && place.idle.front()->idle_since <= limit) {
        place.idle.pop_front();
        --idle_;
        --place.open;
      }
      if (!place.idle.empty())
        next = std::min(next, place.idle.front()->idle_since + options_.idle_conn_timeout);
      if (!place.h2) continue;
      if (place.h2->busy() == 0 && place.h2->idle_since() <= limit) {
        place.h2->close();
      } else {
        const TimePoint since = place.h2->busy() > 0 ? loop_.now() : place.h2->idle_since();
        next = std::min(next, since + options_.idle_conn_timeout);
      }
    }
    if (next == TimePoint::max()) return;
    sweeper_.start(next, [this](bool due) {
      if (due) sweep();
    });
  }

  /// Sends the request and reads the head of the answer.
  Task<Result<>> ask(Line& line, const Url& url, const std::string& proxy, const HttpCall& call,
                     Http1Parser& parser) {
    Headers headers;
    headers.add("host", call.headers.has("host") ? std::string(call.headers.get("host")) : url.authority());
    if (!options_.user_agent.empty() && !call.headers.has("user-agent"))
      headers.add("user-agent", options_.user_agent);
    if (!call.body.empty() || call.method == "POST" || call.method == "PUT")
      headers.add("content-length", std::to_string(call.body.size()));
    if (!url.userinfo.empty() && !call.headers.has("authorization"))
      headers.add("authorization", "Basic " + base64_encode(grpc_percent_decode(url.userinfo)));
    for (const auto field : call.headers)
      if (!is_ours(field.name)) headers.add(field.name, field.value);
    if (options_.disable_keep_alives) headers.set("connection", "close");
    const bool absolute = !proxy.empty() && !url.secure();
    const std::string target = absolute ? "http://" + url.authority() + url.target : url.target;
    if (absolute) {
      auto via = parse_url(proxy);
      if (via && !via->userinfo.empty())
        headers.add("proxy-authorization", "Basic " + base64_encode(grpc_percent_decode(via->userinfo)));
    }
    Chain out(Bytes::copy(http1_request_head(call.method, target, headers)));
    out.append(call.body);
    auto sent = co_await write_all(*line.stream, std::move(out));
    // A server that answers before it has read all (413, 503) may close: its answer is worth more than our
    // error.
    auto head = co_await line.reader.head(parser);
    for (int hints = 0; head && parser.status >= 100 && parser.status < 200; ++hints) {
      if (hints == 5 || parser.status == 101)
        co_return fail(Fault::permanent, "net/http: too many 1xx informational responses");
      parser.restart();
      head = co_await line.reader.head(parser);
    }
    if (!head && !sent) co_return sent;
    co_return head;
  }

  Task<Result<HttpReply>> over_h1(Place& place, LinePtr line, const Url& url, const std::string& proxy,
                                  const HttpCall& call, bool& again) {
    Http1Parser parser(Http1Side::response, kMaxHead, call.method == "HEAD");
    Deadline deadline(loop_, call.deadline);
    deadline.guard(*line->stream);
    live_.push_back(line->stream.get());
    auto done = co_await ask(*line, url, proxy, call, parser);
    HttpReply reply;
    bool cut = false;
    if (done) {
      reply.status = parser.status;
      reply.headers = std::move(parser.headers);
      GatheredBody body(parser.content_length().value_or(0), call.max_response);
      Chain piece;
      while (done && !parser.done() && !cut) {
        done = co_await line->reader.body(parser, piece, GatheredBody::kPiece);
        body.append(piece);
        piece.clear();
        cut = body.size() > call.max_response;
      }
      reply.body = Chain(std::move(body).finish());
      // The status is what counts to whoever takes a part of the body: sending again would double the data.
      if (!done && call.truncate && !deadline.passed()) {
        done = Result<>();
        cut = true;
      }
    } else {
      again = line->reused && !deadline.passed() && line->reader.left() == 0;  // no byte of an answer
    }
    std::erase(live_, line->stream.get());
    deadline.release();
    const bool keep_it =
        done && !cut && parser.keep_alive() && !options_.disable_keep_alives && line->reader.left() == 0;
    if (keep_it)
      keep(place, std::move(line));
    else {
      --place.open;
      place.changed.notify_one();
    }
    if (!done) {
      Error trouble = deadline.of(std::move(done.error()));
      if (trouble.fault == Fault::permanent) trouble.fault = Fault::retryable;  // an answer that is none
      co_return fail(std::move(trouble));
    }
    if (cut && !call.truncate)
      co_return fail(Fault::permanent,
                     "response is larger than " + std::to_string(call.max_response) + " bytes", EMSGSIZE);
    if (cut) reply.body = front_of(reply.body, call.max_response);
    co_return reply;
  }
  static Chain front_of(const Chain& body, std::size_t count) {
    Chain out;
    for (const auto& part : body.parts()) {
      const std::size_t n = std::min(count, part.size());
      if (n > 0) out.append(part.slice(0, n));
      count -= n;
    }
    return out;
  }

  Task<Result<HttpReply>> over_h2(std::shared_ptr<Http2Client> connection, const Url& url,
                                  const HttpCall& call, bool& again) {
    Headers head{{":method", call.method},
                 {":scheme", url.scheme},
                 {":path", url.target},
                 {":authority", call.headers.has("host") ? call.headers.get("host") : url.authority()}};
    if (!options_.user_agent.empty() && !call.headers.has("user-agent"))
      head.add("user-agent", options_.user_agent);
    if (!call.body.empty()) head.add("content-length", std::to_string(call.body.size()));
    if (!url.userinfo.empty() && !call.headers.has("authorization"))
      head.add("authorization", "Basic " + base64_encode(grpc_percent_decode(url.userinfo)));
    for (const auto field : call.headers)
      if (field.name != "host" && field.name != "content-length" && field.name != "connection")
        head.add(field.name, field.value);
    Chain body = call.body;
    auto out = co_await connection->request(std::move(head), std::move(body), call.max_response,
                                            call.deadline, call.truncate);
    if (out.error) {
      again = out.untouched;
      co_return fail(std::move(*out.error));
    }
    HttpReply reply;
    reply.status = std::atoi(std::string(out.head.get(":status")).c_str());
    for (const auto field : out.head)
      if (field.name[0] != ':') reply.headers.add(field.name, field.value);
    reply.body = Chain(std::move(out.body));
    co_return reply;
  }

  Loop& loop_;
  HttpClientOptions options_;
  HttpDialer dialer_;
  ProxyEnvironment proxies_;
  std::map<std::string, Place> places_;
  std::size_t idle_ = 0;
  std::vector<Stream*> live_;  // in use, so that stop() can cut them
  Timer sweeper_;
  Gate gate_;
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<HttpClient> HttpClient::make(Loop& loop, HttpClientOptions options) {
  return std::make_unique<Client>(loop, std::move(options));
}

}  // namespace gleaner::net
