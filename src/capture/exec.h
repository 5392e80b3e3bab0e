#pragma once

namespace gleaner::capture {

/// `gleaner exec`: everything behind the subcommand's name. @param words  ended by null
/// @param program  how it is called, for the help. @return the exit code of the process
int run_exec(char* const* words, const char* program, const char* version);

}  // namespace gleaner::capture
