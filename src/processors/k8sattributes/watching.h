#pragma once
// Fills the cache from the API server: one list and one watch for each kind of object that the rules need.
#include <deque>

#include "k8s/watch.h"
#include "processors/k8sattributes/cache.h"

namespace gleaner::processors::k8sattributes {

/// What is asked for a kind. Pure, for tests. @param node the value behind filter::node or the variable's
std::vector<std::pair<Kind, k8s::Watch::Source>> sources_for(const Rules& rules, const FilterConfig& filter,
                                                             const std::string& node);

class Watching {
 public:
  Watching(const Config& config, const Rules& rules, const Context& context,
           std::unique_ptr<k8s::Client> api);
  ~Watching();
  void start();
  /// Until everything was listed once, or the configured patience is at its end.
  Task<Result<>> wait();
  Task<> stop();

 private:
  class Feed;
  void sweep();
  void sweep_at(TimePoint when);

  const Config& config_;
  const Rules& rules_;
  const Context& context_;
  Cache& cache_;
  const std::unique_ptr<k8s::Client> api_;
  std::deque<Feed> feeds_;
  Timer sweeper_;
  Gate gate_;
  metrics::Counter &added_, &updated_, &deleted_;
  std::size_t table_size_ = 0;  ///< a gauge's token
};

}  // namespace gleaner::processors::k8sattributes
