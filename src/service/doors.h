#pragma once
// What stands between receivers and pipelines, and between the processors of one.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/task.h"
#include "pipeline/consumer.h"

namespace gleaner::service {

/// A pipeline's door: books what comes in, and takes the booking back when it is refused.
template <class S>
class Entry final : public Consumer<S> {
 public:
  Entry(Ledger& ledger, Consumer<S>& next, bool mutates) : ledger_(ledger), next_(next), mutates_(mutates) {}
  Task<Result<>> consume(Batch<S>& batch) override {
    batch.receipt.enter(ledger_);
    auto result = co_await next_.consume(batch);
    if (!result) batch.receipt.leave(ledger_);
    co_return result;
  }
  bool mutates() const override { return mutates_; }

 private:
  Ledger& ledger_;
  Consumer<S>& next_;
  bool mutates_;
};

/// Counts what passes, on its way in or out of a processor. Adds no coroutine.
template <class S>
class Meter final : public Consumer<S> {
 public:
  Meter(metrics::Counter& counter, Consumer<S>& next) : counter_(counter), next_(next) {}
  Task<Result<>> consume(Batch<S>& batch) override {
    counter_.add(batch.data.items());
    return next_.consume(batch);
  }
  bool mutates() const override { return next_.mutates(); }
  bool wants_wire() const override { return next_.wants_wire(); }

 private:
  metrics::Counter& counter_;
  Consumer<S>& next_;
};

/// What a receiver holds on to: the pipelines behind it can be changed while it runs. Single-threaded.
template <class S>
class Socket final : public Consumer<S> {
 public:
  Task<Result<>> consume(Batch<S>& batch) override {
    while (state_ == State::held) co_await changed_.wait();
    if (state_ == State::shut) co_return fail(Fault::retryable, "the pipelines behind are gone");
    const Passing passing(*this);
    co_return co_await next_->consume(batch);
  }
  bool mutates() const override { return next_->mutates(); }
  bool wants_wire() const override { return next_->wants_wire(); }

  /// Ids of the pipelines it leads to.
  const std::vector<std::string>& pipelines() const { return pipelines_; }
  /// @param owned  what has to live as long as this is the way, may be null
  void lead_to(std::vector<std::string> pipelines, Consumer<S>& next, std::unique_ptr<Consumer<S>> owned) {
    pipelines_ = std::move(pipelines);
    next_ = &next;
    owned_ = std::move(owned);
  }
  /// From now on who comes waits.
  void hold() { state_ = State::held; }
  bool held() const { return state_ == State::held; }
  /// Until nothing is on its way any more.
  Task<> passed() {
    while (passing_ > 0) co_await changed_.wait();
  }
  void release() { turn(State::open); }
  /// Who waits and who comes is refused.
  void shut() { turn(State::shut); }

 private:
  enum class State : std::uint8_t { open, held, shut };
  struct Passing {
    explicit Passing(Socket& socket) : socket(socket) { ++socket.passing_; }
    ~Passing() {
      if (--socket.passing_ == 0 && socket.held()) socket.changed_.notify_all();
    }
    Passing(const Passing&) = delete;
    Passing& operator=(const Passing&) = delete;
    Socket& socket;
  };
  void turn(State state) {
    state_ = state;
    changed_.notify_all();
  }

  std::vector<std::string> pipelines_;
  Consumer<S>* next_ = nullptr;
  std::unique_ptr<Consumer<S>> owned_;
  std::size_t passing_ = 0;
  State state_ = State::open;
  Signal changed_;
};

}  // namespace gleaner::service
