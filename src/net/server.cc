#include "net/server.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "net/connection.h"

namespace gleaner::net {
namespace {

using MakeConnection = std::function<std::unique_ptr<Connection>(StreamPtr)>;

/// Accepts and keeps track; what is spoken is the maker's business.
class AcceptingServer : public Server {
 public:
  AcceptingServer(Loop& loop, const ServerOptions& options, std::vector<std::string> alpn,
                  std::unique_ptr<Listener> listener)
      : loop_(loop),
        tls_(options.tls),
        max_connections_(options.max_connections),
        handshake_timeout_(options.handshake_timeout),
        alpn_(std::move(alpn)),
        listener_(std::move(listener)) {}

  const SocketAddress& address() const override { return listener_->address(); }
  const ServerStats& stats() const override { return stats_; }
  void start() override { gate_.spawn(accept()); }

  Task<> stop(TimePoint deadline) override {
    stopping_ = true;
    listener_->close();
    room_.notify_all();
    for (Stream* stream : shaking_) stream->close();
    for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end()))
      connection->drain();
    Timer timer(loop_);
    timer.start(deadline, [this](bool due) {
      if (!due) return;
      for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end()))
        connection->abort();
    });
    co_await gate_.join();
  }

 protected:
  virtual std::unique_ptr<Connection> make(StreamPtr stream) = 0;
  Loop& loop_;
  ServerStats stats_;

 private:
  Task<> accept() {
    while (!stopping_) {
      if (stats_.connections > max_connections_) {
        if (end_the_quietest())
          co_await room_.wait();
        else  // all are at work
          (void)co_await Timer(loop_).sleep(std::chrono::milliseconds(100));
        continue;
      }
      auto stream = co_await listener_->accept();
      if (!stream) break;
      ++stats_.accepted;
      gate_.spawn(serve(std::move(*stream)));
    }
  }
  /// Silent peers must not keep others out: those that have said nothing for the longest time have to go.
  bool end_the_quietest() {
    constexpr std::size_t kAtOnce = 16;
    std::vector<std::pair<TimePoint, Connection*>> quiet;
    for (auto* connection : connections_)
      if (const TimePoint since = connection->quiet_since(); since != TimePoint::max())
        quiet.emplace_back(since, connection);
    const std::size_t count = std::min({kAtOnce, quiet.size(), max_connections_ / 8 + 1});
    std::partial_sort(quiet.begin(), quiet.begin() + static_cast<std::ptrdiff_t>(count), quiet.end());
    for (std::size_t i = 0; i < count; ++i) quiet[i].second->abort();
    stats_.ended_for_room += count;
    return count > 0;
  }
  Task<> serve(StreamPtr stream) {
    ++stats_.connections;
    if (tls_) {
      Stream* raw = stream.get();
      shaking_.insert(raw);
      auto encrypted = co_await tls_->accept(std::move(stream), alpn_, loop_.now() + handshake_timeout_);
      shaking_.erase(raw);
      if (encrypted) stream = std::move(*encrypted);
    }
    if (stream && !stopping_) {
      auto connection = make(std::move(stream));
      connections_.insert(connection.get());
      co_await connection->run();
      connections_.erase(connection.get());
    }
    --stats_.connections;
    room_.notify_one();
  }

  std::shared_ptr<TlsServer> tls_;
  std::size_t max_connections_;
  Duration handshake_timeout_;
  std::vector<std::string> alpn_;
  std::unique_ptr<Listener> listener_;
  std::unordered_set<Connection*> connections_;
  std::unordered_set<Stream*> shaking_;
  Signal room_;
  Gate gate_;
  bool stopping_ = false;
};

class HttpServer final : public AcceptingServer {
 public:
  HttpServer(Loop& loop, const HttpServerOptions& options, HttpHandler& handler,
             std::unique_ptr<Listener> listener)
      : AcceptingServer(loop, options, {"h2", "http/1.1"}, std::move(listener)),
        service_{loop, options, handler, stats_} {}

 private:
  std::unique_ptr<Connection> make(StreamPtr stream) override {
    if (stream->alpn() == "h2") return make_http2_connection(service_, std::move(stream));
    return make_http1_connection(service_, std::move(stream));
  }
  HttpService service_;
};

class GrpcServer final : public AcceptingServer {
 public:
  GrpcServer(Loop& loop, const GrpcServerOptions& options, GrpcHandler& handler,
             std::unique_ptr<Listener> listener)
      : AcceptingServer(loop, options, {"h2"}, std::move(listener)), options_(options), handler_(handler) {}

 private:
  std::unique_ptr<Connection> make(StreamPtr stream) override {
    return make_grpc_connection(loop_, options_, handler_, stats_, std::move(stream));
  }
  GrpcServerOptions options_;
  GrpcHandler& handler_;
};

}  // namespace

Task<std::optional<HttpResponse>> HttpHandler::admit(HttpRequest&) { co_return std::nullopt; }
Task<std::optional<GrpcReply>> GrpcHandler::admit(GrpcRequest&) { co_return std::nullopt; }

HttpResponse HttpHandler::refuse(const HttpRequest&) {
  HttpResponse response;
  response.status = 503;
  response.headers.add("retry-after", "1");
  return response;
}

GrpcReply GrpcHandler::refuse(std::string_view) {
  GrpcReply reply;
  reply.code = GrpcCode::resource_exhausted;
  reply.message = "memory limit reached, retry later";
  reply.details =
      status_with_retry_info(static_cast<std::uint32_t>(reply.code), reply.message, std::chrono::seconds(1));
  return reply;
}

Result<std::unique_ptr<Server>> Server::http(Loop& loop, HttpServerOptions options, HttpHandler& handler) {
  auto listener = Listener::open(loop, options.listen);
  if (!listener) return fail(std::move(listener.error()));
  return std::unique_ptr<Server>(std::make_unique<HttpServer>(loop, options, handler, std::move(*listener)));
}

Result<std::unique_ptr<Server>> Server::grpc(Loop& loop, GrpcServerOptions options, GrpcHandler& handler) {
  auto listener = Listener::open(loop, options.listen);
  if (!listener) return fail(std::move(listener.error()));
  return std::unique_ptr<Server>(std::make_unique<GrpcServer>(loop, options, handler, std::move(*listener)));
}

std::string clean_path(std::string_view path) {
  if (path.empty()) return "/";
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    at = end + 1;
  }
  std::string out;
  for (const auto part : parts) (out += '/') += part;
  if (out.empty()) return "/";
  if (path.back() == '/') out += '/';
  return out;
}

std::string percent_decode(std::string_view text) { return grpc_percent_decode(text); }

}  // namespace gleaner::net
