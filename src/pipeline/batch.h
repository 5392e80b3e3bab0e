#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "pipeline/client.h"
#include "pipeline/payload.h"
#include "pipeline/receipt.h"

namespace gleaner {

/// Data, where it came from, and the claim on its fate. Move-only.
template <class S>
struct Batch {
  Payload<S> data;
  std::shared_ptr<const Client> client;  // shared: a fan-out gives it to every branch
  Receipt receipt;
  std::vector<Reservation> memory;  ///< bytes of the receiver's budget, given back when the batch dies

  Batch() = default;
  /// A batch nobody waits for, or one whose sender wants to hear through `ticket`.
  explicit Batch(Payload<S> payload, Ticket* ticket = nullptr)
      : data(std::move(payload)), receipt(data.items(), ticket) {}

  void append(Batch&& other) {
    data.append(std::move(other.data));
    receipt.append(std::move(other.receipt));
    for (auto& part : other.memory) memory.push_back(std::move(part));
    other.memory.clear();
    if (client != other.client) client.reset();
  }
  /// The first `items` items as a batch of their own; the memory stays booked with the rest.
  Batch split(std::size_t items) {
    Batch head;
    head.data = data.split(items);
    head.receipt = receipt.split(items);
    head.client = client;
    return head;
  }
  /// Ends the batch: nothing of it is needed any more.
  void settle(Outcome outcome, Drop reason = Drop::none) {
    data = Payload<S>();
    memory.clear();
    receipt.settle(outcome, reason);
  }
};

}  // namespace gleaner
