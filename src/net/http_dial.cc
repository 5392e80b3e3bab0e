#include "net/http_dial.h"

#include "net/grpc.h"
#include "net/http1.h"

namespace gleaner::net {
namespace {
constexpr std::size_t kMaxHead = 1u << 20;  // bytes of a proxy's answer
}

TlsClient& HttpDialer::tls() {
  if (!tls_) tls_ = *TlsClient::make({});
  return *tls_;
}

void HttpDialer::stop() {
  cancel_.cancel();
  for (Stream* stream : std::vector<Stream*>(shaking_)) stream->close();
}

Task<Result<StreamPtr>> HttpDialer::connect(const Url& url, const std::string& proxy,
                                            std::vector<std::string> alpn, TimePoint when) {
  std::string endpoint = join_host_port(url.host, url.port);
  Url via;
  if (!proxy.empty()) {
    auto parsed = parse_url(proxy);
    if (!parsed) co_return fail(std::move(parsed.error()).in("proxyconnect"));
    via = *parsed;
    endpoint = join_host_port(via.host, via.port);
  }
  const TimePoint by = std::min(when, loop_.now() + std::chrono::seconds(30));  // Go's dialer
  auto stream = co_await dial(loop_, "tcp", endpoint, by, &cancel_);
  if (!stream) {
    if (stream.error().sys == ETIMEDOUT && by == when)
      co_return fail(Fault::retryable, "context deadline exceeded", ETIMEDOUT);
    co_return stream;
  }
  // stop() cuts what is in there; the socket stays the same object inside the TLS stream.
  Stream* socket = stream->get();
  shaking_.push_back(socket);
  auto encrypted = co_await encrypt(std::move(*stream), url, proxy, via, std::move(alpn), by);
  std::erase(shaking_, socket);
  co_return encrypted;
}

Task<Result<StreamPtr>> HttpDialer::encrypt(StreamPtr socket, const Url& url, const std::string& proxy,
                                            const Url& via, std::vector<std::string> alpn, TimePoint by) {
  Result<StreamPtr> stream = std::move(socket);
  if (!proxy.empty() && via.secure()) {
    std::vector<std::string> none;
    stream = co_await tls().connect(std::move(*stream), via.host, std::move(none), by);
    if (!stream) co_return stream;
  }
  if (!proxy.empty() && url.secure()) {
    stream = co_await tunnel(std::move(*stream), url, via, by);
    if (!stream) co_return stream;
  }
  if (url.secure()) stream = co_await tls().connect(std::move(*stream), url.host, std::move(alpn), by);
  co_return stream;
}

Task<Result<StreamPtr>> HttpDialer::tunnel(StreamPtr stream, const Url& url, const Url& via, TimePoint by) {
  const std::string where = join_host_port(url.host, url.port);
  Headers headers{{"host", where}};
  if (!via.userinfo.empty())
    headers.add("proxy-authorization", "Basic " + base64_encode(grpc_percent_decode(via.userinfo)));
  Deadline deadline(loop_, by);
  deadline.guard(*stream);
  Chain out(Bytes::copy(http1_request_head("CONNECT", where, headers)));
  auto sent = co_await write_all(*stream, std::move(out));
  if (!sent) co_return fail(deadline.of(std::move(sent.error())));
  Http1Reader reader(*stream);
  Http1Parser parser(Http1Side::response, kMaxHead, true);
  auto head = co_await reader.head(parser);
  deadline.release();
  if (!head) co_return fail(deadline.of(std::move(head.error())));
  if (parser.status != 200)
    co_return fail(Fault::retryable, "proxyconnect tcp: " + std::string(http_reason(parser.status)));
  if (reader.left() > 0) co_return fail(Fault::retryable, "proxyconnect tcp: the proxy talks out of turn");
  co_return std::move(stream);
}

}  // namespace gleaner::net
