#pragma once
// The kernel's word that a file has grown or a directory has changed (inotify).
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/readable.h"
#include "base/result.h"

namespace gleaner::stanza::files {

/// Directories are watched for good: what comes, goes or is renamed. Files are watched once: the first change
/// takes the watch away, so that a busy file, which is looked at by the clock anyway, makes no events at all.
class Watcher {
 public:
  explicit Watcher(Loop& loop);

  /// False when the kernel gave no inotify instance: everything must be polled then.
  bool works() const { return in_ != nullptr; }

  /// Watches exactly these directories from now on.
  struct Change {
    bool added = false;   ///< a watch is new: look once more, something may have come before it
    bool polled = false;  ///< at least one cannot be watched (no room, remote file system)
  };
  Change watch_directories(const std::vector<std::string>& paths);

  /// Watches an open file until its first change. @return false when it must be polled
  bool watch_file(int fd, std::uint32_t source);
  void forget_file(std::uint32_t source);

  /// Waits for events. False when cancelled.
  Task<bool> wait();
  void cancel();
  /// What happened since the last call.
  struct Events {
    bool directories = false;            ///< something came, went or was renamed
    bool overflow = false;               ///< events were lost: look at everything
    std::vector<std::uint32_t> sources;  ///< files that changed
  };
  Events drain();

 private:
  std::unique_ptr<Readable> in_;
  std::map<std::string, int> directories_;
  std::unordered_map<int, std::uint32_t> source_of_;
  std::unordered_map<std::uint32_t, int> watch_of_;
};

/// True when the kernel sees only its own writes there: NFS, SMB, FUSE and their kin.
bool is_remote(int fd);

}  // namespace gleaner::stanza::files
