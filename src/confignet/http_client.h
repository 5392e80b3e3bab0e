#pragma once
// The keys of whatever sends HTTP requests, and what they become in net. Source: spec/collector.md 8.2.
#include "confignet/auth.h"
#include "confignet/tls.h"
#include "net/compress.h"
#include "net/http_client.h"

namespace gleaner::confignet {

inline constexpr std::string_view kHttpCompressions[] = {
    "gzip", "zstd", "snappy", "x-snappy-framed", "zlib", "deflate", "lz4", "none", ""};

struct CompressionParams {
  int level = 0;  ///< 0 = the library's default
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&CompressionParams::level>(
            "level", "gzip, zlib, deflate: -2 to 9; zstd: any; 0 = the library's default"),
    };
    return kTable;
  }
};

/// No keys: written at all, cookies are kept.
struct CookiesConfig {
  static std::span<const config::Field> fields() { return {}; }
};

/// All but the timeout, which exporters share with other protocols.
struct HttpClientConfig {
  std::string endpoint, proxy_url;
  TlsClientConfig tls;
  config::Headers headers;
  std::optional<AuthConfig> auth;  ///< for the component to look up: extensions are not known here
  std::string compression;
  std::optional<CookiesConfig> cookies;
  CompressionParams compression_params;
  std::uint64_t max_idle_conns = 100, max_idle_conns_per_host = 0, max_conns_per_host = 0;
  Duration idle_conn_timeout = std::chrono::seconds(90);
  bool disable_keep_alives = false, force_attempt_http2 = true;
  Duration http2_read_idle_timeout{0}, http2_ping_timeout{0};
  std::uint64_t read_buffer_size = 0, write_buffer_size = 0;

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;

  Result<net::HttpClientOptions> options(std::string user_agent) const;
  net::Encoding encoding() const;
  /// In net's terms.
  int level() const { return compression_params.level == 0 ? net::kDefaultLevel : compression_params.level; }
};

/// An absolute http or https URL, or words for the user.
Result<> check_url(const std::string& url);

}  // namespace gleaner::confignet
