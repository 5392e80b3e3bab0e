#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace gleaner {

tl::unexpected<Error> fail_errno(std::string what) {
  const int code = errno;
  std::string words = std::generic_category().message(code);
  if (!words.empty()) words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return fail(Fault::os, std::move(what) + ": " + words, code);
}

}  // namespace gleaner
