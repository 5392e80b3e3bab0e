#include "base/duration.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace gleaner {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\xC2\xB5s", 1'000},
                                      {"\xCE\xBCs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};
constexpr std::uint64_t kMax = std::uint64_t{1} << 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(Fault::config, fmt::format("invalid duration \"{}\": {}", text, why));
}

/// Adds value * scale to `total`; false when the sum leaves the range.
bool add(std::uint64_t& total, unsigned __int128 value) {
  if (value > kMax - total) return false;
  total += static_cast<std::uint64_t>(value);
  return true;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::chrono::nanoseconds{0};
  if (rest.empty()) return bad(text, "it is empty");
  std::uint64_t total = 0;
  while (!rest.empty()) {
    std::uint64_t whole = 0;
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) {
      if (whole > (kMax - 9) / 10) return bad(text, "it is out of range");
      whole = whole * 10 + static_cast<std::uint64_t>(rest[digits++] - '0');
    }
    bool any = digits > 0;
    rest.remove_prefix(digits);
    std::uint64_t part = 0, scale = 1;
    if (!rest.empty() && rest[0] == '.') {
      rest.remove_prefix(1);
      while (!rest.empty() && is_digit(rest[0])) {
        if (scale < 1'000'000'000'000'000) {
          part = part * 10 + static_cast<std::uint64_t>(rest[0] - '0');
          scale *= 10;
        }
        any = true;
        rest.remove_prefix(1);
      }
    }
    if (!any) return bad(text, "a number is missing");
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '.' && !is_digit(rest[length])) ++length;
    const std::string_view name = rest.substr(0, length);
    if (name.empty()) return bad(text, "a unit is missing (ns, us, ms, s, m, h)");
    const Unit* unit = nullptr;
    for (const auto& candidate : kUnits)
      if (candidate.name == name) unit = &candidate;
    if (!unit) return bad(text, fmt::format("unknown unit \"{}\" (ns, us, ms, s, m, h)", name));
    using Wide = unsigned __int128;
    if (!add(total, static_cast<Wide>(whole) * unit->nanos) ||
        !add(total, static_cast<Wide>(part) * unit->nanos / scale))
      return bad(text, "it is out of range");
    rest.remove_prefix(length);
  }
  if (!negative && total == kMax) return bad(text, "it is out of range");
  return std::chrono::nanoseconds{negative ? static_cast<std::int64_t>(-total)
                                           : static_cast<std::int64_t>(total)};
}

std::string format_duration(std::chrono::nanoseconds value) {
  std::uint64_t n = static_cast<std::uint64_t>(value.count());
  if (n == 0) return "0s";
  std::string out;
  if (value.count() < 0) {
    out = "-";
    n = -n;
  }
  const auto decimal = [](std::uint64_t whole, std::uint64_t part, int width) {
    std::string text = fmt::format("{}.{:0{}}", whole, part, width);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  };
  if (n < 1'000) return out + fmt::format("{}ns", n);
  if (n < 1'000'000) return out + decimal(n / 1'000, n % 1'000, 3) + "\xC2\xB5s";
  if (n < 1'000'000'000) return out + decimal(n / 1'000'000, n % 1'000'000, 6) + "ms";
  const std::uint64_t seconds = n / 1'000'000'000;
  if (seconds >= 3600) out += fmt::format("{}h", seconds / 3600);
  if (seconds >= 60) out += fmt::format("{}m", seconds / 60 % 60);
  return out + decimal(seconds % 60, n % 1'000'000'000, 9) + "s";
}

}  // namespace gleaner
