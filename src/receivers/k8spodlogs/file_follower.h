#pragma once
// Follows a container's log as files of its node, through the kubelet's /logs: with both streams' tags, and
// what was rotated.
#include <string>
#include <vector>

#include "receivers/k8spodlogs/follower.h"
#include "receivers/k8spodlogs/log_files.h"

namespace gleaner::receivers::k8spodlogs {

/// The folder of a pod's logs on its node, with '/' at its end.
std::string pod_folder(const std::string& name_space, const std::string& pod, const std::string& uid);

class FileFollower final : public Follower {
 public:
  /// @param base  in front of /logs: "/api/v1/nodes/N/proxy", or nothing behind a relay
  FileFollower(Source source, FollowOptions options, const Surroundings& around, std::string base);
  Task<> run() override;

 private:
  enum class Read : std::uint8_t {
    more,     ///< a full part: there may be more at once
    some,     ///< what had come
    end,      ///< nothing had
    another,  ///< the file of this name is not the one that was being read
    trouble,  ///< said already
  };
  enum class Found : std::uint8_t {
    files,
    nothing,  ///< or nobody who would say
    stale,    ///< a file went while it was looked at: look again
  };
  enum class Is : std::uint8_t { it, another, unclear };
  Task<Found> find();
  Task<Found> find_end(const LogFile& file);
  Task<> catch_up();
  Task<Is> is_known(const LogFile& file);
  Task<Read> read(const LogFile& file, bool last);
  Task<Read> read_packed(const LogFile& file);
  Task<Result<k8s::Client::Answer>> fetch(const std::string& name, std::uint64_t from, std::uint64_t to);
  Task<Result<Bytes>> unpacked(const std::string& name);
  Task<> give(const LogFile& file, Bytes bytes, std::string_view text);
  bool is_bad(const Result<k8s::Client::Answer>& answer, const std::string& name);
  void start_file(std::uint32_t life);
  void miss(const std::string& why);

  const std::string folder_;  ///< of the container, as the kubelet serves it
  FilePlace place_;
  FilePlace behind_;              ///< the end of the file before, until something of the next has been read
  std::vector<LogFile> files_;    ///< still to be read, the one that place_ is in first
  std::vector<LogFile> doubted_;  ///< a list in which the file that was being read was not to be found
  bool first_ = true;             ///< nothing has been found yet
};

}  // namespace gleaner::receivers::k8spodlogs
