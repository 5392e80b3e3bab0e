#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "net/endpoint.h"
#include "net/tls_detail.h"

namespace gleaner::net::tls {
namespace {

using Bio = Handle<BIO, &BIO_free_all>;
using Cert = Handle<X509, &X509_free>;
using Key = Handle<EVP_PKEY, &EVP_PKEY_free>;

struct Version {
  std::string_view name;
  int number;
};
constexpr Version kVersions[] = {
    {"1.0", TLS1_VERSION}, {"1.1", TLS1_1_VERSION}, {"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}};

struct Curve {
  std::string_view name, openssl;
};
constexpr Curve kCurves[] = {
    {"X25519", "X25519"}, {"P256", "P-256"}, {"P384", "P-384"}, {"P521", "P-521"}, {"X25519MLKEM768", ""}};

// Where Go looks. Source: crypto/x509 root_linux.go.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                    "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem",
                                    "/etc/pki/tls/cacert.pem",
                                    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                    "/etc/ssl/cert.pem"};
constexpr const char* kDirectories[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

int version_number(const std::string& name, int otherwise) {
  for (const auto& row : kVersions)
    if (row.name == name) return row.number;
  return otherwise;
}

tl::unexpected<Error> config(std::string what) { return fail(Fault::config, std::move(what)); }

Bio open_pem(const std::string& file, const std::string& pem) {
  return Bio(file.empty() ? BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))
                          : BIO_new_file(file.c_str(), "r"));
}
std::string unreadable(const std::string& file) { return "open " + file + ": " + errno_words(errno); }

Result<> use_certificate(SSL_CTX* context, const TlsOptions& options) {
  const std::string where = "failed to load TLS cert and key: ";
  errno = 0;
  const Bio chain = open_pem(options.cert_file, options.cert_pem);
  if (!chain) return config(where + unreadable(options.cert_file));
  const Cert leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    ERR_clear_error();
    return config(where + "tls: failed to find any PEM data in certificate input");
  }
  SSL_CTX_clear_chain_certs(context);
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr))
    SSL_CTX_add0_chain_cert(context, next);
  ERR_clear_error();  // the end of the file
  const Bio text = open_pem(options.key_file, options.key_pem);
  if (!text) return config(where + unreadable(options.key_file));
  const Key key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  if (!key) {
    ERR_clear_error();
    return config(where + "tls: failed to find any PEM data in key input");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    ERR_clear_error();
    return config(where + "tls: private key does not match public key");
  }
  return {};
}

/// IANA names to OpenSSL's, for the list of TLS 1.2 and below.
Result<std::string> cipher_list(SSL_CTX* context, const std::vector<std::string>& wanted) {
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
  std::string list;
  for (const auto& name : wanted) {
    const SSL_CIPHER* found = nullptr;
    for (int i = 0; i < sk_SSL_CIPHER_num(all) && !found; ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(all, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      if (standard && (name == standard || name + "_SHA256" == standard)) found = cipher;
    }
    if (!found) return config("invalid TLS cipher suite: \"" + name + "\"");
    if (std::strcmp(SSL_CIPHER_get_version(found), "TLSv1.3") == 0) continue;
    if (!list.empty()) list += ':';
    list += SSL_CIPHER_get_name(found);
  }
  return list;
}

Result<> add_system_pool(X509_STORE* store) {
  const char* file = std::getenv("SSL_CERT_FILE");
  if (file && *file) {
    X509_STORE_load_file(store, file);
  } else {
    for (const char* bundle : kBundles)
      if (access(bundle, R_OK) == 0 && X509_STORE_load_file(store, bundle) == 1) break;
  }
  const char* directory = std::getenv("SSL_CERT_DIR");
  if (directory && *directory) {
    X509_STORE_load_path(store, directory);
  } else {
    for (const char* path : kDirectories)  // hashed names are looked up on demand: costs nothing until then
      if (access(path, R_OK) == 0) X509_STORE_load_path(store, path);
  }
  ERR_clear_error();
  return {};
}

Result<int> add_pem(X509_STORE* store, STACK_OF(X509_NAME) * names, const Bio& from) {
  int count = 0;
  while (X509* raw = PEM_read_bio_X509_AUX(from.get(), nullptr, nullptr, nullptr)) {
    const Cert cert(raw);
    X509_STORE_add_cert(store, raw);
    if (names) sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(raw)));
    ++count;
  }
  ERR_clear_error();
  return count;
}

}  // namespace

std::string reasons() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
    return "first record does not look like a TLS handshake";
  const char* words = ERR_reason_error_string(code);
  return words ? words : "error " + std::to_string(code);
}

