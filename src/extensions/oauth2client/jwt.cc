#include "extensions/oauth2client/jwt.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "config/write.h"
#include "net/grpc.h"

namespace gleaner::extensions::oauth2client {
namespace {

constexpr std::int64_t kLifetime = 1800;  // seconds

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Bio = std::unique_ptr<BIO, Freer<&BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freer<&EVP_MD_CTX_free>>;

std::string base64_url(std::string_view bytes) {
  std::string text = net::base64_encode(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

/// A UUID of version 4.
std::string made_up_id() {
  unsigned char b[16];
  if (::RAND_bytes(b, sizeof b) != 1) return {};
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < sizeof b; ++i)
    text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
  return text;
}

/// What OpenSSL does when a key wants a passphrase: it would ask the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string claims_of(const Assertion& assertion) {
  std::string out = "{";
  const auto name = [&](std::string_view key) {
    if (out.size() > 1) out += ',';
    log::append_json_string(out, key);
    out += ':';
  };
  const auto text = [&](std::string_view key, const std::string& value) {
    if (assertion.claims.find(key)) return;
    name(key);
    log::append_json_string(out, value);
  };
  const auto number = [&](std::string_view key, std::int64_t value) {
    if (assertion.claims.find(key)) return;
    name(key);
    out += std::to_string(value);
  };
  text("iss", assertion.issuer);
  text("sub", assertion.subject);
  text("jti", assertion.id.empty() ? made_up_id() : assertion.id);
  text("aud", assertion.audience);
  number("iat", assertion.now);
  number("exp", assertion.now + kLifetime);
  if (!assertion.scope.empty()) text("scope", assertion.scope);
  if (assertion.claims.is_map())
    for (const auto& entry : assertion.claims.entries()) {
      name(entry.key);
      out += config::to_json(entry.value);
    }
  return out + "}";
}

}  // namespace

Result<std::string> sign(const Assertion& assertion, std::string_view key) {
  const Bio bio(::BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const Key pkey(bio ? ::PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr) : nullptr);
  if (!pkey || ::EVP_PKEY_get_base_id(pkey.get()) != EVP_PKEY_RSA)
    return fail(Fault::retryable, "invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key");
  const EVP_MD* hash = assertion.algorithm == "RS512"   ? ::EVP_sha512()
                       : assertion.algorithm == "RS384" ? ::EVP_sha384()
                                                        : ::EVP_sha256();
  std::string head = fmt::format(R"({{"alg":"{}",)", assertion.algorithm);
  if (!assertion.key_id.empty()) {
    head += R"("kid":)";
    log::append_json_string(head, assertion.key_id);
    head += ',';
  }
  head += R"("typ":"JWT"})";
  std::string token = base64_url(head) + "." + base64_url(claims_of(assertion));
  const Digest digest(::EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(token.data());
  if (!digest || ::EVP_DigestSignInit(digest.get(), nullptr, hash, nullptr, pkey.get()) != 1 ||
      ::EVP_DigestSign(digest.get(), nullptr, &size, data, token.size()) != 1)
    return fail(Fault::retryable, "the key cannot sign");
  std::string signature(size, '\0');
  if (::EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                       token.size()) != 1)
    return fail(Fault::retryable, "the key cannot sign");
  signature.resize(size);
  return token + "." + base64_url(signature);
}

}  // namespace gleaner::extensions::oauth2client
