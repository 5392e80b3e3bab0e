#include "capture/exec.h"

#include <fcntl.h>
#include <unistd.h>

#include "capture/engine.h"
#include "capture/install.h"
#include "capture/options.h"
#include "capture/say.h"

namespace gleaner::capture {
namespace {

/// Descriptors 0 to 2 exist from here on, so that none of ours becomes one of them.
void fill_standard_descriptors() {
  for (int fd = 0; fd < 3; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) (void)!::open("/dev/null", fd ? O_WRONLY : O_RDONLY);
}

}  // namespace

int run_exec(char* const* words, const char* program, const char* version) {
  fill_standard_descriptors();
  Options options;
  Message problem;
  if (!parse_options(words, options, problem)) {
    say(problem.view(), "; see ", program, " --help");
    return kNotStarted;
  }
  if (options.help) {
    print_help(program);
    return 0;
  }
  if (options.version) {
    const Text<64> line(program, " version ", version, "\n");
    return ::write(1, line.c_str(), line.view().size()) > 0 ? 0 : 1;
  }
  if (options.install) return install(options.install);
  Engine engine(options);
  return engine.run();
}

}  // namespace gleaner::capture
