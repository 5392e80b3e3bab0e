#pragma once
// TLS over any Stream, by OpenSSL. Contexts come into being on first use: the first costs 2.3 MB.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/stream.h"

namespace gleaner::net {

/// What both sides share, named as the collector's YAML names it (configtls). Files are read at first use.
struct TlsOptions {
  std::string ca_file, ca_pem;      ///< not both
  std::string cert_file, cert_pem;  ///< not both; a certificate needs a key
  std::string key_file, key_pem;
  bool include_system_ca_certs_pool = false;
  std::string min_version = "1.2";         ///< "1.0" … "1.3"; empty: 1.2
  std::string max_version;                 ///< empty: the library's
  std::vector<std::string> cipher_suites;  ///< IANA names; TLS 1.3 has its own and ignores this
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences;  ///< X25519, P256, P384, P521; X25519MLKEM768 is skipped
  Duration reload_interval{
      0};  ///< 0: never; files are read again at a handshake this long after the last time
};
struct TlsClientOptions : TlsOptions {
  bool insecure_skip_verify = false;
  std::string server_name_override;  ///< for SNI and for verification
};
struct TlsServerOptions : TlsOptions {
  std::string client_ca_file;  ///< require and verify client certificates
  bool client_ca_file_reload = false;
};

/// Options and what grows from them: context, sessions to resume. One per lane and YAML section; shared by
/// its connections, which keep it alive.
class TlsClient {
 public:
  /// Fault::config with the collector's words for what cannot be: both file and pem, unknown versions,
  /// ciphers, curves, unreadable files.
  static Result<std::shared_ptr<TlsClient>> make(TlsClientOptions options);
  virtual ~TlsClient() = default;
  /// Reads certificates and keys now, so that a broken file is known at start.
  virtual Result<> load() = 0;
  /// Shakes hands over `plain` before `deadline` and verifies that the peer is `host` (unless overridden).
  /// @param alpn  offered protocols, best first: {"h2", "http/1.1"}
  /// @return Fault::retryable: "tls: failed to verify certificate: x509: certificate signed by unknown
  /// authority"
  virtual Task<Result<StreamPtr>> connect(StreamPtr plain, std::string host, std::vector<std::string> alpn,
                                          TimePoint deadline) = 0;
};

class TlsServer {
 public:
  /// A server needs a certificate: Fault::config otherwise.
  static Result<std::shared_ptr<TlsServer>> make(TlsServerOptions options);
  virtual ~TlsServer() = default;
  virtual Result<> load() = 0;
  /// @param alpn  what this server speaks, best first. A client without ALPN is let in; one without a common
  ///              protocol is refused with the alert no_application_protocol.
  virtual Task<Result<StreamPtr>> accept(StreamPtr plain, std::vector<std::string> alpn,
                                         TimePoint deadline) = 0;
};

}  // namespace gleaner::net
