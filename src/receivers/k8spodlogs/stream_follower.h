#pragma once
// Follows a container's log through GET …/log over connections that end and a container that starts anew.
#include <string>
#include <vector>

#include "receivers/k8spodlogs/follower.h"
#include "receivers/k8spodlogs/positions.h"
#include "receivers/k8spodlogs/resume.h"

namespace gleaner::receivers::k8spodlogs {

class StreamFollower final : public Follower {
 public:
  StreamFollower(Source source, FollowOptions options, const Surroundings& around);
  Task<> run() override;
  void cancel() override;

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
  Task<> give(std::vector<StampedLine> lines, std::vector<Bytes> bytes, const Position& last);
  std::string path(bool previous, const Position& from) const;

  Resume resume_;
  Position before_;  ///< where the present connection began to search
  Lines lines_;
  struct {
    std::vector<StampedLine> lines;
    std::vector<Bytes> bytes;
  } unsure_;            ///< lines that are new, or before the last one read: the next will tell
  bool moved_ = false;  ///< the present connection brought something new
  bool previous_asked_ = false;
  net::HttpStream* stream_ = nullptr;
  Timer watchdog_;
};

}  // namespace gleaner::receivers::k8spodlogs
