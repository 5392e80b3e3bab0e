#include "pipeline/fan_out.h"

#include <algorithm>

namespace gleaner {

template <class S>
FanOut<S>::FanOut(std::vector<Consumer<S>*> branches, bool booked)
    : branches_(std::move(branches)), booked_(booked) {
  std::stable_partition(branches_.begin(), branches_.end(),
                        [](const Consumer<S>* c) { return c->mutates(); });
}

template <class S>
bool FanOut<S>::mutates() const {
  return std::any_of(branches_.begin(), branches_.end(), [](const Consumer<S>* c) { return c->mutates(); });
}

template <class S>
bool FanOut<S>::wants_wire() const {
  return std::all_of(branches_.begin(), branches_.end(),
                     [](const Consumer<S>* c) { return c->wants_wire(); });
}

template <class S>
Task<Result<>> FanOut<S>::consume(Batch<S>& batch) {
  Result<> all;
  bool taken =
      false;  // by some: whoever waits for a disk to have room and tries again would repeat it to them
  // Payloads share wire bytes, and whoever changes one decodes its own copy: sharing is the copy-on-need.
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const bool last = i + 1 == branches_.size();
    if (last && all) {
      auto only = co_await branches_[i]->consume(batch);
      if (!only && i > 0) only.error().sys = 0;
      co_return only;
    }
    Batch<S> twin;
    twin.data = batch.data.share();
    twin.client = batch.client;
    twin.receipt = booked_ ? batch.receipt.copy() : batch.receipt.fork();
    auto one = co_await branches_[i]->consume(twin);
    taken |= one.has_value();
    if (one) continue;
    twin.data = Payload<S>();
    twin.receipt.forget();  // the caller still has the original and decides
    if (all)
      all = std::move(one);
    else if (one.error().fault == Fault::permanent)
      all.error().fault = Fault::permanent;
  }
  if (taken) all.error().sys = 0;
  co_return all;
}

template class FanOut<Logs>;
template class FanOut<Metrics>;
template class FanOut<Traces>;
template class FanOut<Profiles>;

}  // namespace gleaner
