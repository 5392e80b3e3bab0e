#pragma once
// The TLS keys every component shares, and what they become. Source: spec/collector.md 8.1.
#include "config/field.h"
#include "net/tls.h"

namespace gleaner::confignet {

/// Both sides. Kept apart from net's options so that net needs no YAML.
struct TlsConfig {
  std::string ca_file, cert_file, key_file;
  config::Secret ca_pem, cert_pem, key_pem;
  bool include_system_ca_certs_pool = false;
  std::string min_version, max_version;
  std::vector<std::string> cipher_suites, curve_preferences;
  bool include_insecure_cipher_suites = false;
  Duration reload_interval{0};

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&TlsConfig::ca_file>("ca_file", "certificates to trust"),
        config::field<&TlsConfig::ca_pem>("ca_pem", "the same, inline"),
        config::field<&TlsConfig::cert_file>("cert_file", "own certificate"),
        config::field<&TlsConfig::cert_pem>("cert_pem", "the same, inline"),
        config::field<&TlsConfig::key_file>("key_file", "own key"),
        config::field<&TlsConfig::key_pem>("key_pem", "the same, inline"),
        config::field<&TlsConfig::include_system_ca_certs_pool>("include_system_ca_certs_pool",
                                                                "trust the system's certificates too"),
        config::field<&TlsConfig::min_version>("min_version", "1.0 to 1.3; default 1.2"),
        config::field<&TlsConfig::max_version>("max_version", "1.0 to 1.3"),
        config::field<&TlsConfig::cipher_suites>("cipher_suites", "IANA names, for TLS up to 1.2"),
        config::field<&TlsConfig::include_insecure_cipher_suites>("include_insecure_cipher_suites",
                                                                  "allow weak ones to be named"),
        config::field<&TlsConfig::curve_preferences>("curve_preferences", "X25519, P256, P384, P521"),
        config::field<&TlsConfig::reload_interval>("reload_interval",
                                                   "read certificate files again after this long; 0 = never"),
        config::later("tpm", "keys in a TPM"),
    };
    return kTable;
  }
  void apply(net::TlsOptions& to) const;
};

struct TlsServerConfig {
  TlsConfig common;
  std::string client_ca_file;
  bool client_ca_file_reload = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&TlsServerConfig::common>(),
        config::field<&TlsServerConfig::client_ca_file>("client_ca_file",
                                                        "require client certificates signed by these"),
        config::field<&TlsServerConfig::client_ca_file_reload>("client_ca_file_reload",
                                                               "read that file again when it changes"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  net::TlsServerOptions options() const;
};

struct TlsClientConfig {
  TlsConfig common;
  bool insecure = false, insecure_skip_verify = false;
  std::string server_name_override;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&TlsClientConfig::common>(),
        config::field<&TlsClientConfig::insecure>("insecure",
                                                  "no TLS at all (gRPC); ignored when a CA is given"),
        config::field<&TlsClientConfig::insecure_skip_verify>("insecure_skip_verify",
                                                              "do not check the server's certificate"),
        config::field<&TlsClientConfig::server_name_override>("server_name_override",
                                                              "the name to check instead of the endpoint's"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  net::TlsClientOptions options() const;
  /// gRPC: whether to speak in the clear.
  bool plain() const { return insecure && common.ca_file.empty() && common.ca_pem.value.empty(); }
};

}  // namespace gleaner::confignet
