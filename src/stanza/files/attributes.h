#pragma once
// What a record carries of the file it came from. Source: spec/filelog.md 1, 2.1.
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace gleaner::stanza::files {

struct AttributeOptions {
  bool name = true, path = false, name_resolved = false, path_resolved = false;
  bool owner = false, group = false, permissions = false;
  bool record_number = false, record_offset = false;
};

using TextAttributes = std::vector<std::pair<std::string, std::string>>;

/// log.file.* of one file.
/// @param fd  the open file; @param path  as the pattern found it
/// @return Fault::os when an owner has no name: such a file is not read
Result<TextAttributes> file_attributes(const AttributeOptions& options, int fd, const std::string& path);

}  // namespace gleaner::stanza::files
