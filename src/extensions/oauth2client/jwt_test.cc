#include "extensions/oauth2client/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "config/yaml.h"

namespace gleaner::extensions::oauth2client {
namespace {
using testing::HasSubstr;

/// A new RSA key and the token's check with its other half.
struct Pair {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  ~Pair() { EVP_PKEY_free(key); }
  std::string pem(const EVP_CIPHER* cipher = nullptr) const {
    BIO* bio = BIO_new(BIO_s_mem());
    char secret[] = "secret";
    PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher ? secret : nullptr, cipher ? 6 : 0, nullptr,
                                  nullptr);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
  bool signed_by(const std::string& token, const EVP_MD* hash) const;
};

std::string decode(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4) text += '=';
  std::string out(text.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  std::size_t pad = 0;
  while (pad < text.size() && text[text.size() - 1 - pad] == '=') ++pad;
  out.resize(size < 0 ? 0 : static_cast<std::size_t>(size) - pad);
  return out;
}
std::string part(const std::string& token, int n) {
  std::size_t begin = 0;
  for (; n > 0; --n) begin = token.find('.', begin) + 1;
  return decode(token.substr(begin, token.find('.', begin) - begin));
}

bool Pair::signed_by(const std::string& token, const EVP_MD* hash) const {
  const auto end = token.rfind('.');
  const std::string signature = decode(token.substr(end + 1));
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  const bool good =
      EVP_DigestVerifyInit(digest, nullptr, hash, nullptr, key) == 1 &&
      EVP_DigestVerify(digest, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(token.data()), end) == 1;
  EVP_MD_CTX_free(digest);
  return good;
}

Assertion some() {
  Assertion made;
  made.issuer = made.subject = "me";
  made.audience = "https://t/token";
  made.scope = "a b";
  made.algorithm = "RS256";
  made.now = 1'700'000'000;
  made.id = "one";
  return made;
}

TEST(Jwt, IsSignedAndSaysWho) {
  const Pair pair;
  for (const auto& [name, hash] :
       {std::pair{"RS256", EVP_sha256()}, {"RS384", EVP_sha384()}, {"RS512", EVP_sha512()}}) {
    auto assertion = some();
    assertion.algorithm = name;
    const auto token = sign(assertion, pair.pem());
    ASSERT_TRUE(token);
    EXPECT_EQ(part(*token, 0), std::string(R"({"alg":")") + name + R"(","typ":"JWT"})");
    EXPECT_EQ(part(*token, 1),
              R"({"iss":"me","sub":"me","jti":"one","aud":"https://t/token","iat":1700000000,)"
              R"("exp":1700001800,"scope":"a b"})");
    EXPECT_TRUE(pair.signed_by(*token, hash));
    EXPECT_FALSE(Pair().signed_by(*token, hash));
  }
}

TEST(Jwt, ClaimsAreAddedAndDisplace) {
  const Pair pair;
  auto assertion = some();
  assertion.key_id = "k\"1";
  assertion.id.clear();
  assertion.scope.clear();
  assertion.claims = *config::parse_yaml("{sub: other, admin: true, list: [1, x], n: 5}", "c.yaml");
  const auto token = sign(assertion, pair.pem());
  ASSERT_TRUE(token);
  EXPECT_EQ(part(*token, 0), R"({"alg":"RS256","kid":"k\"1","typ":"JWT"})");
  const std::string claims = part(*token, 1);
  EXPECT_THAT(claims, HasSubstr(R"("sub":"other")"));
  EXPECT_THAT(claims, testing::Not(HasSubstr(R"("sub":"me")")));
  EXPECT_THAT(claims, HasSubstr(R"("admin":true)"));
  EXPECT_THAT(claims, testing::ContainsRegex(R"("jti":"[0-9a-f-]{36}")"));
  EXPECT_TRUE(pair.signed_by(*token, EVP_sha256()));
}

TEST(Jwt, WantsAnRsaKeyInTheClear) {
  EVP_PKEY* other = EVP_EC_gen("P-256");
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, other, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  const std::string elliptic(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(other);
  for (const auto& key : {std::string(), std::string("key"), elliptic, Pair().pem(EVP_aes_128_cbc())}) {
    const auto token = sign(some(), key);
    ASSERT_FALSE(token) << key;
    EXPECT_EQ(token.error().fault, Fault::retryable);
    EXPECT_THAT(token.error().what, HasSubstr("PKCS1 or PKCS8"));
  }
}

}  // namespace
}  // namespace gleaner::extensions::oauth2client
