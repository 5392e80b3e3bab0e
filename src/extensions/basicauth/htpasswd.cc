#include "extensions/basicauth/htpasswd.h"

#include <crypt.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "auth/authenticator.h"
#include "net/grpc.h"

namespace gleaner::extensions::basicauth {
namespace {

constexpr std::size_t kSha1 = 20;          // bytes
constexpr std::size_t kMaxPassword = 512;  // bytes, libcrypt's CRYPT_MAX_PASSPHRASE_SIZE

/// The pieces' digest; empty if OpenSSL has no such hash (FIPS).
std::string digest(const EVP_MD* kind, std::initializer_list<std::string_view> pieces) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  bool ok = EVP_DigestInit_ex(context.get(), kind, nullptr) == 1;
  for (const auto piece : pieces) ok = ok && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), out, &size) == 1;
  return ok ? std::string(reinterpret_cast<const char*>(out), size) : std::string();
}

/// Apache's MD5 scheme: 1000 rounds of MD5 over password, salt and the digest before. Source: APR
/// crypto/apr_md5.c, described in its manual; crypt() does not know it. @return 22 letters
std::string apr1(std::string_view password, std::string_view salt) {
  const EVP_MD* md5 = EVP_md5();
  const std::string inner = digest(md5, {password, salt, password});
  if (inner.empty()) return {};
  std::string start(password);
  start.append("$apr1$").append(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min<std::size_t>(left, 16))
    start.append(inner, 0, std::min<std::size_t>(left, 16));
  for (std::size_t left = password.size(); left > 0; left >>= 1)
    start.push_back(left & 1 ? '\0' : password.front());
  std::string sum = digest(md5, {start});
  for (int round = 0; round < 1000; ++round) {
    const bool odd = round & 1;
    sum = digest(md5, {odd ? password : std::string_view(sum), round % 3 ? salt : std::string_view(),
                       round % 7 ? password : std::string_view(), odd ? std::string_view(sum) : password});
  }
  constexpr char kLetters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr int kOrder[5][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
  std::string out;
  const auto put = [&](std::uint32_t bits, int letters) {
    for (; letters > 0; --letters, bits >>= 6) out.push_back(kLetters[bits & 63]);
  };
  const auto byte = [&](int i) {
    return std::uint32_t{static_cast<unsigned char>(sum[static_cast<std::size_t>(i)])};
  };
  for (const auto& o : kOrder) put(byte(o[0]) << 16 | byte(o[1]) << 8 | byte(o[2]), 4);
  put(byte(11), 2);
  return out;
}

/// What crypt() makes of it; empty when it cannot.
std::string system_crypt(const std::string& password, const std::string& setting) {
  const auto scratch = std::make_unique<crypt_data>();  // 32 KiB: not for a stack
  const char* made = ::crypt_r(password.c_str(), setting.c_str(), scratch.get());
  std::string out = made && made[0] != '*' ? made : "";
  OPENSSL_cleanse(scratch.get(), sizeof(crypt_data));
  return out;
}

std::string_view after_last_dollar(std::string_view text) { return text.substr(text.rfind('$') + 1); }

bool matches_slow(const Hash& hash, const std::string& password) {
  if (hash.kind == Hash::Kind::apr1) {
    const auto rest = std::string_view(hash.text).substr(6);
    const auto dollar = rest.find('$');
    return auth::same_secret(apr1(password, rest.substr(0, dollar)), rest.substr(dollar + 1));
  }
  if (hash.kind == Hash::Kind::bcrypt) {
    // One algorithm for all four letters, as in Go: the system's 2x is the one with the old bug.
    // The salt's last letter has bits to spare, which crypt() clears: the hash alone is compared.
    constexpr std::size_t kSetting = 29;  // "$2b$10$" and 22 letters
    constexpr std::size_t kWhole = 60;
    const std::string same = "$2b$" + hash.text.substr(4);
    const std::string made = system_crypt(password, same);
    return same.size() == kWhole && made.size() == kWhole &&
           auth::same_secret(std::string_view(made).substr(kSetting),
                             std::string_view(same).substr(kSetting));
  }
  const std::string made = system_crypt(password, hash.text);
  const auto wanted = after_last_dollar(hash.text);
  return !made.empty() && !wanted.empty() && auth::same_secret(after_last_dollar(made), wanted);
}

/// The stored password, or nothing when it is a broken hash.
std::optional<Hash> recognise(std::string_view text) {
  const auto is = [&](std::string_view prefix) { return text.starts_with(prefix); };
  const auto dollars = std::count(text.begin(), text.end(), '$');
  std::optional<Hash> hash(Hash{Hash::Kind::plain, std::string(text)});
  if (is("$apr1$") || is("$1$")) {
    if (dollars < 3) return std::nullopt;
    hash->kind = is("$1$") ? Hash::Kind::crypt : Hash::Kind::apr1;
  } else if (is("{SHA}")) {
    const auto bytes = net::base64_decode(text.substr(5));
    if (!bytes || bytes->size() != kSha1) return std::nullopt;
    hash->kind = Hash::Kind::sha;
  } else if (is("$2a$") || is("$2b$") || is("$2x$") || is("$2y$")) {
    hash->kind = Hash::Kind::bcrypt;
  } else if (is("{SSHA}")) {
    const auto bytes = net::base64_decode(text.substr(6));
    if (!bytes || bytes->size() < kSha1) return std::nullopt;
    hash->kind = Hash::Kind::ssha;
  } else if (is("$5$") || is("$6$")) {
    if (dollars < 3) return std::nullopt;
    hash->kind = Hash::Kind::crypt;
  }
  return hash;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  return line.substr(0, line.find_last_not_of(kBlanks) + 1);
}

bool equals_basic(std::string_view scheme) { return net::equals_ignoring_case(scheme, "basic "); }

}  // namespace

