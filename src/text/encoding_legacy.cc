#include "text/encoding_legacy.h"

#include <algorithm>

#include "text/utf8.h"

namespace gleaner::text {
namespace {

unsigned char at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}
bool within(unsigned byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

void append_pair(std::string& out, char32_t code) {
  if (code > 4 || code == 0) return append_utf8(out, code);
  append_utf8(out, code < 3 ? 0xca : 0xea);
  append_utf8(out, code % 2 ? 0x304 : 0x30c);
}

constexpr unsigned kRow = 94;                                 // cells of a row of the JIS sets
constexpr std::size_t kCells0208 = 11104, kCells0212 = 7211;  // Go's tables; cells behind them are empty

/// Cell `i` of JIS X 0208, which Shift_JIS holds two rows to a first byte.
char32_t jis0208(const Charset& sjis, std::size_t i) {
  if (i >= kCells0208) return kReplacement;
  const auto row = static_cast<unsigned>(i / kRow), column = static_cast<unsigned>(i % kRow);
  const unsigned first = 0x81 + row / 2 + (row >= 62 ? 0x40 : 0);
  const unsigned second = row % 2 ? 0x9f + column : 0x40 + column + (column >= 63 ? 1 : 0);
  return sjis.pair(first, second);
}
char32_t jis0212_cell(std::size_t i) { return i < kCells0212 ? jis0212()[i] : kReplacement; }

constexpr char32_t kHalfWidth = 0xff61;  // the first half-width kana

}  // namespace

void decode_table(std::string& out, std::string_view bytes, const Charset& table) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned first = at(bytes, i);
    if (first < 0x80) {
      if (table.low)
        append_utf8(out, table.low[first]);
      else
        out += bytes[i];
      continue;
    }
    const char32_t alone = table.single[first - 0x80];
    if (alone != kReplacement || !table.pairs || first < table.lead_low || first > table.lead_high ||
        i + 1 == bytes.size()) {
      append_utf8(out, alone == kNoLead ? kReplacement : alone);
      continue;
    }
    const unsigned second = at(bytes, i + 1);
    const char32_t code = table.pair(first, second);
    append_pair(out, code);
    const auto* range = table.swallowed;
    if (code != kReplacement || within(second, range[0], range[1]) || within(second, range[2], range[3])) ++i;
  }
}

void decode_gb18030(std::string& out, std::string_view bytes, const Charset& gbk) {
  while (!bytes.empty()) {
    const unsigned a = at(bytes, 0), b = at(bytes, 1), c = at(bytes, 2), d = at(bytes, 3);
    const bool four = bytes.size() > 1 && within(a, 0x81, 0xfe) && within(b, 0x30, 0x3f);
    std::size_t size = 1;
    if (!four) {
      size = within(a, 0x81, 0xfe) && (within(b, 0x40, 0x7e) || within(b, 0x80, 0xfe)) ? 2 : 1;
      decode_table(out, bytes.substr(0, size), gbk);
    } else {
      char32_t code = kReplacement;
      const std::size_t number = (((a - 0x81) * 10 + (b - 0x30)) * 126 + (c - 0x81)) * 10 + (d - 0x30);
      constexpr std::size_t kFirstPlane = 39420, kOthers = 189000;
      if (bytes.size() >= 4 && within(c, 0x81, 0xfe) && within(d, 0x30, 0x39)) {
        const auto ranges = gb18030_ranges();
        if (number < kFirstPlane) {
          const auto behind =
              std::upper_bound(ranges.begin(), ranges.end(), number,
                               [](std::size_t n, const auto& range) { return n < range.number; });
          code = static_cast<char32_t>(std::prev(behind)->point + (number - std::prev(behind)->number));
          size = 4;
        } else if (number >= kOthers && number - kOthers < 0x100000) {
          code = static_cast<char32_t>(0x10000 + (number - kOthers));
          size = 4;
        }
      }
      append_utf8(out, code);
    }
    bytes.remove_prefix(size);
  }
}

