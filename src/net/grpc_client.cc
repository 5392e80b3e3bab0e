#include "net/grpc_client.h"

#include <algorithm>
#include <random>

#include "net/http1.h"
#include "net/http2_client.h"
#include "net/socket.h"

namespace gleaner::net {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstBackoff = 1s;
constexpr Duration kMostBackoff =
    3s;  // gRPC's own is 120 s: a backend that is back would be left alone as long
constexpr Duration kResolveAgain = 30s;  // no name is asked for more often

struct Target {
  std::string transport, endpoint, host, authority;
};

Result<Target> parse_target(std::string text) {
  Target out;
  for (const std::string_view scheme : {"unix:///", "unix:"}) {
    if (!text.starts_with(scheme)) continue;
    out.transport = "unix";
    out.endpoint = (scheme.size() == 8 ? "/" : "") + text.substr(scheme.size());
    out.authority = out.host = "localhost";
    return out;
  }
  for (const std::string_view scheme : {"dns:///", "passthrough:///", "dns:"})
    if (text.starts_with(scheme)) {
      text.erase(0, scheme.size());
      break;
    }
  auto where = parse_host_port(text);
  if (!where) return fail(std::move(where.error()));
  out.transport = "tcp";
  out.endpoint = out.authority = text;
  out.host = where->host;
  return out;
}

GrpcCode code_of_http(int status) {
  switch (status) {
    case 400:
      return GrpcCode::internal;
    case 401:
      return GrpcCode::unauthenticated;
    case 403:
      return GrpcCode::permission_denied;
    case 404:
      return GrpcCode::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode::unavailable;
    default:
      return GrpcCode::unknown;
  }
}

GrpcResult failed(GrpcCode code, std::string message) {
  GrpcResult out;
  out.code = code;
  out.message = std::move(message);
  return out;
}

/// One address and its connection.
struct Sub {
  SocketAddress address;
  std::unique_ptr<Http2Client> connection;
  Duration backoff = kFirstBackoff;
  TimePoint retry_at{};  // not to be dialled before
  bool connecting = false;
  Cancel cancel;              // of the dialling
  Stream* shaking = nullptr;  // hands, in TLS
  std::string error;          // why there is no connection
  bool ready() const { return connection && connection->usable(); }
};

class Client final : public GrpcClient {
 public:
  Client(Loop& loop, GrpcClientOptions options, Target target)
      : loop_(loop),
        options_(std::move(options)),
        target_(std::move(target)),
        random_(static_cast<unsigned>(unix_nanos())) {
    if (options_.authority.empty()) options_.authority = target_.authority;
  }

  Task<GrpcResult> call(GrpcCall call) override {
    const bool pack = options_.compression != Encoding::identity && !call.message.empty();
    if (pack) call.message = compress(options_.compression, options_.compression_level, call.message);
    const Chain body = grpc_frame(std::move(call.message), pack);
    const Headers fixed = head_of(call, pack);
    for (int attempt = 0;; ++attempt) {
      Result<Http2Client*> connection = ready_connection();
      if (!connection) connection = co_await wait_for_connection(call.deadline);
      if (!connection) {
        const bool late = connection.error().sys == ETIMEDOUT;
        const bool over = connection.error().fault == Fault::cancelled;
        co_return failed(late   ? GrpcCode::deadline_exceeded
                         : over ? GrpcCode::cancelled
                                : GrpcCode::unavailable,
                         std::move(connection.error().what));
      }
      Headers head = fixed;
      if (call.deadline != TimePoint::max())
        head.add("grpc-timeout", grpc_timeout_text(call.deadline - loop_.now()));
      Chain copy = body;
      auto out = co_await (*connection)
                     ->request(std::move(head), std::move(copy), options_.max_receive + kGrpcPrefix + 1,
                               call.deadline);
      if (out.untouched && attempt < 3 && !stopping_) continue;
      co_return result_of(std::move(out));
    }
  }

