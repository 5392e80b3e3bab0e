#include "base/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace gleaner {
namespace {

std::string go_words(int code) {
  std::string words = std::strerror(code);
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z') words[0] = static_cast<char>(words[0] + 32);
  return words;
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(Fault::os, "open " + path + ": " + go_words(errno), errno);
  std::string out;
  char part[4096];
  for (;;) {
    const ssize_t n = ::read(file.get(), part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Fault::os, "read " + path + ": " + go_words(errno), errno);
    if (n == 0) return out;
    out.append(part, static_cast<std::size_t>(n));
    if (out.size() > limit)
      return fail(Fault::os, "read " + path + ": larger than " + std::to_string(limit) + " bytes", EFBIG);
  }
}

}  // namespace gleaner
