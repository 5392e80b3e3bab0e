#pragma once
// Follows the log of one container: what all ways of doing so have in common.
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "k8s/client.h"
#include "receivers/k8spodlogs/lines.h"

namespace gleaner::receivers::k8spodlogs {

/// Whose log.
struct Source {
  std::string name_space, pod, uid;
  std::string container;     ///< empty: the only one, whose name nobody could tell
  std::string node;          ///< where it runs; only for files
  std::uint32_t number = 0;  ///< in Origin
};

/// Lines that are new, and the bytes they are views into.
struct Chunk {
  std::vector<StampedLine> lines;
  std::vector<Bytes> bytes;
  std::string place;  ///< where one stands behind the last line, as the follower writes it
  std::string file;   ///< of lines that are as the runtime wrote them: its path on the node
  std::vector<Reservation> memory = {};
};

class LineSink {
 public:
  virtual ~LineSink() = default;
  /// Reading goes on when it returns.
  virtual Task<> take(const Source& source, Chunk chunk) = 0;
};

/// What all followers of a receiver count together.
struct Counters {
  metrics::Counter& reconnects;
  metrics::Counter& repeated;
  metrics::Counter& restarts;
  metrics::Counter& gaps;
};

struct FollowOptions {
  Duration silence;
  Duration poll_interval;
  std::size_t max_line;
  std::string place;  ///< of a former run, as it came in a Chunk; empty: none
  std::uint64_t new_since =
      0;  ///< without a place: what was written before this time is left out; 0: nothing is
};

/// What every follower of a receiver uses.
struct Surroundings {
  k8s::Client& api;
  Loop& loop;
  const log::Logger& logger;
  Budget& memory;
  Counters counters;
  LineSink& sink;
};

class Follower {
 public:
  virtual ~Follower() = default;
  const Source& source() const { return source_; }
  /// Runs until cancel(), or until the pod is gone.
  virtual Task<> run() = 0;
  virtual void cancel();

 protected:
  Follower(Source source, FollowOptions options, const Surroundings& around);
  /// Gives lines on, once there is memory for them.
  Task<> hand_over(Chunk chunk);
  /// @return false when it was cancelled
  Task<bool> pause(Duration for_how_long);
  /// Says it once, until something else is wrong or all_well().
  void complain(const std::string& what);
  void all_well() { complained_.clear(); }

  const Source source_;
  const FollowOptions options_;
  k8s::Client& api_;
  Loop& loop_;
  const log::Logger logger_;
  Counters counters_;
  bool stopping_ = false;

 private:
  Budget& memory_;
  LineSink& sink_;
  std::string complained_;
  Timer timer_;
};

}  // namespace gleaner::receivers::k8spodlogs
