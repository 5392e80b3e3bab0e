#pragma once
// --watch: a configuration file that changes is a reload.
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/task.h"

namespace gleaner::service {

/// Looks at the files among the sources of --config every two seconds (a stat each, on a helper thread) and
/// tells when one has changed and then stayed as it is for a look, so that no half-written file is read.
/// Looking works wherever files are, also where inotify does not, and sees the swing of a ConfigMap's
/// `..data`. While a file is missing nothing is told.
class ConfigWatch {
 public:
  /// @param sources  as --config names them; what is no file is not watched
  ConfigWatch(Loop& loop, const std::vector<std::string>& sources, std::function<void()> changed);

  void start() { gate_.spawn(run()); }
  Task<> stop();

 private:
  /// What tells two states of a file apart; all zero: it is not there.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, modified = 0;  ///< bytes; nanoseconds since 1970
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::vector<Stamp>;
  Task<> run();
  Task<Stamps> look();

  Loop& loop_;
  std::vector<std::string> paths_;
  std::function<void()> changed_;
  Timer timer_{loop_};
  Gate gate_;
  bool stopped_ = false;
};

}  // namespace gleaner::service