  Task<> stop() override {
    stopping_ = true;
    look_up_.cancel();
    for (auto& sub : subs_) {
      sub->cancel.cancel();
      if (sub->shaking) sub->shaking->close();
    }
    for (auto* connection : std::vector<Http2Client*>(live_)) connection->close();
    changed_.notify_all();
    co_await gate_.join();
    subs_.clear();
  }

 private:
  Headers head_of(const GrpcCall& call, bool pack) const {
    Headers head{{":method", "POST"},
                 {":scheme", options_.tls ? "https" : "http"},
                 {":path", call.path},
                 {":authority", options_.authority},
                 {"content-type", "application/grpc"},
                 {"te", "trailers"}};
    if (!options_.user_agent.empty() && !call.metadata.has("user-agent"))
      head.add("user-agent", options_.user_agent);
    if (pack) head.add("grpc-encoding", grpc_encoding_name(options_.compression));
    head.add("grpc-accept-encoding", "gzip,zstd,snappy");
    for (const auto field : call.metadata) head.add(field.name, field.value);
    return head;
  }

  GrpcResult result_of(Http2Outcome out) const {
    if (out.error) {
      if (out.late) return failed(GrpcCode::deadline_exceeded, std::move(out.error->what));
      if (out.error->sys == EMSGSIZE) {
        const Bytes& body = out.body;
        const std::size_t length = body.size() < kGrpcPrefix ? 0 : grpc_prefix(body.data()).length;
        return failed(GrpcCode::resource_exhausted, "grpc: received message larger than max (" +
                                                        std::to_string(length) + " vs. " +
                                                        std::to_string(options_.max_receive) + ")");
      }
      if (stopping_) return failed(GrpcCode::cancelled, "grpc: the client connection is closing");
      return failed(GrpcCode::unavailable, std::move(out.error->what));
    }
    GrpcResult result;
    result.from_server = true;
    const bool only = out.trailers.empty();  // a trailers-only answer is one head
    const Headers& last = only ? out.head : out.trailers;
    const auto number = last.get("grpc-status");
    if (number.empty()) {
      const auto text = out.head.get(":status");
      const int status = text.size() == 3 ? std::atoi(std::string(text).c_str()) : 0;
      if (status != 200)
        return failed(code_of_http(status),
                      "unexpected HTTP status code received from server: " + std::to_string(status) + " (" +
                          std::string(http_reason(status)) + ")");
      return failed(GrpcCode::internal, "server closed the stream without sending trailers");
    }
    std::uint32_t code = 0;
    for (const char c : number.substr(0, 4))
      code = c >= '0' && c <= '9' ? code * 10 + static_cast<std::uint32_t>(c - '0') : 2;
    result.code = static_cast<GrpcCode>(code <= 16 ? code : 2);
    result.message = grpc_percent_decode(last.get("grpc-message"));
    if (const auto details = last.get("grpc-status-details-bin"); !details.empty())
      result.details = base64_decode(details).value_or("");
    if (result.code == GrpcCode::ok) {
      auto bad = take_body(out, result);
      if (bad) return std::move(*bad);
    }
    result.head = std::move(out.head);
    result.trailers = std::move(out.trailers);
    return result;
  }

  std::optional<GrpcResult> take_body(Http2Outcome& out, GrpcResult& result) const {
    const Bytes& body = out.body;
    if (body.size() < kGrpcPrefix) return failed(GrpcCode::internal, "EOF");
    const auto prefix = grpc_prefix(body.data());
    if (body.size() != kGrpcPrefix + prefix.length)
      return failed(GrpcCode::internal, "cardinality violation: received no or several response messages");
    Bytes message = body.slice(kGrpcPrefix, prefix.length);
    if (!prefix.compressed) {
      result.body = std::move(message);
      return std::nullopt;
    }
    const auto encoding = grpc_encoding_named(out.head.get("grpc-encoding"));
    if (!encoding || *encoding == Encoding::identity)
      return failed(GrpcCode::internal, "grpc: Decompressor is not installed for grpc-encoding \"" +
                                            std::string(out.head.get("grpc-encoding")) + "\"");
    auto plain = decompress(*encoding, Chain(std::move(message)), {.max_bytes = options_.max_receive});
    if (!plain)
      return failed(GrpcCode::internal,
                    "grpc: failed to decompress the received message: " + plain.error().what);
    result.body = std::move(*plain);
    return std::nullopt;
  }

