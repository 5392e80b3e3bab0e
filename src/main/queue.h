#pragma once
#include <string>
#include <vector>

namespace gleaner::main_program {

/// The `queue` subcommand: looks into the files of sending queues while nobody works on them, and changes
/// nothing. @param words  what stands behind "queue" @return the exit code: 1 when something is lost or wrong
int run_queue(const std::vector<std::string>& words);

}  // namespace gleaner::main_program
