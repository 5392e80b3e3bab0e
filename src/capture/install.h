#pragma once
// This program's own file, put where a container without it finds it.

namespace gleaner::capture {

/// Copies the running program to `path` (or into it, if it is a folder), mode 0755, complete or not at all:
/// for an init container whose image has no cp. @return exit code; what went wrong is said on stderr
int install(const char* path);

}  // namespace gleaner::capture
