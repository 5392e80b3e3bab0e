// A server's gRPC connection: HTTP/2 streams become calls, calls become replies.
#include <algorithm>
#include <random>

#include "net/connection.h"
#include "net/grpc_call.h"
#include "net/http2_link.h"

namespace gleaner::net {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNever = TimePoint::max();
constexpr std::size_t kLongHead = 4u << 10;  // bytes
// Bytes of a Call, of what nghttp2 keeps for its stream, and of the coroutines that wait for its answer.
constexpr std::size_t kStreamMemory = 4u << 10;
constexpr std::size_t kPatience = 64u << 10;  // bytes of what is no gRPC call, before it is stopped

using Call = GrpcServerCall;

class GrpcConnection final : public Connection, Http2Events {
 public:
  GrpcConnection(Loop& loop, const GrpcServerOptions& options, GrpcHandler& handler, ServerStats& stats,
                 StreamPtr stream)
      : loop_(loop),
        options_(options),
        handler_(handler),
        stats_(stats),
        timer_(loop),
        link_(std::move(stream), Http2Session::Side::server, http2_options(options), *this),
        born_(loop.now()),
        idle_since_(born_) {
    if (options.max_connection_age > Duration{0}) {
      std::minstd_rand random(static_cast<unsigned>(born_.time_since_epoch().count()));
      age_limit_ = options.max_connection_age / 100 * std::uniform_int_distribution<int>(90, 110)(random);
    }
  }

  Task<> run() override {
    arm();
    co_await link_.run();
    timer_.cancel();
    for (Call* call : calls_) call->stream = nullptr;
    std::erase_if(calls_, [](Call* call) {
      if (call->running) return false;
      delete call;
      return true;
    });
    co_await working_.join();
  }
  void drain() override {
    if (std::exchange(draining_, true)) return;
    link_.session().shutdown_notice();
    link_.session().ping();  // its answer says that the peer has read the notice
    drain_due_ = loop_.now() + 1s;
    link_.kick();
    arm();
  }
  void abort() override { link_.close(); }
  TimePoint quiet_since() const override {
    const bool at_work =
        std::any_of(calls_.begin(), calls_.end(), [](const Call* call) { return call->running; });
    return at_work ? TimePoint::max() : link_.last_read();
  }

 private:
  static Http2Options http2_options(const GrpcServerOptions& options) {
    Http2Options out;
    if (options.max_concurrent_streams > 0) out.max_concurrent_streams = options.max_concurrent_streams;
    out.max_header_list = options.max_header_list;
    return out;
  }

  // --- the session's events ---
  void on_head(Http2Stream& stream, const Headers& head, bool end) override {
    auto* call = new Call;
    call->ended = end;
    calls_.push_back(call);
    stream.user = call;
    call->stream = &stream;
    ++stats_.requests;
    if (options_.budget) {  // HPACK makes a long head of 20 bytes
      call->head_memory = options_.budget->try_reserve(kStreamMemory + head.memory());
      if (!call->head_memory) return refuse(*call, head.get(":path"));
    }
    GrpcRequest& request = call->request;
    const GrpcHead said = take_apart(head, request.metadata);
    request.path = said.path;
    if (said.method != "POST")
      call->http_status = "405";
    else if (!is_grpc(said.type))
      call->http_status = "415";
    if (!call->http_status.empty())
      return;  // said at the end: a request that is malformed is told so, not this
    if (!handler_.serves(said.path)) return finish(*call, grpc_unimplemented(handler_, said.path));
    const auto encoding = grpc_encoding_named(said.encoding);
    if (!encoding)
      return finish(*call, grpc_reply_of(GrpcCode::unimplemented,
                                         "grpc: Decompressor is not installed for grpc-encoding \"" +
                                             std::string(said.encoding) + "\""));
    call->encoding = *encoding;
    if (!said.timeout.empty()) {
      const auto left = grpc_timeout_parse(said.timeout);
      if (!left) return finish(*call, grpc_reply_of(GrpcCode::internal, "malformed grpc-timeout"));
      request.deadline = loop_.now() + *left;
      if (request.deadline < armed_for_) arm_for(request.deadline);
    }
    request.authority = said.authority;
    request.peer = link_.stream().peer();
    request.encrypted = link_.stream().encrypted();
    if (handler_.guarded()) {
      call->running = call->waiting = true;
      working_.spawn(admit(call));
    }
  }

