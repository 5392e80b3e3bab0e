#pragma once
// Which files the patterns name now. Source: spec/filelog.md 4.1, 4.2.
#include <cstdint>
#include <string>
#include <vector>

#include "stanza/files/ordering.h"
#include "text/glob.h"

namespace gleaner::stanza::files {

/// Which files are one lane's. A directory's files are all of one lane, as rotation moves bytes among them.
struct Share {
  std::size_t lane = 0, lanes = 1;
  /// @param path  symbolic links in it are followed
  bool has(std::string_view path) const;
};

struct FinderOptions {
  std::vector<text::Glob> include, exclude;
  std::uint64_t exclude_older_than = 0;  ///< nanoseconds, 0 = off
  std::optional<Ordering> ordering;
  Share share;
};

/// Device and inode: what a file is, whatever it is called.
struct Identity {
  std::uint64_t device = 0, inode = 0;
  bool operator==(const Identity&) const = default;
};

struct FoundFile {
  std::string path;
  Identity identity;
  std::uint64_t size = 0;     ///< bytes
  std::int64_t modified = 0;  ///< ns since 1970
  bool too_old = false;       ///< by exclude_older_than: not to be started
};

struct Found {
  std::vector<FoundFile> files;          ///< sorted by path, or as `ordering` says
  std::vector<std::string> directories;  ///< whose changes can change the answer; some may not exist
  std::vector<std::string> errors;  ///< "path: why", for directories that cannot be read; lane 0 says them
  bool any = false;                 ///< whether anything matched, on whatever lane
};

/// Walks the file system; may block. Needs nothing of its caller's thread.
/// @param now  ns since 1970
Found find_files(const FinderOptions& options, std::int64_t now);

}  // namespace gleaner::stanza::files
