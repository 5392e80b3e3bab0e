#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gleaner::main_program {

struct Flags {
  std::string command;  ///< "" = run
  std::vector<std::string> configs, sets, gates;
  std::string compat;  ///< "" = not given
  bool help = false, version = false;
  std::size_t lanes = 0;  ///< 0 = by the CPU limit
  std::optional<std::chrono::nanoseconds> shutdown_timeout;
  std::chrono::nanoseconds linger{0};
  bool watch = false;
  std::string endpoint = "localhost:13133";  ///< of healthcheck
  std::string probe = "verbose";             ///< the same
  // print-config
  bool unredacted = false, json = false, validate = true;
};

/// Reads the words behind the program's name, as pflag does: --flag=value and --flag value, flags after the
/// command.
/// @return Fault::config in the reference's words for unknown flags, commands, gates and bad values
Result<Flags> parse_flags(const std::vector<std::string>& words);

}  // namespace gleaner::main_program
