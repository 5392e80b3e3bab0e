#pragma once
// Source: spec/collector.md 7.2.
#include "confignet/tls.h"
#include "pipeline/factory.h"

namespace gleaner::extensions::oauth2client {

struct Config {
  std::string client_id, client_id_file, client_secret_file, token_url, grant_type;
  std::string client_certificate_key_file, client_certificate_key_id, signature_algorithm, iss, audience;
  config::Secret client_secret, client_certificate_key;
  config::Node claims;
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
        config::field<&Config::grant_type>(
            "grant_type", "client_credentials, or urn:ietf:params:oauth:grant-type:jwt-bearer"),
        config::field<&Config::client_certificate_key>("client_certificate_key",
                                                       "JWT grant: the RSA key that signs, PEM"),
        config::field<&Config::client_certificate_key_file>("client_certificate_key_file",
                                                            "the same in a file, read for every token"),
        config::field<&Config::client_certificate_key_id>("client_certificate_key_id",
                                                          "JWT grant: name of the key, the header kid"),
        config::field<&Config::signature_algorithm>("signature_algorithm",
                                                    "JWT grant: RS256, RS384 or RS512; default RS256"),
        config::field<&Config::iss>("iss", "JWT grant: who issues it; default client_id"),
        config::field<&Config::audience>("audience", "JWT grant: whom it is for; default token_url"),
        config::field<&Config::claims>("claims", "JWT grant: more claims"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  bool jwt() const;  ///< the JWT bearer grant
};

/// Fetches a token by OAuth2's client credentials or JWT bearer grant and sends it with exporters' requests.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::oauth2client
