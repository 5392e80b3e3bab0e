#include "service/lane.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <utility>

namespace gleaner::service {

Lane::Lane(Loop& home, log::Logger logger, std::size_t index)
    : home_(home),
      logger_(std::move(logger)),
      place_{index, 1},
      own_(index == 0 ? nullptr : std::make_unique<Loop>()),
      loop_(own_ ? *own_ : home),
      memory_(0) {}

void Lane::share(std::size_t lanes, std::size_t memory) {
  place_.lanes = lanes;
  memory_.set_limit(memory);
}

Lane::~Lane() {
  if (!thread_.joinable()) return;
  loop_.post_from_thread([this] { loop_.stop(); });
  thread_.join();
}

/// Runs `work` on this lane's loop and resumes on the home loop with what it gave.
template <class T>
Task<T> Lane::there(std::function<Task<T>()> work) {
  if (!own_) co_return co_await work();
  struct Awaiter {
    Lane& lane;
    std::function<Task<T>()>& work;
    std::optional<T> result;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      lane.loop_.post_from_thread([this, self] { lane.gate_.spawn(run(*this, self)); });
    }
    T await_resume() { return std::move(*result); }
    static Task<> run(Awaiter& mine, std::coroutine_handle<> self) {
      mine.result.emplace(co_await mine.work());
      mine.lane.home_.post_from_thread([self] { self.resume(); });
    }
  };
  Awaiter awaiter{*this, work, std::nullopt};
  co_return co_await awaiter;
}

bool Lane::start_thread() {
  try {
    thread_ = std::thread([this] { loop_.run_until_stopped(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

Task<Result<>> Lane::start(Assembly assembly, std::string version, std::function<void(Error)> fatal) {
  if (own_ && !thread_.joinable() && !start_thread())
    co_return fail(Fault::os,
                   fmt::format("lane {} gets no thread: resource temporarily unavailable", place_.lane));
  std::function<void(Error)> at_home = std::move(fatal);
  if (own_)
    at_home = [&home = home_, say = std::move(at_home)](Error error) {
      home.post_from_thread([say, error = std::move(error)] { say(error); });
    };
  std::function<Task<Result<>>()> work = [&] {
    return start_here(std::move(assembly), std::move(version), std::move(at_home));
  };
  auto started = co_await there(work);
  running_ = started.has_value();
  co_return started;
}

Task<Result<>> Lane::start_here(Assembly assembly, std::string version, std::function<void(Error)> fatal) {
  const Host host{loop_, logger_, registry_, memory_, std::move(version), std::move(fatal), place_, ask_};
  heap_ = std::make_unique<HeapKeeper>(loop_, memory_);
  auto graph = Graph::build(assembly, host);
  if (!graph) co_return fail(std::move(graph.error()).in("failed to build pipelines"));
  if (auto started = co_await (*graph)->start(); !started)
    co_return fail(std::move(started.error()).in("cannot start pipelines"));
  graph_ = std::move(*graph);
  co_return Result<>();
}

Result<> Lane::trial(const Assembly& assembly, const std::string& version) {
  const Host host{loop_, logger_, registry_, memory_, version, [](Error) {}, place_};
  if (auto graph = Graph::build(assembly, host); !graph)
    return fail(std::move(graph.error()).in("failed to build pipelines"));
  return {};
}

Task<Result<>> Lane::stop(std::vector<Ledger>& books) {
  std::vector<Ledger> last;
  std::function<Task<Result<>>()> work = [&] { return stop_here(last); };
  auto stopped = co_await there(work);
  running_ = false;
  absorb(books, last);
  co_return stopped;
}

Task<Result<>> Lane::stop_here(std::vector<Ledger>& books) {
  heap_.reset();
  auto stopped = co_await graph_->stop();
  books = graph_->ledgers();
  graph_.reset();
  co_return stopped;
}

Task<Result<>> Lane::change(Assembly assembly, Staying stay, std::vector<Ledger>& books) {
  std::vector<Ledger> last;
  std::function<Task<Result<>>()> work = [&] {
    return change_here(std::move(assembly), std::move(stay), last);
  };
  auto changed = co_await there(work);
  running_ = changed.has_value();
  absorb(books, last);
  co_return changed;
}

Task<Result<>> Lane::change_here(Assembly assembly, Staying stay, std::vector<Ledger>& books) {
  auto changed = co_await graph_->change(assembly, stay);
  if (changed) co_return changed;
  books = graph_->ledgers();
  heap_.reset();
  graph_.reset();
  co_return changed;
}

Task<Figures> Lane::figures() {
  std::function<Task<Figures>()> work = [this] { return figures_here(); };
  co_return co_await there(work);
}

Task<Figures> Lane::figures_here() {
  Figures figures{registry_.samples(), {}, memory_.used(), memory_.limit(), {}};
  if (graph_) {
    figures.ledgers = graph_->ledgers();
    figures.troubles = graph_->troubles();
  }
  co_return figures;
}

}  // namespace gleaner::service
