#pragma once
// `ordering_criteria`: which of the matching files are read. Source: spec/filelog.md 1, 4.2.
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/regex.h"
#include "text/time_layout.h"

namespace gleaner::stanza::files {

struct FoundFile;

/// Sorts by keys cut out of the path (or by mtime) and keeps the first few of each group.
class Ordering {
 public:
  enum class By : std::uint8_t { numeric, alphabetical, timestamp, mtime };
  struct Sort {
    By by = By::mtime;
    std::string key;  ///< name of a group of the regex; unused for mtime
    bool ascending = false;
    std::optional<text::TimeLayout> layout;  ///< of timestamps
    text::Zone zone = text::Zone::utc();
  };
  std::optional<text::Regex> regex;     ///< files that do not match it are left out
  std::optional<text::Regex> group_by;  ///< top_n counts in each group of this
  std::vector<Sort> sorts;              ///< each a full sort: the last one rules
  std::size_t top_n = 1;                ///< used when there are sorts

  void apply(std::vector<FoundFile>& files) const;

 private:
  std::optional<std::string> key_of(const std::string& path, const std::string& group) const;
  void sort(std::vector<FoundFile>& files, const Sort& by) const;
};

}  // namespace gleaner::stanza::files
