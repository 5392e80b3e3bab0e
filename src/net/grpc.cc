#include "net/grpc.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace gleaner::net {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_varint(out, field << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}
void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  put_varint(out, field << 3);
  put_varint(out, value);
}
int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view grpc_code_name(GrpcCode code) {
  static constexpr std::string_view kNames[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}

Chain grpc_frame(Chain message, bool compressed) {
  const auto size = static_cast<std::uint32_t>(message.size());
  const char prefix[kGrpcPrefix] = {compressed ? '\1' : '\0', static_cast<char>(size >> 24),
                                    static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                    static_cast<char>(size)};
  Chain out(Bytes::copy({prefix, kGrpcPrefix}));
  out.append(std::move(message));
  return out;
}

GrpcPrefix grpc_prefix(const char* from) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(from);
  return {raw[0] != 0,
          std::uint32_t{raw[1]} << 24 | std::uint32_t{raw[2]} << 16 | std::uint32_t{raw[3]} << 8 | raw[4]};
}

std::string grpc_percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string grpc_percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (k < n ? static_cast<std::uint8_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kBase64[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::int8_t i = 0; i < 64; ++i) table[static_cast<std::uint8_t>(kBase64[i])] = i;
    table['-'] = 62;
    table['_'] = 63;
    return table;
  }();
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    const int value =
        kValues[static_cast<std::uint8_t>(c)];  // NOLINT(bugprone-signed-char-misuse): -1 is "none"
    if (value < 0) return std::nullopt;
    word = word << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(word >> bits & 0xff);
    }
  }
  if (text.size() % 4 == 1) return std::nullopt;
  return out;
}

std::optional<Duration> grpc_timeout_parse(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  // 99999999 hours are 11,000 years: more than 64 bits of nanoseconds hold.
  constexpr std::int64_t kMost = std::int64_t{100} * 365 * 24 * 3600;
  switch (text.back()) {
    case 'H':
      return std::chrono::seconds(std::min(value * 3600, kMost));
    case 'M':
      return std::chrono::seconds(std::min(value * 60, kMost));
    case 'S':
      return std::chrono::seconds(value);
    case 'm':
      return std::chrono::milliseconds(value);
    case 'u':
      return std::chrono::microseconds(value);
    case 'n':
      return std::chrono::nanoseconds(value);
    default:
      return std::nullopt;
  }
}

std::string grpc_timeout_text(Duration left) {
  const std::int64_t nanos = std::max<std::int64_t>(left.count(), 1);
  constexpr struct {
    std::int64_t size;
    char name;
  } kUnits[] = {{1, 'n'}, {1000, 'u'}, {1'000'000, 'm'}, {1'000'000'000, 'S'}};
  for (const auto& unit : kUnits)
    if (nanos / unit.size < 100'000'000)
      return std::to_string((nanos + unit.size - 1) / unit.size) + unit.name;
  return "99999999S";
}

std::optional<Encoding> grpc_encoding_named(std::string_view name) {
  if (name.empty() || name == "identity") return Encoding::identity;
  if (name == "gzip") return Encoding::gzip;
  if (name == "zstd") return Encoding::zstd;
  if (name == "snappy") return Encoding::snappy_framed;
  return std::nullopt;
}

std::string_view grpc_encoding_name(Encoding encoding) {
  return encoding == Encoding::snappy_framed ? "snappy" : encoding_name(encoding);
}

std::string status_with_retry_info(std::uint32_t code, std::string_view message, Duration retry_after) {
  std::string delay;
  put_number(delay, 1, static_cast<std::uint64_t>(retry_after.count() / 1'000'000'000));
  put_number(delay, 2, static_cast<std::uint64_t>(retry_after.count() % 1'000'000'000));
  std::string info, any, status;
  put_bytes(info, 1, delay);
  put_bytes(any, 1, "type.googleapis.com/google.rpc.RetryInfo");
  put_bytes(any, 2, info);
  put_number(status, 1, code);
  put_bytes(status, 2, message);
  put_bytes(status, 3, any);
  return status;
}

}  // namespace gleaner::net