void Htpasswd::read(std::string_view text) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    const auto colon = line.find(':');
    auto hash = colon == std::string_view::npos ? std::nullopt : recognise(line.substr(colon + 1));
    if (hash)
      users[std::string(line.substr(0, colon))] = std::move(*hash);
    else
      bad_lines.push_back(number);
  }
}

bool matches(const Hash& hash, std::string_view password) {
  switch (hash.kind) {
    case Hash::Kind::plain: {
      const bool bare = auth::same_secret(password, hash.text);
      const bool marked = auth::same_secret("{PLAIN}" + std::string(password), hash.text);
      return bare || marked;
    }
    case Hash::Kind::sha: {
      const auto wanted = net::base64_decode(std::string_view(hash.text).substr(5));
      return wanted && auth::same_secret(digest(EVP_sha1(), {password}), *wanted);
    }
    case Hash::Kind::ssha: {
      const auto wanted = net::base64_decode(std::string_view(hash.text).substr(6));
      if (!wanted || wanted->size() < kSha1) return false;
      const std::string_view all(*wanted);
      return auth::same_secret(digest(EVP_sha1(), {password, all.substr(kSha1)}), all.substr(0, kSha1));
    }
    case Hash::Kind::apr1:
    case Hash::Kind::crypt:
    case Hash::Kind::bcrypt:
      break;
  }
  if (password.size() > kMaxPassword || password.find('\0') != std::string_view::npos) return false;
  return matches_slow(hash, std::string(password));
}

BasicHeader read_basic(std::string_view header) {
  constexpr std::size_t kScheme = 6;  // "Basic "
  if (header.size() < kScheme || !equals_basic(header.substr(0, kScheme)))
    return {{}, "invalid authorization scheme prefix"};
  const auto raw = header.substr(kScheme);
  const auto plain = net::base64_decode(raw);
  const auto colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) return {{}, "invalid authorization format"};
  return {{plain->substr(0, colon), plain->substr(colon + 1), std::string(raw)}, {}};
}

}  // namespace gleaner::extensions::basicauth
