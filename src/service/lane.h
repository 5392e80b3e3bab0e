#pragma once
// A lane: one thread, its loop, and the pipelines on it. Lanes share listening ports, log and nothing else,
// so there is no lock where data passes. Source: DESIGN 5.
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service/figures.h"
#include "service/graph.h"
#include "service/heap.h"

namespace gleaner::service {

/// Lane 0 runs on the loop it is given; every other one has a thread of its own from its first start() on.
/// All members are to be called from the home loop.
class Lane {
 public:
  /// @param home  the loop of the main thread
  Lane(Loop& home, log::Logger logger, std::size_t index);
  ~Lane();

  /// Before a start(). @param lanes  how many there are @param memory  bytes of received data this one may
  /// hold
  void share(std::size_t lanes, std::size_t memory);
  /// Before a start() of the first lane. @param ask  for what there is on all lanes
  void tell(AskTroubles ask) { ask_ = std::move(ask); }

  /// Makes the pipelines and starts them. @param fatal  is called on the home loop
  Task<Result<>> start(Assembly assembly, std::string version, std::function<void(Error)> fatal);
  /// Makes them and throws them away: would they start, as far as one can tell?
  Result<> trial(const Assembly& assembly, const std::string& version);
  /// Stops them and forgets them. @param books  gets what their ledgers say at the end
  Task<Result<>> stop(std::vector<Ledger>& books);
  /// Goes over to another configuration with the same frame, see Graph::change().
  /// @param books  gets what all ledgers say if that fails: nothing runs then
  Task<Result<>> change(Assembly assembly, Staying stay, std::vector<Ledger>& books);
  bool running() const { return running_; }
  Task<Figures> figures();

  metrics::Registry& registry() { return registry_; }

 private:
  bool start_thread();
  template <class T>
  Task<T> there(std::function<Task<T>()> work);
  Task<Result<>> start_here(Assembly assembly, std::string version, std::function<void(Error)> fatal);
  Task<Result<>> stop_here(std::vector<Ledger>& books);
  Task<Result<>> change_here(Assembly assembly, Staying stay, std::vector<Ledger>& books);
  Task<Figures> figures_here();

  Loop& home_;
  const log::Logger logger_;
  Place place_;
  AskTroubles ask_;
  std::unique_ptr<Loop> own_;  // none for lane 0
  Loop& loop_;
  metrics::Registry registry_;
  Budget memory_;
  std::unique_ptr<HeapKeeper> heap_;
  std::unique_ptr<Graph> graph_;
  Gate gate_;  // work for other lanes, on this loop
  bool running_ = false;
  std::thread thread_;
};

}  // namespace gleaner::service
