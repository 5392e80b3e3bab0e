#pragma once
// Certificates for tests, made on the spot.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

#include "base/fd.h"

namespace gleaner::net::test {

struct Identity {
  Handle<X509, &X509_free> cert;
  Handle<EVP_PKEY, &EVP_PKEY_free> key;
  std::string pem(bool of_key) const {
    const Handle<BIO, &BIO_free_all> out(BIO_new(BIO_s_mem()));
    if (of_key)
      PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    else
      PEM_write_bio_X509(out.get(), cert.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
};

/// A P-256 certificate for `name`, signed by `issuer` (itself when null). `alt`: "DNS:x,IP:127.0.0.1".
inline Identity make_identity(const std::string& name, const std::string& alt, const Identity* issuer,
                              long days = 1) {
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.cert.reset(X509_new());
  X509* cert = made.cert.get();
  static long serial = 1;
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), -2 * 86400);
  X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer->cert.get() : cert));
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer->cert.get() : cert, cert, nullptr, nullptr, 0);
  auto add = [&](int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
  if (!alt.empty()) add(NID_subject_alt_name, alt);
  X509_sign(cert, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

}  // namespace gleaner::net::test