void decode_hz(std::string& out, std::string_view bytes, const Charset& gbk) {
  bool chinese = false;
  while (!bytes.empty()) {
    const unsigned a = at(bytes, 0), b = at(bytes, 1);
    std::size_t size = std::min<std::size_t>(2, bytes.size());
    if (a >= 0x80) {
      append_utf8(out, kReplacement);
      size = 1;
    } else if (a == '~' && size == 2) {
      if (b == '{' || b == '}')
        chinese = b == '{';
      else if (b == '~')
        out += '~';
      else if (b != '\n')
        append_utf8(out, kReplacement);
    } else if (a == '~' || (chinese && size < 2)) {
      append_utf8(out, kReplacement);
    } else if (!chinese) {
      out += bytes[0];
      size = 1;
    } else {
      const bool pair = within(a, 0x21, 0x7d) && within(b, 0x21, 0x7e);
      append_utf8(out, pair ? gbk.pair(a | 0x80, b | 0x80) : kReplacement);
      if (b >= 0x80) size = 1;
    }
    bytes.remove_prefix(size);
  }
}

void decode_euc_jp(std::string& out, std::string_view bytes, const Charset& sjis) {
  while (!bytes.empty()) {
    const unsigned a = at(bytes, 0), b = at(bytes, 1), c = at(bytes, 2);
    char32_t code = kReplacement;
    std::size_t size = 1;
    if (a < 0x80) {
      code = a;
    } else if (a == 0x8e && b >= 0xa1) {
      if (b <= 0xdf) code = kHalfWidth + (b - 0xa1);
      if (b != 0xff) size = 2;
    } else if (a == 0x8f && bytes.size() < 3) {
      if (within(b, 0xa1, 0xfd)) size = 2;
    } else if (a == 0x8f && within(b, 0xa1, 0xfe)) {
      size = within(c, 0xa1, 0xfe) ? 3 : 2;
      if (size == 3) code = jis0212_cell((b - 0xa1) * kRow + (c - 0xa1));
    } else if (within(a, 0xa1, 0xfe) && within(b, 0xa1, 0xfe)) {
      code = jis0208(sjis, (a - 0xa1) * kRow + (b - 0xa1));
      size = 2;
    }
    append_utf8(out, code);
    bytes.remove_prefix(size);
  }
}

void decode_iso2022_jp(std::string& out, std::string_view bytes, const Charset& sjis) {
  enum class Set : std::uint8_t { ascii, kana, jis0208, jis0212 } set = Set::ascii;
  constexpr char kEscape = 0x1b;
  struct Switch {
    std::string_view text;
    Set to;
  };
  static constexpr Switch kSwitches[] = {{"$@", Set::jis0208}, {"$B", Set::jis0208}, {"$(D", Set::jis0212},
                                         {"(B", Set::ascii},   {"(J", Set::ascii},   {"(I", Set::kana}};
  while (!bytes.empty()) {
    const char first = bytes[0];
    if (first == kEscape) {
      const auto there = std::find_if(std::begin(kSwitches), std::end(kSwitches),
                                      [&](const auto& s) { return bytes.substr(1).starts_with(s.text); });
      if (there != std::end(kSwitches)) {
        set = there->to;
        bytes.remove_prefix(1 + there->text.size());
        continue;
      }
    }
    const auto a = static_cast<std::uint8_t>(static_cast<std::uint8_t>(first) - 0x21);
    const auto b = static_cast<std::uint8_t>(at(bytes, 1) - 0x21);
    char32_t code = kReplacement;
    std::size_t size = 1;
    if (static_cast<unsigned char>(first) >= 0x80 || first == kEscape) {
    } else if (set == Set::ascii) {
      code = static_cast<char32_t>(first);
    } else if (set == Set::kana) {
      if (a < 0x60 - 0x21) code = kHalfWidth + a;
    } else if (first == '\n') {
      set = Set::ascii;
      code = '\n';
    } else if (bytes.size() > 1) {
      size = 2;
      const std::size_t cell = a * kRow + b;
      code = set == Set::jis0208 ? jis0208(sjis, cell) : jis0212_cell(cell);
    }
    append_utf8(out, code);
    bytes.remove_prefix(size);
  }
}

}  // namespace gleaner::text
