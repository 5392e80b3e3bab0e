// Where a redirect leads is nothing or a URL that can be asked, and is the same when it is the location
// itself. The base stands before the first line's end, the location behind it.
#include <cstdlib>

#include "net/url.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto base = net::parse_url(text.substr(0, end));
  if (!base) return 0;
  if (base->host.empty() || base->target.empty()) std::abort();
  const std::string to = net::resolve(*base, end < text.size() ? text.substr(end + 1) : "");
  if (to.empty()) return 0;
  if (!net::parse_url(to)) std::abort();
  if (net::resolve(*base, to) != to) std::abort();
  return 0;
}
