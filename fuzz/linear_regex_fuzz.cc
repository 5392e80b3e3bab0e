// Patterns that are matched without RE2 must find what RE2 finds, whatever the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "text/linear_regex.h"
#include "text/regex.h"

using namespace gleaner::text;

namespace {

/// A pattern out of pieces that are likely to be linear, or the bytes as they are.
std::string pattern_of(std::string_view bytes) {
  static constexpr std::string_view kPieces[] = {"[^ ]+",   "[^ ]*",
                                                 " ",       "(?P<a>",
                                                 ")",       "stdout|stderr",
                                                 "[a-c]+",  "[^a]*",
                                                 "\\d{2}",  "\\d+",
                                                 "x?",      ".*",
                                                 "$",       "\\[",
                                                 "[^\\]]*", "(?:",
                                                 "a",       "b",
                                                 "\\S+",    "\\s*",
                                                 "[ab]?",   "Z",
                                                 ".+",      "(",
                                                 "[-a]",    "[a-]",
                                                 "\\w*",    "\\.",
                                                 "[^\\n]*", "0",
                                                 "[0-9]",   "(?P<b>[^ ^Z]+Z) "};
  std::string out = "^";
  for (const char c : bytes) out += kPieces[static_cast<unsigned char>(c) % std::size(kPieces)];
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto bar = all.find('\x01');
  if (bar == std::string_view::npos || bar > 40 || all.size() > 300) return 0;
  const std::string_view text = all.substr(bar + 1);
  const auto written = all.substr(0, bar);
  for (const std::string& pattern : {std::string(written), pattern_of(written)}) {
    const auto linear = LinearRegex::compile(pattern);
    if (!linear) continue;
    const auto re = Regex::compile(pattern);
    if (!re) continue;  // RE2 refuses it: then it is refused before
    std::vector<std::string_view> mine(static_cast<std::size_t>(re->groups()) + 1), theirs(mine.size());
    const auto answer = linear->match(text, mine);
    if (answer == LinearRegex::Answer::ask) continue;
    const bool matched = re->match(text, theirs);
    if (matched != (answer == LinearRegex::Answer::yes)) std::abort();
    if (matched && mine != theirs) std::abort();
  }
  return 0;
}
