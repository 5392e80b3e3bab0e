#pragma once
// Keeps up with every object of one kind: a list in pages, then a watch from where the list was made, taken
// up again where it broke off. Shared by all that want to know what is in the cluster.
#include <string>

#include "base/log.h"
#include "base/loop.h"
#include "k8s/client.h"
#include "k8s/object.h"
#include "k8s/watch_frames.h"

namespace gleaner::k8s {

/// Where the objects go.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  /// A list begins: what is not there() until listed() does not exist any more. A list that fails begins
  /// anew.
  virtual void listing() = 0;
  virtual void listed() = 0;
  /// New, changed, or simply said again. The object's texts die with the call.
  virtual void there(const Object& object) = 0;
  virtual void gone(const Object& object) = 0;
};

class Watch {
 public:
  struct Source {
    std::string path;   ///< "/api/v1/pods"
    std::string query;  ///< selectors, escaped: "fieldSelector=...&labelSelector=..."; may be empty
  };
  Watch(Client& api, Loop& loop, log::Logger logger, Source source, WatchSink& sink);

  /// Until cancel(). Refusals and outages are told once and waited out: 1 s, doubling up to 30 s, each
  /// shortened at random by up to a half, so that many clients do not come back in step.
  Task<> run();
  void cancel();
  /// Whether a list was complete once.
  bool synced() const { return synced_; }
  /// What is in the way now; empty when all is well.
  const std::string& trouble() const { return trouble_; }
  const std::string& path() const { return source_.path; }
  /// For tests and metrics.
  std::uint64_t lists() const { return lists_; }

 private:
  Task<Result<>> list();
  Task<Result<>> watch();
  Result<> take(std::string_view line);
  void complain(const Error& error);
  std::string ask(std::string_view more) const;

  Client& api_;
  Loop& loop_;
  const log::Logger logger_;
  const Source source_;
  WatchSink& sink_;
  std::string version_;  ///< where a watch goes on; empty: list first
  std::string trouble_;
  int page_;  ///< objects in an answer
  FrameLines lines_;
  net::HttpStream* stream_ = nullptr;
  Timer timer_, watchdog_;
  std::uint64_t lists_ = 0;
  bool stopping_ = false, synced_ = false, moved_ = false;
};

}  // namespace gleaner::k8s
