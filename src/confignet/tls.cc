#include "confignet/tls.h"

namespace gleaner::confignet {

void TlsConfig::apply(net::TlsOptions& to) const {
  to.ca_file = ca_file;
  to.ca_pem = ca_pem.value;
  to.cert_file = cert_file;
  to.cert_pem = cert_pem.value;
  to.key_file = key_file;
  to.key_pem = key_pem.value;
  to.include_system_ca_certs_pool = include_system_ca_certs_pool;
  if (!min_version.empty()) to.min_version = min_version;
  to.max_version = max_version;
  to.cipher_suites = cipher_suites;
  to.include_insecure_cipher_suites = include_insecure_cipher_suites;
  to.curve_preferences = curve_preferences;
  to.reload_interval = reload_interval;
}

net::TlsServerOptions TlsServerConfig::options() const {
  net::TlsServerOptions made;
  common.apply(made);
  made.client_ca_file = client_ca_file;
  made.client_ca_file_reload = client_ca_file_reload;
  return made;
}

net::TlsClientOptions TlsClientConfig::options() const {
  net::TlsClientOptions made;
  common.apply(made);
  made.insecure_skip_verify = insecure_skip_verify;
  made.server_name_override = server_name_override;
  return made;
}

void TlsServerConfig::validate(config::Check& check) const {
  if (auto made = net::TlsServer::make(options()); !made) check.error(made.error().what);
}
void TlsClientConfig::validate(config::Check& check) const {
  if (auto made = net::TlsClient::make(options()); !made) check.error(made.error().what);
}

}  // namespace gleaner::confignet
