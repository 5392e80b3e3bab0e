#include "capture/install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/child.h"
#include "capture/say.h"

namespace gleaner::capture {
namespace {

int complain(const char* what, const char* path) {
  say("cannot ", what, " ", path, ": ", strerror(errno));
  return kNotStarted;
}

bool copy(int from, int to) {
  for (;;) {
    const ssize_t sent = ::sendfile(to, from, nullptr, 1 << 20);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return sent == 0;
  }
}

}  // namespace

int install(const char* path) {
  Path target;
  target.add(path);
  struct stat folder;
  if (::stat(path, &folder) == 0 && S_ISDIR(folder.st_mode)) target.add("/gleaner-exec");
  Path part;
  part.add(target.view()).add(".part");
  if (part.full()) {
    say("--install: the name is too long");
    return kNotStarted;
  }
  const int from = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (from < 0) return complain("read", "/proc/self/exe");
  const int to = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (to < 0) return complain("write", part.c_str());
  const bool good = copy(from, to) && ::fchmod(to, 0755) == 0 && ::fsync(to) == 0;
  if (!good) complain("write", part.c_str());
  ::close(to);
  ::close(from);
  if (good && ::rename(part.c_str(), target.c_str()) == 0) return 0;
  if (good) complain("make", target.c_str());
  ::unlink(part.c_str());
  return kNotStarted;
}

}  // namespace gleaner::capture
