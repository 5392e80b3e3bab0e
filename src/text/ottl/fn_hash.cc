// Hashes of texts.
#include <openssl/evp.h>

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "text/ottl/function.h"

namespace gleaner::text::ottl {
namespace {

bool hex(Env& env, std::string_view bytes, Any& out) {
  out = Any::string(env.keep(pdata::hex(bytes)));
  return true;
}

template <auto Algorithm>
bool digest(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!EVP_Digest(text.data(), text.size(), bytes, &size, Algorithm(), nullptr))
    return env.fail("the hash function is not available");
  return hex(env, {reinterpret_cast<const char*>(bytes), size}, out);
}

bool fnv(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  out = Any::integer(static_cast<std::int64_t>(hash));
  return true;
}

bool xxh3(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  XXH64_canonical_t bytes;
  XXH64_canonicalFromHash(&bytes, XXH3_64bits(text.data(), text.size()));
  return hex(env, {reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest}, out);
}
bool xxh128(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
  return hex(env, {reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest}, out);
}

// MurmurHash3 (Austin Appleby, public domain algorithm), x86 32 bits and x64 128 bits, seed 0; written for
// this place.
std::uint32_t rotate(std::uint32_t x, int by) { return x << by | x >> (32 - by); }
std::uint64_t rotate(std::uint64_t x, int by) { return x << by | x >> (64 - by); }
template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
T load_tail(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

std::uint32_t murmur32(std::string_view text) {
  constexpr std::uint32_t kOne = 0xcc9e2d51, kTwo = 0x1b873593;
  const auto size = static_cast<std::uint32_t>(text.size());
  std::uint32_t hash = 0;
  const auto mixed = [](std::uint32_t k) { return rotate(k * kOne, 15) * kTwo; };
  for (; text.size() >= 4; text.remove_prefix(4))
    hash = rotate(hash ^ mixed(load<std::uint32_t>(text.data())), 13) * 5 + 0xe6546b64;
  if (!text.empty()) hash ^= mixed(load_tail<std::uint32_t>(text));
  hash ^= size;
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

std::pair<std::uint64_t, std::uint64_t> murmur128(std::string_view text) {
  constexpr std::uint64_t kOne = 0x87c37b91114253d5, kTwo = 0x4cf5ad432745937f;
  const std::uint64_t size = text.size();
  std::uint64_t a = 0, b = 0;
  const auto first = [](std::uint64_t k) { return rotate(k * kOne, 31) * kTwo; };
  const auto second = [](std::uint64_t k) { return rotate(k * kTwo, 33) * kOne; };
  for (; text.size() >= 16; text.remove_prefix(16)) {
    a = (rotate(a ^ first(load<std::uint64_t>(text.data())), 27) + b) * 5 + 0x52dce729;
    b = (rotate(b ^ second(load<std::uint64_t>(text.data() + 8)), 31) + a) * 5 + 0x38495ab5;
  }
  if (text.size() > 8) b ^= second(load_tail<std::uint64_t>(text.substr(8)));
  if (!text.empty()) a ^= first(load_tail<std::uint64_t>(text.substr(0, 8)));
  const auto final_mix = [](std::uint64_t k) {
    k = (k ^ k >> 33) * 0xff51afd7ed558ccd;
    k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53;
    return k ^ k >> 33;
  };
  a ^= size;
  b ^= size;
  a += b;
  b += a;
  a = final_mix(a);
  b = final_mix(b);
  a += b;
  b += a;
  return {a, b};
}

bool murmur(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  const auto hash = murmur32(text);
  char bytes[4];
  std::memcpy(bytes, &hash, 4);
  return hex(env, {bytes, 4}, out);
}
bool murmur_long(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  const auto [a, b] = murmur128(text);
  char bytes[16];
  std::memcpy(bytes, &a, 8);
  std::memcpy(bytes + 8, &b, 8);
  return hex(env, {bytes, 16}, out);
}

constexpr ParamRow kTarget{"Target", Param::string};

}  // namespace

std::span<const Function> hash_functions() {
  static constexpr Function kRows[] = {
      {"MD5", {{kTarget}}, digest<EVP_md5>},
      {"SHA1", {{kTarget}}, digest<EVP_sha1>},
      {"SHA256", {{kTarget}}, digest<EVP_sha256>},
      {"SHA512", {{kTarget}}, digest<EVP_sha512>},
      {"FNV", {{kTarget}}, fnv},
      {"XXH3", {{kTarget}}, xxh3},
      {"XXH128", {{kTarget}}, xxh128},
      {"Murmur3Hash", {{kTarget}}, murmur},
      {"Murmur3Hash128", {{kTarget}}, murmur_long},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
