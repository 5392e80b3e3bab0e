#pragma once
// Tells `gleaner exec` which of its segments are read, so that it deletes them early. Source:
// spec/capture.md 8.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gleaner::stanza::files {

/// How far one file is safe.
struct Progress {
  std::string path;
  std::uint64_t safe = 0;  ///< bytes that are delivered, persisted or dropped with a reason
  std::uint64_t size = 0;  ///< bytes
};

/// Whether a file is a segment that gleaner exec wrote: its name is a number, and its folder bears the mark.
bool is_segment(const std::string& path);

/// Writes <dir>/.ack/<reader> = "SEGMENT OFFSET" for every folder that bears the mark of gleaner exec:
/// everything in segments below SEGMENT is safe, and OFFSET bytes of it. By rename, so that it is never seen
/// half. A folder that cannot be written (mounted read-only) is not tried again.
class Acks {
 public:
  /// @param reader  the receiver's id; a slash in it becomes an underscore
  explicit Acks(const std::string& reader);
  /// @param files  all files that are read
  void write(std::vector<Progress> files);

 private:
  enum class Folder : std::uint8_t { ordinary, captured, closed };
  Folder look(const std::string& dir);
  bool put(const std::string& dir, const std::string& text) const;

  std::string reader_;
  std::map<std::string, Folder> folders_;       ///< those of the files above, seen once
  std::map<std::string, std::string> written_;  ///< what each one's file says
};

}  // namespace gleaner::stanza::files
