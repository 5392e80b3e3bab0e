#pragma once
// gleaner's life: read the configuration, build, run until a signal, reload on SIGHUP, drain, leave.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/sources.h"
#include "service/assembly.h"

namespace gleaner::service {

struct Options {
  std::vector<std::string> configs;  ///< --config, in order
  std::vector<std::string> sets;     ///< --set, in order
  std::string command = "gleaner";
  std::string version;
  std::size_t lanes = 0;  ///< --lanes; 0: by the CPU limit
  bool profiles = false;  ///< whether pipelines of profiles may be configured
  /// Of the end; 0 = as long as it takes. Not given: in a pod, until nothing moves any more after 25 s.
  std::optional<std::chrono::nanoseconds> shutdown_timeout;
  std::chrono::nanoseconds linger{0};  ///< how long inputs stay open after SIGTERM while data comes
  bool watch = false;                  ///< whether a changed file of `configs` is a reload
};

/// The merged, expanded tree of everything the options name.
Result<config::Node> load_tree(const Options& options, config::Problems& problems);
/// @return the checked configuration, or what is wrong, all of it, one problem a line
Result<Assembly> check(const Options& options, const config::Node& tree, config::Problems& problems);
/// Both.
Result<Assembly> load(const Options& options, config::Problems& problems);

/// How many lanes there are to be, unless the configuration forbids it.
std::size_t lanes_wanted(const Options& options);

/// Runs until SIGINT, SIGTERM or a fatal component. @return the exit code; errors are on stderr by then
int run(const Options& options);

/// Checks everything short of starting. Exit code 0 or 1.
int validate(const Options& options);

}  // namespace gleaner::service