Result<> validate(const TlsOptions& o) {
  if (!o.ca_file.empty() && !o.ca_pem.empty())
    return config("provide either a CA file or the PEM-encoded string, but not both");
  if (!o.cert_file.empty() && !o.cert_pem.empty())
    return config("provide either certificate or the PEM-encoded string, but not both");
  if (!o.key_file.empty() && !o.key_pem.empty())
    return config("provide either key or the PEM-encoded string, but not both");
  const bool cert = !o.cert_file.empty() || !o.cert_pem.empty();
  const bool key = !o.key_file.empty() || !o.key_pem.empty();
  if (cert != key)
    return config(
        "TLS configuration must include both certificate and key (CertFile/CertPem and KeyFile/KeyPem)");
  const int least = o.min_version.empty() ? TLS1_2_VERSION : version_number(o.min_version, 0);
  const int most = o.max_version.empty() ? TLS1_3_VERSION : version_number(o.max_version, 0);
  if (!least) return config("invalid TLS min_version: unsupported TLS version: \"" + o.min_version + "\"");
  if (!most) return config("invalid TLS max_version: unsupported TLS version: \"" + o.max_version + "\"");
  if (least > most)
    return config("invalid TLS configuration: min_version cannot be greater than max_version");
  for (const auto& name : o.curve_preferences)
    if (std::none_of(std::begin(kCurves), std::end(kCurves), [&](const Curve& c) { return c.name == name; }))
      return config("invalid curve type: " + name);
  const std::pair<const std::string*, const char*> files[] = {
      {&o.ca_file, "failed to load CA CertPool File: failed to load cert"},
      {&o.cert_file, "failed to load TLS cert and key: open"},
      {&o.key_file, "failed to load TLS cert and key: open"}};
  for (const auto& [file, what] : files)
    if (!file->empty() && access(file->c_str(), R_OK) != 0)
      return config(std::string(what) + " " + *file + ": " + errno_words(errno));
  return {};
}

Result<Context> make_context(const TlsOptions& options, bool server) {
  Context context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (!context) return fail(Fault::os, "tls: " + reasons());
  SSL_CTX* raw = context.get();
  const int least = version_number(options.min_version, TLS1_2_VERSION);
  SSL_CTX_set_security_level(raw, least < TLS1_2_VERSION ? 0 : 1);  // 1 is nearest to Go's own limits
  SSL_CTX_set_min_proto_version(raw, least);
  SSL_CTX_set_max_proto_version(raw,
                                options.max_version.empty() ? 0 : version_number(options.max_version, 0));
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_default_read_buffer_len(raw, 64u << 10);
  if (!options.cipher_suites.empty()) {
    auto list = cipher_list(raw, options.cipher_suites);
    if (!list) return fail(std::move(list.error()));
    if (!list->empty() && SSL_CTX_set_cipher_list(raw, list->c_str()) != 1)
      return config("tls: " + reasons());
    SSL_CTX_set_security_level(raw, least < TLS1_2_VERSION ? 0 : 1);
  }
  std::string groups;
  for (const auto& name : options.curve_preferences)
    for (const auto& row : kCurves)
      if (row.name == name && !row.openssl.empty())
        groups += (groups.empty() ? "" : ":") + std::string(row.openssl);
  if (!groups.empty()) SSL_CTX_set1_groups_list(raw, groups.c_str());
  if (!options.cert_file.empty() || !options.cert_pem.empty()) {
    auto used = use_certificate(raw, options);
    if (!used) return fail(std::move(used.error()));
  }
  return context;
}

Result<> add_authorities(SSL_CTX* context, const TlsOptions& options) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const bool own = !options.ca_file.empty() || !options.ca_pem.empty();
  if (own) {
    errno = 0;
    const Bio from = open_pem(options.ca_file, options.ca_pem);
    if (!from)
      return config("failed to load CA CertPool File: failed to load cert " + options.ca_file + ": " +
                    errno_words(errno));
    auto count = add_pem(store, nullptr, from);
    if (*count == 0) return config("failed to load CA CertPool: failed to parse cert");
  }
  if (!own || options.include_system_ca_certs_pool) return add_system_pool(store);
  return {};
}

Result<> require_clients(SSL_CTX* context, const std::string& file) {
  errno = 0;
  const Bio from = open_pem(file, "");
  if (!from)
    return config("failed to load client CA CertPool: failed to load cert " + file + ": " +
                  errno_words(errno));
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  auto count = add_pem(SSL_CTX_get_cert_store(context), names, from);
  SSL_CTX_set_client_CA_list(context, names);
  if (*count == 0) return config("failed to load client CA CertPool: failed to parse cert");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace gleaner::net::tls