  // --- connections ---
  /// A connection that is up, in turn; wakes the ones that are not.
  Result<Http2Client*> ready_connection() {
    if (stopping_) return fail(Fault::cancelled, "grpc: the client connection is closing");
    connect_idle();
    const std::size_t n = subs_.size();
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t at = options_.round_robin ? (next_ + i) % n : i;
      if (!subs_[at]->ready()) continue;
      next_ = at + 1;
      return subs_[at]->connection.get();
    }
    return fail(Fault::retryable, "");
  }

  Task<Result<Http2Client*>> wait_for_connection(TimePoint deadline) {
    Timer timer(loop_);
    if (deadline != TimePoint::max())
      timer.start(deadline, [this](bool due) {
        if (due) changed_.notify_all();
      });
    for (;;) {
      auto connection = ready_connection();
      if (connection || connection.error().fault == Fault::cancelled) co_return connection;
      if (loop_.now() >= deadline) {
        const std::string why = last_error();
        co_return fail(Fault::retryable, "context deadline exceeded" + (why.empty() ? "" : ": " + why),
                       ETIMEDOUT);
      }
      if (!options_.wait_for_ready && !on_the_way()) co_return fail(Fault::retryable, last_error());
      if (options_.wait_for_ready && !on_the_way()) wake_at_retry();
      co_await changed_.wait();
    }
  }
  bool on_the_way() const {
    return resolving_ || std::any_of(subs_.begin(), subs_.end(), [](const auto& s) { return s->connecting; });
  }
  std::string last_error() const {
    for (const auto& sub : subs_)
      if (!sub->error.empty()) return "connection error: desc = \"transport: " + sub->error + "\"";
    return resolve_error_.empty() ? "no connection" : "name resolver error: " + resolve_error_;
  }
  void wake_at_retry() {
    if (retry_timer_.running()) return;
    TimePoint when = resolve_at_;
    for (const auto& sub : subs_) when = std::min(when, sub->retry_at);
    retry_timer_.start(std::max(when, loop_.now() + 1ms), [this](bool due) {
      if (due) changed_.notify_all();
    });
  }

  void connect_idle() {
    const TimePoint now = loop_.now();
    const bool trouble =
        subs_.empty() || std::none_of(subs_.begin(), subs_.end(), [](const auto& s) { return s->ready(); });
    if (trouble && !resolving_ && now >= resolve_at_ && !on_the_way()) {
      resolving_ = true;
      gate_.spawn(resolve_target());
    }
    if (!options_.round_robin && (!trouble || on_the_way())) return;
    for (auto& sub : subs_) {
      if (sub->connection &&
          !sub->ready()) {  // it only sees its last streams through: a new one takes its place
        auto next = std::make_shared<Sub>();
        next->address = sub->address;
        sub = std::move(next);
      }
      if (sub->ready() || sub->connecting || now < sub->retry_at) continue;
      sub->connecting = true;
      gate_.spawn(connect(sub));
      if (!options_.round_robin) break;  // the first that answers: one after the other
    }
  }