  void on_data(Http2Stream& stream, std::string_view data) override {
    auto& call = *static_cast<Call*>(stream.user);
    if (call.waiting && !call.answered) return hold_back(call, data);
    link_.session().consume(stream, data.size());
    if (!call.answered) take_data(call, data);
  }
  /// While it is not known whether the peer may send: its window (1 MiB at most) stays shut, and what is
  /// there counts.
  void hold_back(Call& call, std::string_view data) {
    if (book(call, call.held.size() + data.size())) return call.held.append(data);
    link_.session().consume(*call.stream, data.size());
    refuse(call, call.request.path);
  }
  void take_data(Call& call, std::string_view data) {
    const std::size_t before = std::exchange(call.seen, call.seen + data.size());
    if (!call.http_status.empty()) return call.seen > kPatience ? refuse_http(call) : void();
    if (before < kGrpcPrefix) {
      const std::size_t part = std::min(kGrpcPrefix - before, data.size());
      std::copy_n(data.data(), part, call.prefix.data() + before);
      if (call.seen < kGrpcPrefix) return;
      data.remove_prefix(part);
      call.length = grpc_prefix(call.prefix.data()).length;
      if (call.length > options_.max_message)
        return finish(call,
                      grpc_reply_of(GrpcCode::resource_exhausted,
                                    "grpc: received message larger than max (" + std::to_string(call.length) +
                                        " vs. " + std::to_string(options_.max_message) + ")"));
      // The whole message, before the rest of it is let in.
      if (!book(call, call.length)) return refuse(call, call.request.path);
      call.message = Buffer(call.length);
    }
    if (data.size() > call.length - call.message.size())
      return finish(
          call, grpc_reply_of(GrpcCode::internal,
                              "cardinality violation: received multiple request messages for unary call"));
    call.message.append(data);
  }

  /// Reserves `bytes` for the call in all. @return false when they are not there
  bool book(Call& call, std::size_t bytes) {
    if (!options_.budget || bytes <= call.reservation.bytes()) return true;
    auto more = options_.budget->try_reserve(bytes - call.reservation.bytes());
    if (!more) return false;
    call.reservation.absorb(std::move(more));
    return true;
  }

  void on_end(Http2Stream& stream, Headers) override {
    auto& call = *static_cast<Call*>(stream.user);
    call.ended = true;
    if (call.answered || call.waiting) return;
    if (!call.http_status.empty()) return refuse_http(call);
    start(call);
  }
  void start(Call& call) {
    if (call.seen < kGrpcPrefix + call.length)
      return finish(call, grpc_reply_of(GrpcCode::internal, call.seen == 0 ? "EOF" : "unexpected EOF"));
    call.running = true;
    working_.spawn(work(&call));
  }

  void on_close(Http2Stream& stream, Http2Code) override {
    auto* call = static_cast<Call*>(stream.user);
    if (!call) return;
    let_go(*call);
    call->stream = nullptr;
    call->answered = true;
    if (!call->running) forget(call);
    if (calls_.empty()) idle_since_ = loop_.now();
  }
  void on_goaway(std::int32_t, Http2Code, std::string_view) override {}

  void on_ping(bool ack) override {
    if (ack) {
      if (draining_) say_goaway();
      return;
    }
    // Source: grpc-go internal/transport/http2_server.go, handlePing.
    const TimePoint now = loop_.now();
    const TimePoint last = std::exchange(last_ping_, now);
    const std::uint64_t sent = link_.session().messages_sent();
    if (std::exchange(sent_at_ping_, sent) != sent) {
      ping_strikes_ = 0;
      return;
    }
    const bool lonely = calls_.empty() && !options_.permit_without_stream;
    if (last != TimePoint{} && now < last + (lonely ? Duration(2h) : options_.min_ping_interval))
      ++ping_strikes_;
    if (ping_strikes_ > 2) {
      link_.session().goaway(Http2Code::enhance_your_calm, "too_many_pings");
      link_.kick();
      calm_due_ = now;
      arm_for(now);
    }
  }

