#pragma once
// Follows the log of one container over connections that end and a container that starts anew.
#include <memory>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/log.h"
#include "base/metrics.h"
#include "k8s/client.h"
#include "receivers/k8spodlogs/lines.h"
#include "receivers/k8spodlogs/resume.h"

namespace gleaner::receivers::k8spodlogs {

/// Whose log.
struct Source {
  std::string name_space, pod, uid;
  std::string container;     ///< empty: the only one, whose name nobody could tell
  std::uint32_t number = 0;  ///< in Origin
};

/// Lines that are new, and the bytes they are views into.
struct Chunk {
  std::vector<StampedLine> lines;
  std::vector<Bytes> bytes;
  Position last;  ///< that of the last line
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
  std::size_t max_line;
  Position from;      ///< the last line read before; zero: from the beginning
  bool exact = true;  ///< false: `from` is a time, not a line
};

class Follower {
 public:
  Follower(Source source, FollowOptions options, k8s::Client& api, Loop& loop, log::Logger logger,
           Budget& memory, Counters counters, LineSink& sink);

  const Source& source() const { return source_; }
  const Position& position() const { return resume_.position(); }
  /// Runs until cancel(), or until the pod is gone.
  Task<> run();
  void cancel();

 private:
  enum class End : std::uint8_t {
    closed,   ///< the server said the last byte
    cut,      ///< the connection broke, or was silent for too long
    waiting,  ///< the container has not started yet
    refused,  ///< no right, or no such thing
    gone,     ///< the pod is
  };
  Task<End> follow();
  Task<End> read(net::HttpStream& stream);
  Task<End> explain(net::HttpStream& stream);
  Task<> take(std::vector<StampedLine> lines, std::vector<Bytes> bytes);
  Task<> settle();
  Task<> look_at_previous();
  Task<> hand_over(Chunk chunk);
  std::string path(bool previous, const Position& from) const;
  Task<bool> pause(Duration for_how_long);
  void complain(const std::string& what);

  const Source source_;
  const FollowOptions options_;
  k8s::Client& api_;
  Loop& loop_;
  const log::Logger logger_;
  Budget& memory_;
  Counters counters_;
  LineSink& sink_;
  Resume resume_;
  Position before_;  ///< where the present connection began to search
  Lines lines_;
  Chunk unsure_;        ///< lines that are new, or before the last one read: the next will tell
  bool moved_ = false;  ///< the present connection brought something new
  bool previous_asked_ = false;
  bool stopping_ = false;
  std::string complained_;
  net::HttpStream* stream_ = nullptr;
  Timer timer_, watchdog_;
};

}  // namespace gleaner::receivers::k8spodlogs