  Task<> resolve_target() {
    auto found = co_await resolve(loop_, target_.transport, target_.endpoint,
                                  loop_.now() + options_.connect_timeout, &look_up_);
    resolving_ = false;
    resolve_at_ = loop_.now() + (found ? kResolveAgain : std::min<Duration>(kResolveAgain, 1s));
    resolve_error_ = found ? "" : found.error().what;
    if (found && !stopping_) merge(*found);
    if (!stopping_) connect_idle();
    changed_.notify_all();
  }
  /// Keeps connections to addresses that are still there.
  void merge(const std::vector<SocketAddress>& found) {
    std::vector<std::shared_ptr<Sub>> next;
    for (const auto& address : found) {
      const auto known = std::find_if(subs_.begin(), subs_.end(),
                                      [&](const auto& s) { return s->address.text() == address.text(); });
      if (known != subs_.end()) {
        next.push_back(*known);
      } else {
        next.push_back(std::make_shared<Sub>());
        next.back()->address = address;
      }
    }
    for (auto& old : subs_)
      if (std::find(next.begin(), next.end(), old) == next.end()) {
        old->cancel.cancel();
        if (old->connection) old->connection->close();
      }
    subs_ = std::move(next);
  }

  // The Sub is shared with its task: a new look-up may drop it from the list meanwhile.
  Task<> connect(std::shared_ptr<Sub> sub) {
    const TimePoint deadline = loop_.now() + options_.connect_timeout;
    auto stream = co_await connect_to(loop_, sub->address, deadline, &sub->cancel);
    if (stream && options_.tls) {
      const std::string host = HostOf{options_.authority, target_.host}.name();
      std::vector<std::string> alpn{"h2"};
      sub->shaking = stream->get();
      auto encrypted = co_await options_.tls->connect(std::move(*stream), host, std::move(alpn), deadline);
      sub->shaking = nullptr;
      if (encrypted)
        stream = std::move(*encrypted);
      else
        stream = fail(std::move(encrypted.error()).in("authentication handshake failed"));
    }
    sub->connecting = false;
    if (!stream || stopping_) {
      if (!stream) sub->error = "Error while dialing: " + stream.error().what;
      back_off(*sub);
      changed_.notify_all();
      co_return;
    }
    sub->error.clear();
    Http2ClientOptions options;
    options.keepalive_time = options_.keepalive_time;
    options.keepalive_timeout = options_.keepalive_timeout;
    options.permit_without_stream = options_.permit_without_stream;
    sub->connection = std::make_unique<Http2Client>(std::move(*stream), options);
    live_.push_back(sub->connection.get());
    changed_.notify_all();
    co_await sub->connection->run();
    std::erase(live_, sub->connection.get());
    sub->error = sub->connection->error().what;
    if (!sub->connection->served())
      back_off(*sub);  // whatever listens there, it is no gRPC server
    else
      sub->backoff = kFirstBackoff, sub->retry_at = loop_.now();
    sub->connection.reset();
    if (resolve_at_ > loop_.now() + 1s) resolve_at_ = loop_.now();  // the name may point elsewhere now
    changed_.notify_all();
  }
  struct HostOf {
    const std::string& authority;
    const std::string& host;
    std::string name() const {
      auto where = parse_host_port(authority);
      return where ? where->host : authority.empty() ? host : authority;
    }
  };
  void back_off(Sub& sub) {
    const double spread = std::uniform_real_distribution<double>(0.8, 1.2)(random_);
    sub.retry_at = loop_.now() + std::chrono::duration_cast<Duration>(sub.backoff * spread);
    sub.backoff = std::min<Duration>(sub.backoff * 16 / 10, kMostBackoff);
  }

  Loop& loop_;
  GrpcClientOptions options_;
  Target target_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<Sub>> subs_;
  std::size_t next_ = 0;
  Signal changed_;
  Timer retry_timer_{loop_};
  std::vector<Http2Client*> live_;  // also those that left subs_ and see their last streams through
  Cancel look_up_;
  Gate gate_;
  TimePoint resolve_at_{};
  std::string resolve_error_;
  bool resolving_ = false, stopping_ = false;
};

}  // namespace

Result<std::unique_ptr<GrpcClient>> GrpcClient::make(Loop& loop, GrpcClientOptions options) {
  auto target = parse_target(options.target);
  if (!target) return fail(std::move(target.error()));
  return std::unique_ptr<GrpcClient>(std::make_unique<Client>(loop, std::move(options), std::move(*target)));
}

}  // namespace gleaner::net