  // --- calls ---
  /// Asks the handler whether the call may go on; its data waits meanwhile.
  Task<> admit(Call* call) {
    auto refusal = co_await handler_.admit(call->request);
    call->running = call->waiting = false;
    if (!call->stream) {
      forget(call);
      co_return;
    }
    if (call->answered) co_return;
    if (refusal) {
      finish(*call, std::move(*refusal));
      co_return;
    }
    const Buffer held = std::move(call->held);
    link_.session().consume(*call->stream, held.size());
    if (!held.empty()) take_data(*call, held.view());
    if (call->ended && !call->answered) start(*call);
    link_.kick();
  }
  /// Forgets what was held back, and opens the connection's window for others.
  void let_go(Call& call) {
    if (call.held.empty()) return;
    if (call.stream) link_.session().consume(*call.stream, call.held.size());
    call.held = Buffer();
  }

  Task<> work(Call* call) {
    GrpcRequest request = std::move(call->request);
    const bool long_head = request.metadata.bytes() > kLongHead;
    auto bad = take_message(*call, request);
    Reservation head_memory = std::move(call->head_memory);
    if (long_head) request.reservation.absorb(std::move(head_memory));  // the metadata is as long
    GrpcReply reply;
    if (bad)
      reply = std::move(*bad);
    else
      reply = co_await handler_.unary(std::move(request));
    head_memory = {};
    call->running = false;
    if (call->stream) {
      if (!call->answered) finish(*call, std::move(reply));
    } else {
      forget(call);
    }
  }

  /// The message into the request, decompressed, with its bytes reserved; or the reply that says why not.
  std::optional<GrpcReply> take_message(Call& call, GrpcRequest& request) {
    const bool compressed = grpc_prefix(call.prefix.data()).compressed;
    Chain message(std::move(call.message).finish());
    request.reservation = std::move(call.reservation);
    if (!compressed) {
      request.message = std::move(message);
      return std::nullopt;
    }
    if (call.encoding == Encoding::identity)
      return grpc_reply_of(GrpcCode::internal, "grpc: compressed flag set with identity or empty encoding");
    // The packed bytes are booked already; the text may take what the budget has left, and not more.
    const std::size_t room = options_.budget
                                 ? std::min(options_.max_message, message.size() + options_.budget->free())
                                 : options_.max_message;
    auto plain = decompress(call.encoding, message, {.max_bytes = room});
    if (!plain && plain.error().sys == EMSGSIZE && room < options_.max_message)
      return ++stats_.refused, handler_.refuse(request.path);
    if (!plain && plain.error().sys == EMSGSIZE)
      return grpc_reply_of(GrpcCode::resource_exhausted,
                           "grpc: received message after decompression larger than max " +
                               std::to_string(options_.max_message));
    if (!plain)
      return grpc_reply_of(GrpcCode::internal,
                           "grpc: failed to decompress the received message: " + plain.error().what);
    if (options_.budget && plain->size() > message.size()) {
      auto rest = options_.budget->try_reserve(plain->size() - message.size());
      if (!rest) return ++stats_.refused, handler_.refuse(request.path);
      request.reservation.absorb(std::move(rest));
    }
    request.message = Chain(std::move(*plain));
    return std::nullopt;
  }

