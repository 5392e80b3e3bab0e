#include "extensions/k8s_operator/certificates.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>

#include "base/fd.h"

namespace gleaner::extensions::k8s_operator {
namespace {

using Bio = Handle<BIO, &BIO_free_all>;
using Cert = Handle<X509, &X509_free>;
using Key = Handle<EVP_PKEY, &EVP_PKEY_free>;
using Names = Handle<GENERAL_NAMES, &GENERAL_NAMES_free>;

constexpr std::int64_t kSkew = 3600;          // seconds that clocks may differ
constexpr std::int64_t kAuthorityLives = 40;  // certificates: ten years by default
constexpr std::size_t kMostAuthorities = 4;
constexpr char kIssuer[] = "gleaner-operator";

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}
std::string pem(X509* cert) {
  const Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), cert);
  return text_of(out);
}
std::string pem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out);
}
Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
Key read_key(const std::string& text) {
  const Bio from = reader(text);
  Key key(PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}
std::vector<Cert> read_certs(const std::string& text) {
  std::vector<Cert> out;
  const Bio from = reader(text);
  while (X509* one = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)) out.emplace_back(one);
  ERR_clear_error();
  return out;
}

/// Seconds since 1970; 0 when it cannot be read.
std::int64_t end_of(const X509* cert) {
  std::tm at{};
  return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &at) == 1 ? timegm(&at) : 0;
}

/// "IP:..." or "DNS:...", sorted: what a certificate is for.
std::vector<std::string> names_of(const X509* cert) {
  std::vector<std::string> out;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    const ASN1_STRING* value = name->type == GEN_IPADD ? name->d.iPAddress : name->d.dNSName;
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
  }
  std::sort(out.begin(), out.end());
  return out;
}
/// The bytes of an address as certificates have them, or the name itself.
std::string wire(const std::string& name) {
  unsigned char bytes[16];
  const int family = name.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(family, name.c_str(), bytes) != 1) return name;
  return {reinterpret_cast<const char*>(bytes), family == AF_INET ? std::size_t{4} : std::size_t{16}};
}
std::vector<std::string> wires(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) out.push_back(wire(name));
  std::sort(out.begin(), out.end());
  return out;
}

void add_names(X509* cert, const std::vector<std::string>& names) {
  const Names all(sk_GENERAL_NAME_new_null());
  for (const auto& name : names) {
    const std::string bytes = wire(name);
    const bool address = bytes != name;
    ASN1_STRING* value = ASN1_STRING_type_new(address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size()));
    GENERAL_NAME* one = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(one, address ? GEN_IPADD : GEN_DNS, value);
    sk_GENERAL_NAME_push(all.get(), one);
  }
  X509_add1_ext_i2d(cert, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT);
}

struct Made {
  Cert cert;
  Key key;
};
/// A P-256 certificate signed by `issuer`, by itself when that is null (then it is an authority).
Result<Made> issue(const std::string& name, const std::vector<std::string>& names, const X509* issuer,
                   EVP_PKEY* signer, std::int64_t now, std::int64_t lifetime) {
  Made made{Cert(X509_new()), Key(EVP_EC_gen("P-256"))};
  X509* cert = made.cert.get();
  std::uint64_t serial = 0;
  if (!cert || !made.key || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
    return fail(Fault::os, "no certificate can be made");
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1);  // positive
  ASN1_TIME_set(X509_getm_notBefore(cert), now - kSkew);
  ASN1_TIME_set(X509_getm_notAfter(cert), now + lifetime);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert));
  BASIC_CONSTRAINTS limits{};
  limits.ca = issuer ? 0 : 0xff;
  X509_add1_ext_i2d(cert, NID_basic_constraints, &limits, 1, X509V3_ADD_DEFAULT);
  if (!names.empty()) add_names(cert, names);
  if (X509_sign(cert, issuer ? signer : made.key.get(), EVP_sha256()) <= 0) {
    ERR_clear_error();
    return fail(Fault::os, "a certificate cannot be signed");
  }
  return made;
}

bool verifies(X509* cert, X509* authority) {
  EVP_PKEY* key = X509_get0_pubkey(authority);
  const bool good = key && X509_verify(cert, key) == 1;
  ERR_clear_error();
  return good;
}
bool match(const Cert& cert, const Key& key) {
  const bool good = cert && key && X509_check_private_key(cert.get(), key.get()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

Result<Kept> keep(const std::optional<Material>& old, const Wanted& wanted, std::int64_t now) {
  Kept out;
  if (old) out.material = *old;
  Material& material = out.material;
  std::vector<Cert> authorities = read_certs(material.authorities);
  Key signer = read_key(material.authority_key);
  const bool usable = !authorities.empty() && match(authorities[0], signer) &&
                      end_of(authorities[0].get()) - now > 2 * wanted.lifetime;
  if (!usable) {
    const std::int64_t life = kAuthorityLives * wanted.lifetime;
    // Named by its time: whoever checks a chain finds the right one among several.
    auto made = issue(std::string(kIssuer) + " " + std::to_string(now), {}, nullptr, nullptr, now, life);
    if (!made) return fail(std::move(made.error()));
    signer = std::move(made->key);
    authorities.insert(authorities.begin(), std::move(made->cert));
    std::erase_if(authorities, [&](const Cert& one) { return end_of(one.get()) <= now; });
    if (authorities.size() > kMostAuthorities) authorities.resize(kMostAuthorities);
    material.authorities.clear();
    for (const Cert& one : authorities) material.authorities += pem(one.get());
    material.authority_key = pem(signer.get());
    out.changed = out.new_authority = true;
  }
  auto served = read_certs(material.certificate);
  const Key key = read_key(material.key);
  const bool good =
      served.size() == 1 && match(served[0], key) && end_of(served[0].get()) - now > wanted.lifetime / 3 &&
      verifies(served[0].get(), authorities[0].get()) && names_of(served[0].get()) == wires(wanted.names);
  if (!good) {
    const std::string name = wanted.names.empty() ? kIssuer : wanted.names[0].substr(0, 64);
    auto made = issue(name, wanted.names, authorities[0].get(), signer.get(), now, wanted.lifetime);
    if (!made) return fail(std::move(made.error()));
    material.certificate = pem(made->cert.get());
    material.key = pem(made->key.get());
    out.changed = true;
    out.renew_at = now + wanted.lifetime - wanted.lifetime / 3;
  } else {
    out.renew_at = end_of(served[0].get()) - wanted.lifetime / 3;
  }
  return out;
}

}  // namespace gleaner::extensions::k8s_operator
