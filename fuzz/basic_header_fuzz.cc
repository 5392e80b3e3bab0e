// What a Basic header is read as is what it said: written again, it reads the same. And lines of an htpasswd
// file never do more than they should: a plain password matches itself alone.
#include <cstdlib>
#include <string>

#include "extensions/basicauth/htpasswd.h"
#include "net/grpc.h"

using namespace gleaner;
using namespace gleaner::extensions::basicauth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto first = read_basic(input);
  if (first.problem.empty()) {
    const auto& said = first.credentials;
    if (said.username.find(':') != std::string::npos) std::abort();
    const auto again = read_basic("basic " + net::base64_encode(said.username + ":" + said.password));
    if (!again.problem.empty() || again.credentials.username != said.username ||
        again.credentials.password != said.password)
      std::abort();
  } else if (!first.credentials.username.empty() || !first.credentials.password.empty()) {
    std::abort();
  }
  Htpasswd list;
  list.read(input);
  for (const auto& [name, hash] : list.users) {
    if (name.find(':') != std::string::npos || name.find('\n') != std::string::npos) std::abort();
    if (hash.slow()) continue;  // on purpose: the input chooses the rounds
    const bool itself = matches(hash, hash.text);
    if (hash.kind == Hash::Kind::plain && !itself) std::abort();
    if (matches(hash, hash.text + "x")) std::abort();
  }
  return 0;
}
