#pragma once
// A secret in a file that somebody else keeps fresh: a mounted Secret, a projected token, a file of an agent.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace gleaner {

/// The file's text without blanks around it. Every look() asks the kernel whether the name leads to other
/// bytes by now (one stat, 2 us), so that a change counts from the next use on and nothing happens
/// while idle. Symbolic links are followed: the swing of Kubernetes' `..data` is seen. An empty or unreadable
/// file leaves the last text in use. Read on the loop: such files live in a tmpfs. Limit: 64 KiB.
class SecretFile {
 public:
  static constexpr std::size_t kLimit = 64 << 10;  ///< bytes

  explicit SecretFile(std::string path) : path_(std::move(path)) {}

  struct Look {
    bool changed = false;  ///< text() is another than before the look
    std::optional<Error>
        trouble;  ///< why text() could not be renewed; told once for each new state of the file
  };
  Look look();
  /// The next look() reads, whatever the kernel says.
  void distrust() { seen_ = {}; }

  /// Empty until a look() has found something.
  const std::string& text() const { return text_; }
  const std::string& path() const { return path_; }

 private:
  /// What tells two states of a file apart.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, modified = 0, changed = 0;  ///< bytes; nanoseconds since 1970
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::string& path);

  const std::string path_;
  std::string text_;
  Stamp seen_;
  std::string complaint_;  ///< the last trouble told
};

}  // namespace gleaner
