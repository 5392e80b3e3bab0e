// A pattern of escaped letters matches its own text; a match implies that every directory above it may hold
// it.
#include <cstdlib>

#include "text/glob.h"

using gleaner::text::Glob;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size > 4096 ? 4096 : size);
  std::string escaped;
  for (const char c : input) {
    if (c != '/') escaped += '\\';
    escaped += c;
  }
  const auto own = Glob::compile(escaped);
  if (!own || !own->match(input)) std::abort();

  const auto cut = input.find('\n');
  if (cut == std::string_view::npos) return 0;
  const auto glob = Glob::compile(input.substr(0, cut));
  if (!glob) return 0;
  const auto path = input.substr(cut + 1);
  if (!glob->match(path)) return 0;
  for (auto slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/', slash - 1))
    if (!glob->may_hold(path.substr(0, slash)) && glob->pattern().find("**") == std::string::npos)
      std::abort();
  return 0;
}
