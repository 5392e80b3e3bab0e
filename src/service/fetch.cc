#include "service/fetch.h"

#include <fmt/format.h>

#include "base/loop.h"
#include "net/http_client.h"
#include "net/url.h"

namespace gleaner::service {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kMaxBody = 16 << 20;  // bytes
constexpr int kMaxRedirects = 10;

bool redirects(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where a Location header leads from `from`.
std::string resolve(const std::string& from, std::string_view location) {
  if (location.find("://") != std::string_view::npos) return std::string(location);
  const auto url = net::parse_url(from);
  if (!url) return std::string(location);
  if (location.starts_with("//")) return fmt::format("{}:{}", url->scheme, location);
  if (location.starts_with('/')) return fmt::format("{}://{}{}", url->scheme, url->authority(), location);
  const auto path = url->target.substr(0, url->target.find('?'));
  return fmt::format("{}://{}{}{}", url->scheme, url->authority(), path.substr(0, path.rfind('/') + 1),
                     location);
}

Task<Result<Answer>> get(Loop& loop, net::HttpClient& client, std::string at) {
  const TimePoint deadline = loop.now() + kPatience;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    net::HttpCall call;
    call.method = "GET";
    call.url = at;
    call.deadline = deadline;
    call.max_response = kMaxBody;
    call.truncate = false;
    auto reply = co_await client.send(std::move(call));
    if (!reply) co_return fail(std::move(reply.error()));
    const auto location = reply->headers.get("location");
    if (!redirects(reply->status) || location.empty())
      co_return Answer{reply->status, std::string(reply->body.flat().view())};
    at = resolve(at, location);
  }
  co_return fail(Fault::config, fmt::format("stopped after {} redirects", kMaxRedirects));
}

Task<Result<Answer>> get_and_close(Loop& loop, net::HttpClient& client, std::string uri) {
  auto result = co_await get(loop, client, std::move(uri));
  co_await client.stop();
  co_return result;
}

}  // namespace

Result<Answer> ask(const std::string& uri) {
  Loop loop;  // of its own: the collector's may be the one that is waiting for this
  net::HttpClientOptions options;
  options.user_agent = "gleaner";
  auto client = net::HttpClient::make(loop, std::move(options));
  return loop.run_until_done(get_and_close(loop, *client, uri));
}

Result<std::string> fetch(const std::string& uri) {
  auto answer = ask(uri);
  if (!answer)
    return fail(Fault::config, fmt::format("unable to download the file via HTTP GET for uri \"{}\": {}", uri,
                                           answer.error().what));
  if (answer->status != 200)
    return fail(Fault::config,
                fmt::format("failed to load resource from uri \"{}\". status code: {}", uri, answer->status));
  return std::move(answer->body);
}

}  // namespace gleaner::service
