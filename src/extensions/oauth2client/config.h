#pragma once
// Source: spec/collector.md 7.2.
#include "confignet/tls.h"
#include "pipeline/factory.h"

namespace gleaner::extensions::oauth2client {

struct Config {
  std::string client_id, client_id_file, client_secret_file, token_url, grant_type;
  config::Secret client_secret;
  std::vector<std::string> scopes;
  config::Dict<std::vector<std::string>> endpoint_params;
  Duration timeout{0};
  Duration expiry_buffer = std::chrono::minutes(5);
  confignet::TlsClientConfig tls;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::client_id>("client_id", "who we are to the token server"),
        config::field<&Config::client_id_file>("client_id_file", "the same in a file, read for every token"),
        config::field<&Config::client_secret>("client_secret", "and what proves it"),
        config::field<&Config::client_secret_file>("client_secret_file",
                                                   "the same in a file, read for every token"),
        config::field<&Config::token_url>("token_url", "where tokens are given out"),
        config::field<&Config::scopes>("scopes", "what the token shall allow"),
        config::field<&Config::endpoint_params>("endpoint_params", "more parameters of the token request"),
        config::field<&Config::timeout>("timeout", "limit of a token request; 0 = 30s"),
        config::field<&Config::expiry_buffer>("expiry_buffer", "a token is renewed this long before it ends"),
        config::field<&Config::tls>("tls", "of the token server's https URL"),
        config::field<&Config::grant_type>("grant_type", "client_credentials, the only one that is built"),
        config::later("client_certificate_key", "of the JWT grant"),
        config::later("client_certificate_key_file", "of the JWT grant"),
        config::later("client_certificate_key_id", "of the JWT grant"),
        config::later("signature_algorithm", "of the JWT grant"),
        config::later("iss", "of the JWT grant"),
        config::later("audience", "of the JWT grant"),
        config::later("claims", "of the JWT grant"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

/// Fetches a token by OAuth2's client credentials and sends it with exporters' requests.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::oauth2client
