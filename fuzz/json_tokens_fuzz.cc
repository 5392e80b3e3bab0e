// What is no JSON for the tolerant reader may be for the tokens and the other way round, but: tokens are
// parts of the text, an object without its blanks has the same tokens.
#include <cstdlib>

#include "text/json_tokens.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string list = "[", again;
  std::size_t count = 0, more = 0;
  Arena arena;
  const bool good = text::JsonTokens(input).elements([&](const text::JsonToken& token) {
    using Kind = text::JsonToken::Kind;
    const bool inside =
        token.raw.empty() || token.kind == Kind::boolean ||
        (token.raw.data() >= input.data() && token.raw.data() + token.raw.size() <= input.data() + size);
    if (!inside) std::abort();
    if (token.kind == Kind::string && text::unescape_json(token.raw, arena).size() > token.raw.size())
      std::abort();
    if (token.kind == Kind::object) {
      again.clear();
      text::append_compact_json(again, token.raw);
      if (again.size() > token.raw.size()) std::abort();
      if (count++) list += ',';
      list += again;
    }
    (void)text::whole_number(token.raw);
  });
  list += ']';
  if (!good) return 0;
  if (!text::JsonTokens(list).elements([&](const text::JsonToken&) { ++more; }) || more != count)
    std::abort();
  return 0;
}
