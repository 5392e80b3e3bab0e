#include "confignet/http_client.h"

#include <fmt/format.h>

#include "net/url.h"

namespace gleaner::confignet {

std::span<const config::Field> HttpClientConfig::fields() {
  using C = HttpClientConfig;
  static const config::Field kTable[] = {
      config::field<&C::endpoint>("endpoint", "URL"),
      config::field<&C::proxy_url>("proxy_url", "proxy to go through; default: as HTTP_PROXY and so on say"),
      config::field<&C::tls>("tls", "of https URLs"),
      config::field<&C::headers>("headers", "sent with every request; Host overrides the URL's"),
      config::field<&C::compression>("compression", "of requests").one_of(kHttpCompressions),
      config::field<&C::compression_params>("compression_params", "how hard to compress"),
      config::field<&C::max_idle_conns>("max_idle_conns", "connections kept open in all; 0 = any number"),
      config::field<&C::max_idle_conns_per_host>("max_idle_conns_per_host",
                                                 "connections kept open to one host; 0 = 2"),
      config::field<&C::max_conns_per_host>("max_conns_per_host", "connections to one host; 0 = any number"),
      config::field<&C::idle_conn_timeout>("idle_conn_timeout", "idle connections are closed after this"),
      config::field<&C::disable_keep_alives>("disable_keep_alives", "one connection a request"),
      config::field<&C::http2_read_idle_timeout>("http2_read_idle_timeout",
                                                 "HTTP/2 ping after this much silence; 0 = never"),
      config::field<&C::http2_ping_timeout>("http2_ping_timeout",
                                            "reconnect when a ping is not answered within this; 0 = 15s"),
      config::field<&C::force_attempt_http2>("force_attempt_http2", "offer HTTP/2 to https servers"),
      config::field<&C::read_buffer_size>("read_buffer_size", "no effect: buffers follow the traffic"),
      config::field<&C::write_buffer_size>("write_buffer_size", "no effect: buffers follow the traffic"),
      config::field<&C::auth>("auth", "credentials of every request"),
      config::field<&C::cookies>("cookies", "tell servers the cookies they set").enabled_by_null(),
      config::later("middlewares", "extensions around requests"),
  };
  return kTable;
}

Result<> check_url(const std::string& url) {
  auto parsed = net::parse_url(url);
  if (!parsed) return fail(std::move(parsed.error()));
  return {};
}

void HttpClientConfig::validate(config::Check& check) const {
  if (!endpoint.empty())
    if (auto ok = check_url(endpoint); !ok)
      check.error("endpoint", fmt::format("\"{}\" must be a valid URL such as http://host:4318: {}", endpoint,
                                          ok.error().what));
  if (!proxy_url.empty())
    if (auto ok = check_url(proxy_url); !ok)
      check.error("proxy_url", fmt::format("\"{}\" must be a valid URL: {}", proxy_url, ok.error().what));
  const int level = compression_params.level;
  const bool graded = compression == "gzip" || compression == "zlib" || compression == "deflate";
  if (graded ? level < -2 || level > 9 : level != 0 && compression != "zstd")
    check.error("compression_params", fmt::format("unsupported level {} for compression type \"{}\"{}", level,
                                                  compression, graded ? ": -2 to 9" : ""));
  if (idle_conn_timeout < Duration{0}) check.error("idle_conn_timeout", "must be non-negative");
  if (http2_read_idle_timeout < Duration{0}) check.error("http2_read_idle_timeout", "must be non-negative");
  if (http2_ping_timeout < Duration{0}) check.error("http2_ping_timeout", "must be non-negative");
}

net::Encoding HttpClientConfig::encoding() const {
  return net::encoding_named(compression).value_or(net::Encoding::identity);
}

Result<net::HttpClientOptions> HttpClientConfig::options(std::string user_agent) const {
  net::HttpClientOptions made;
  auto secured = net::TlsClient::make(tls.options());
  if (!secured) return fail(std::move(secured.error()));
  made.tls = std::move(*secured);
  made.proxy_url = proxy_url;
  made.user_agent = std::move(user_agent);
  made.max_idle_conns = max_idle_conns;
  made.max_idle_conns_per_host = max_idle_conns_per_host;
  made.max_conns_per_host = max_conns_per_host;
  made.idle_conn_timeout = idle_conn_timeout;
  made.disable_keep_alives = disable_keep_alives;
  made.force_attempt_http2 = force_attempt_http2;
  made.http2_read_idle_timeout = http2_read_idle_timeout;
  if (http2_ping_timeout > Duration{0}) made.http2_ping_timeout = http2_ping_timeout;
  return made;
}

}  // namespace gleaner::confignet
