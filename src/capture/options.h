#pragma once
// The flags of `gleaner exec`.
#include <cstdint>

#include "capture/segments.h"
#include "capture/tee_file.h"
#include "capture/text.h"

namespace gleaner::capture {

enum class Show : std::uint8_t { both, out, none };               ///< --passthrough
enum class OrderBy : std::uint8_t { automatic, datagram, none };  ///< --order

struct Options {
  SegmentOptions segments;  ///< dir is null: no segments
  Path dir;                 ///< what segments.dir points to
  const char* tee_file = nullptr;
  TeeRotate tee_rotate = TeeRotate::rename;
  Show show = Show::both;
  bool prefix = false;  ///< stream names in front of the lines on stdout
  OrderBy order = OrderBy::automatic;
  bool group = false, verbose = false;
  std::int64_t max_stall = 2'000'000'000;      ///< ns
  std::int64_t drain_timeout = 1'000'000'000;  ///< ns
  std::int64_t batch = 0;                      ///< ns
  char* const* command = nullptr;              ///< ends with null
  const char* install = nullptr;               ///< where to copy this program; nothing is run then
  bool help = false, version = false;
};

/// @param words  what stands behind the program's (or the subcommand's) name, ended by null
/// @param problem  what is wrong, for a person
/// @return false when something is
bool parse_options(char* const* words, Options& options, Message& problem);

/// The text of --help. `program`: "gleaner exec" or "gleaner-exec".
void print_help(const char* program);

}  // namespace gleaner::capture
