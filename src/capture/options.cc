#include "capture/options.h"

#include <stdlib.h>
#include <unistd.h>

#include "capture/lines.h"
#include "capture/quantity.h"

namespace gleaner::capture {
namespace {

constexpr std::uint64_t kDefaultTotal = 50 << 20;  // bytes
constexpr std::uint32_t kDefaultFiles = 10;

struct Raw {
  std::uint64_t size = 0, total = 0, files = 0;
  bool kubelet = false;
};

/// Position of `value` among `names`, -1 when it is none of them.
template <std::size_t N>
int choice(std::string_view value, const std::string_view (&names)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    if (value == names[i]) return static_cast<int>(i);
  return -1;
}

bool take_choice(std::string_view name, std::string_view value, Options& options, Raw& raw, bool& known) {
  constexpr std::string_view kFormats[] = {"cri", "json", "raw"}, kShows[] = {"both", "stdout", "none"},
                             kOrders[] = {"auto", "datagram", "none"}, kTees[] = {"rename", "copytruncate"},
                             kCaps[] = {"drop-oldest", "drop-newest", "block"},
                             kLayouts[] = {"flat", "kubelet"};
  int found = 0;
  known = true;
  if (name == "--format")
    options.segments.format = static_cast<Format>(found = choice(value, kFormats));
  else if (name == "--passthrough")
    options.show = static_cast<Show>(found = choice(value, kShows));
  else if (name == "--order")
    options.order = static_cast<OrderBy>(found = choice(value, kOrders));
  else if (name == "--tee-rotate")
    options.tee_rotate = static_cast<TeeRotate>(found = choice(value, kTees));
  else if (name == "--at-cap")
    options.segments.at_cap = static_cast<AtCap>(found = choice(value, kCaps));
  else if (name == "--layout")
    raw.kubelet = (found = choice(value, kLayouts)) == 1;
  else
    known = false;
  return found >= 0;
}

bool take_value(std::string_view name, const char* value, Options& options, Raw& raw, bool& known) {
  const std::string_view text(value);
  if (!take_choice(name, text, options, raw, known)) return false;
  if (known) return true;
  known = true;
  if (name == "--dir") return options.dir.add(text), !text.empty();
  if (name == "--install") return options.install = value, !text.empty();
  if (name == "--tee-file") return options.tee_file = value, !text.empty();
  if (name == "--max-size") return parse_quantity(text, raw.size) && raw.size > 0;
  if (name == "--max-total") return parse_quantity(text, raw.total) && raw.total > 0;
  if (name == "--max-files")
    return parse_quantity(text, raw.files) && raw.files > 0 && raw.files < Catalog::kMost;
  if (name == "--max-stall") return parse_duration(text, options.max_stall);
  if (name == "--drain-timeout") return parse_duration(text, options.drain_timeout);
  if (name == "--batch") return parse_duration(text, options.batch) && options.batch <= 100'000'000;
  known = false;
  return false;
}

bool take_switch(std::string_view name, Options& options) {
  bool* const which = name == "--signal-group"              ? &options.group
                      : name == "--passthrough-prefix"      ? &options.prefix
                      : name == "--verbose"                 ? &options.verbose
                      : name == "-h" || name == "--help"    ? &options.help
                      : name == "-v" || name == "--version" ? &options.version
                                                            : nullptr;
  if (which) *which = true;
  return which;
}

/// The three limits from those that were given: total = size * files.
bool settle_sizes(Options& options, const Raw& raw, Message& problem) {
  SegmentOptions& to = options.segments;
  to.files = raw.files ? static_cast<std::uint32_t>(raw.files) : kDefaultFiles;
  to.total = raw.total ? raw.total : raw.size ? raw.size * to.files : kDefaultTotal;
  const std::uint64_t even = to.total > Segments::kOverhead ? (to.total - Segments::kOverhead) / to.files : 0;
  // A little less than its share: a file's own bookkeeping takes blocks too.
  to.segment = raw.size ? raw.size : even > (32 << 10) ? even - (16 << 10) : even;
  if (raw.size && !raw.total) to.total += Segments::kOverhead + std::uint64_t(to.files) * (16 << 10);
  to.segment &= ~std::uint64_t(4095);
  if (to.segment < Segments::kLeast || to.segment > (std::uint64_t(1) << 31) ||
      to.segment + Segments::kOverhead > to.total) {
    problem.add("--max-size, --max-files and --max-total make files of ")
        .add(to.segment)
        .add(" bytes; they must be from 64Ki to 2Gi and fit into the total");
    return false;
  }
  return true;
}

/// <dir>/<namespace>_<pod>_<uid>/<container>, as a kubelet lays it out.
bool kubelet_dir(Options& options, Message& problem) {
  const char* parts[4];
  constexpr const char* kNames[] = {"POD_NAMESPACE", "POD_NAME", "POD_UID", "CONTAINER_NAME"};
  for (int i = 0; i < 4; ++i) {
    parts[i] = ::getenv(kNames[i]);
    if (parts[i] && *parts[i] && !std::string_view(parts[i]).starts_with(".") &&
        std::string_view(parts[i]).find('/') == std::string_view::npos)
      continue;
    problem.add("--layout=kubelet needs the environment variable ").add(kNames[i]);
    return false;
  }
  options.dir.add("/").add(parts[0]).add("_").add(parts[1]).add("_").add(parts[2]).add("/").add(parts[3]);
  return true;
}

}  // namespace

bool parse_options(char* const* words, Options& options, Message& problem) {
  Raw raw;
  for (; *words; ++words) {
    const std::string_view word(*words);
    if (word == "--") {
      ++words;
      break;
    }
    if (word.empty() || word[0] != '-') break;
    if (take_switch(word, options)) {
      if (options.help || options.version) return true;
      continue;
    }
    const auto equals = word.find('=');
    const std::string_view name(word.data(), equals == std::string_view::npos ? word.size() : equals);
    const char* value = equals != std::string_view::npos ? word.data() + equals + 1 : words[1];
    bool known = false;
    const bool good = take_value(name, value ? value : "", options, raw, known);
    if (!known) return problem.add("unknown flag ").add(name), false;
    if (!value) return problem.add(name).add(" needs a value"), false;
    if (!good) return problem.add("bad value \"").add(value).add("\" for ").add(name), false;
    if (equals == std::string_view::npos) ++words;
  }
  if (options.install) return true;
  if (!*words) return problem.add("no command to run"), false;
  options.command = words;
  if (raw.kubelet && options.dir.empty()) return problem.add("--layout=kubelet needs --dir"), false;
  if (raw.kubelet && !kubelet_dir(options, problem)) return false;
  if (options.dir.full()) return problem.add("--dir is too long"), false;
  if (!options.dir.empty()) options.segments.dir = options.dir.c_str();
  return settle_sizes(options, raw, problem);
}

void print_help(const char* program) {
  constexpr std::string_view kHelp =
      R"( runs a program and keeps what it writes to stdout and stderr, in the order of the writes.

Usage:
  PROGRAM [FLAGS] [--] COMMAND [ARGUMENTS]

Files:
      --dir DIR               numbered files in DIR, each line with its time and stream
      --format FORMAT         cri (default; as a container runtime writes), json (as Docker writes), raw
      --layout LAYOUT         flat (default), or kubelet: DIR/NAMESPACE_POD_UID/CONTAINER, from the variables
                              POD_NAMESPACE, POD_NAME, POD_UID and CONTAINER_NAME
      --max-total SIZE        most space on disk (default 50Mi)
      --max-files N           most files (default 10)
      --max-size SIZE         size of one file (default: total / files)
      --at-cap WHAT           drop-oldest (default), drop-newest, or block the program
      --tee-file FILE         a plain copy of stdout besides, rotated to FILE.1, FILE.2, ... by the same limits
      --tee-rotate HOW        rename (default) or copytruncate

Our own stdout and stderr:
      --passthrough WHICH     both (default), stdout (both streams into stdout, in order), none
      --passthrough-prefix    with stdout: "stdout: " or "stderr: " in front of each line
      --max-stall TIME        how long a reader that does not read may hold the program up (default 2s)

The program:
      --signal-group          run it in a process group of its own, and send signals to the whole group
      --drain-timeout TIME    how long to read on after its end while others hold its streams (default 1s)
      --order HOW             auto (default), datagram (exact under full load; not for Node, nginx, php-fpm),
                              none (two plain pipes)
      --batch TIME            wait so long after a wake-up and save CPU time (default 0, at most 100ms)
      --verbose               say at the end how the order was found
      --install FILE          copy this program to FILE (or into a folder) and end: for an init container
  -h, --help
  -v, --version

Sizes are Kubernetes quantities (500k, 10Mi, 1.5Gi), times are 500ms, 2s, 1m30s.
Exit code: the command's; 128 + N when signal N ended it; 127 not found; 126 not executable; 125 for a mistake here.
)";
  std::string_view rest = kHelp;
  const auto put = [](std::string_view text) {
    while (!text.empty()) {
      const auto wrote = ::write(1, text.data(), text.size());
      if (wrote <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
  };
  put(program);
  const auto at = rest.find("PROGRAM [");
  put({rest.data(), at});
  put(program);
  put(from(rest, at + 7));
}

}  // namespace gleaner::capture