  void finish(Call& call, GrpcReply reply) {
    call.answered = true;
    let_go(call);
    call.message = Buffer();
    if (!call.running) call.request.metadata = {};
    call.head_memory = {};
    call.reservation = {};
    auto status = grpc_trailers(reply);
    if (reply.code == GrpcCode::ok) {
      const bool pack = call.encoding != Encoding::identity && !reply.body.empty();
      Chain body = pack ? compress(call.encoding, kDefaultLevel, reply.body) : std::move(reply.body);
      link_.session().respond(*call.stream, grpc_answer_head(call.encoding),
                              grpc_frame(std::move(body), pack), std::move(status));
    } else {
      Headers head = grpc_answer_head(Encoding::identity);
      for (const auto field : *status) head.add(field.name, field.value);
      link_.session().respond(*call.stream, head, {});
      if (!call.ended) link_.session().stop_peer_after_answer(*call.stream);
    }
    link_.kick();
  }
  void refuse(Call& call, std::string_view path) {
    ++stats_.refused;
    finish(call, handler_.refuse(path));
  }
  void refuse_http(Call& call) {
    call.answered = true;
    Headers head{{":status", call.http_status}};
    link_.session().respond(*call.stream, head, {});
    if (!call.ended) link_.session().stop_peer_after_answer(*call.stream);
    link_.kick();
  }
  void forget(Call* call) {
    const auto at = std::find(calls_.begin(), calls_.end(), call);
    if (at != calls_.end()) {
      *at = calls_.back();
      calls_.pop_back();
    }
    delete call;
  }

  // --- time: one timer for everything, set to what comes first ---
  void arm() { arm_for(next_due()); }
  void arm_for(TimePoint when) {
    armed_for_ = when;
    if (when == kNever) return timer_.cancel();
    timer_.start(when, [this](bool due) {
      if (due) tick();
    });
  }
  static TimePoint after(TimePoint from, Duration by) { return by > Duration{0} ? from + by : kNever; }
  TimePoint next_due() const {
    TimePoint due =
        std::min({drain_due_, calm_due_, after(born_, said_goaway_ ? Duration{0} : age_limit_), cut_due_});
    for (const Call* call : calls_)
      if (!call->answered) due = std::min(due, call->request.deadline);
    due = std::min(due, ping_due_ != kNever ? ping_due_ : after(link_.last_read(), options_.keepalive_time));
    if (calls_.empty() && !said_goaway_)
      due = std::min(due, after(idle_since_, options_.max_connection_idle));
    return due;
  }
  void tick() {
    const TimePoint now = loop_.now();
    if (now >= cut_due_ || now >= calm_due_) return link_.close();
    if (now >= drain_due_) say_goaway();
    if (now >= after(born_, age_limit_) && !draining_) {
      drain();
      cut_due_ = after(now, options_.max_connection_age_grace);
    }
    if (calls_.empty() && !draining_ && now >= after(idle_since_, options_.max_connection_idle)) drain();
    for (std::size_t i = 0; i < calls_.size(); ++i)
      if (!calls_[i]->answered && calls_[i]->stream && now >= calls_[i]->request.deadline)
        finish(*calls_[i], grpc_reply_of(GrpcCode::deadline_exceeded, "context deadline exceeded"));
    if (ping_due_ != kNever && link_.last_read() > ping_sent_) ping_due_ = kNever;
    if (now >= ping_due_) return link_.close();
    if (ping_due_ == kNever && now >= after(link_.last_read(), options_.keepalive_time)) {
      link_.session().ping();
      link_.kick();
      ping_sent_ = now;
      ping_due_ = now + options_.keepalive_timeout;
    }
    arm();
  }
  void say_goaway() {
    drain_due_ = kNever;
    if (std::exchange(said_goaway_, true)) return;
    link_.session().goaway(Http2Code::no_error, "graceful_stop");
    link_.kick();
  }

  Loop& loop_;
  const GrpcServerOptions& options_;
  GrpcHandler& handler_;
  ServerStats& stats_;
  Timer timer_;
  std::vector<Call*> calls_;
  Gate working_;
  Http2Link link_;
  TimePoint born_, idle_since_;
  TimePoint armed_for_ = kNever, drain_due_ = kNever, calm_due_ = kNever, cut_due_ = kNever;
  TimePoint ping_due_ = kNever, ping_sent_{}, last_ping_{};
  Duration age_limit_{0};
  int ping_strikes_ = 0;
  bool draining_ = false, said_goaway_ = false;
  std::uint64_t sent_at_ping_ = 0;
};

}  // namespace

std::unique_ptr<Connection> make_grpc_connection(Loop& loop, const GrpcServerOptions& options,
                                                 GrpcHandler& handler, ServerStats& stats, StreamPtr stream) {
  return std::make_unique<GrpcConnection>(loop, options, handler, stats, std::move(stream));
}

}  // namespace gleaner::net
