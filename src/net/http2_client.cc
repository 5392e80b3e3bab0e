#include "net/http2_client.h"

#include <algorithm>
#include <cstdlib>

namespace gleaner::net {

/// One request on its way; lives in the frame of request().
struct Http2Client::Exchange {
  Http2Outcome out;
  GatheredBody body;
  Http2Stream* stream = nullptr;
  std::size_t max_reply = 0;
  bool truncate = false, done = false, touched = false;
  std::coroutine_handle<> waiter;
};

Http2Client::Http2Client(StreamPtr stream, const Http2ClientOptions& options)
    : loop_(stream->loop()),
      options_(options),
      timer_(loop_),
      link_(std::move(stream), Http2Session::Side::client, {}, *this),
      idle_since_(loop_.now()) {}

Http2Client::~Http2Client() = default;

Task<> Http2Client::run() {
  watch();
  co_await link_.run();
  timer_.cancel();
  if (error_.what.empty()) error_ = link_.error();
  if (error_.what.empty()) error_ = {Fault::retryable, "error reading from server: EOF"};
  while (!waiting_.empty()) {
    Exchange& exchange = *waiting_.back();
    exchange.out.error = error_;
    exchange.out.untouched = false;
    complete(exchange);
  }
}

bool Http2Client::usable() const {
  return !link_.closed() && !going_away_ && const_cast<Http2Link&>(link_).session().can_request();
}

Task<Http2Outcome> Http2Client::request(Headers head, Chain body, std::size_t max_reply, TimePoint deadline,
                                        bool truncate) {
  Exchange exchange;
  exchange.max_reply = max_reply;
  exchange.truncate = truncate;
  if (usable()) exchange.stream = link_.session().request(head, std::move(body), &exchange);
  if (!exchange.stream) {
    exchange.out.error = Error{Fault::retryable, "the connection is draining"};
    exchange.out.untouched = true;
    co_return std::move(exchange.out);
  }
  waiting_.push_back(&exchange);
  if (waiting_.size() == 1) watch();
  link_.kick();
  Timer timer(loop_);
  if (deadline != TimePoint::max()) {
    timer.start(deadline, [this, &exchange](bool due) {
      if (!due) return;
      exchange.out.late = true;
      exchange.out.error = Error{Fault::retryable, "context deadline exceeded", ETIMEDOUT};
      link_.session().reset(*exchange.stream, Http2Code::cancel);
      link_.kick();
      complete(exchange);
    });
  }
  struct Done {
    Exchange& exchange;
    bool await_ready() const noexcept { return exchange.done; }
    void await_suspend(std::coroutine_handle<> self) noexcept { exchange.waiter = self; }
    void await_resume() const noexcept {}
  };
  Done done{exchange};
  co_await done;
  co_return std::move(exchange.out);
}

void Http2Client::complete(Exchange& exchange) {
  std::erase(waiting_, &exchange);
  if (waiting_.empty()) idle_since_ = loop_.now();
  if (exchange.stream) exchange.stream->user = nullptr;
  exchange.stream = nullptr;
  exchange.out.body = std::move(exchange.body).finish();
  exchange.done = true;
  if (exchange.waiter) std::exchange(exchange.waiter, nullptr).resume();
}

void Http2Client::on_head(Http2Stream& stream, const Headers& head, bool) {
  served_ = true;
  if (auto* exchange = static_cast<Exchange*>(stream.user)) {
    exchange->touched = true;
    exchange->out.head = head;
    exchange->body = GatheredBody(std::strtoull(std::string(head.get("content-length")).c_str(), nullptr, 10),
                                  exchange->max_reply);
  }
}

void Http2Client::on_data(Http2Stream& stream, std::string_view data) {
  link_.session().consume(stream, data.size());
  auto* exchange = static_cast<Exchange*>(stream.user);
  if (!exchange) return;
  auto& body = exchange->body;
  if (body.size() + data.size() <= exchange->max_reply) return body.append(data);
  if (exchange->truncate)
    body.append(data.substr(0, exchange->max_reply - body.size()));
  else
    exchange->out.error =
        Error{Fault::permanent, "response is larger than " + std::to_string(exchange->max_reply) + " bytes",
              EMSGSIZE};
  link_.session().reset(stream, Http2Code::cancel);
  complete(*exchange);
}

void Http2Client::on_end(Http2Stream& stream, Headers trailers) {
  auto* exchange = static_cast<Exchange*>(stream.user);
  if (!exchange) return;
  exchange->out.trailers = std::move(trailers);
  if (!link_.session().sent_all(stream)) link_.session().reset(stream, Http2Code::no_error);
  complete(*exchange);
}

void Http2Client::on_close(Http2Stream& stream, Http2Code code) {
  auto* exchange = static_cast<Exchange*>(stream.user);
  if (!exchange) return;
  exchange->stream = nullptr;
  stream.user = nullptr;
  exchange->out.untouched = code == Http2Code::refused_stream && !exchange->touched;
  exchange->out.error = Error{Fault::retryable, "stream terminated by RST_STREAM with error code: " +
                                                    std::string(http2_code_name(code))};
  complete(*exchange);
}

void Http2Client::on_goaway(std::int32_t, Http2Code code, std::string_view text) {
  going_away_ = true;
  if (code != Http2Code::no_error)
    error_ = {Fault::retryable, "received GOAWAY, code: " + std::string(http2_code_name(code)) +
                                    ", debug data: \"" + std::string(text) + "\""};
}

void Http2Client::on_ping(bool ack) {
  if (!ack) return;
  ping_open_ = false;
  watch();
}

/// Keep-alive: only while something waits for the peer, unless told otherwise. Any byte counts as life.
void Http2Client::watch() {
  if (options_.keepalive_time <= Duration{0} || link_.closed()) return;
  if (waiting_.empty() && !options_.permit_without_stream) return;
  const TimePoint due = ping_open_ ? ping_sent_ + options_.keepalive_timeout
                                   : std::max(link_.last_read(), ping_sent_) + options_.keepalive_time;
  timer_.start(due, [this](bool came) {
    if (!came) return;
    const TimePoint now = loop_.now();
    if (ping_open_ && link_.last_read() > ping_sent_) ping_open_ = false;
    if (ping_open_ && now >= ping_sent_ + options_.keepalive_timeout) {
      error_ = {Fault::retryable, "keepalive ping failed to receive ACK within timeout"};
      return link_.close();
    }
    if (!ping_open_ && now >= std::max(link_.last_read(), ping_sent_) + options_.keepalive_time) {
      ping_open_ = true;
      ping_sent_ = now;
      link_.session().ping();
      link_.kick();
    }
    watch();
  });
}

}  // namespace gleaner::net
