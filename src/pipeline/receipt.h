#pragma once
// A ticket for data on its way, settled exactly once.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "pipeline/ledger.h"

namespace gleaner {

/// What a receiver is told when everything it sent under one ticket has ended: delivered only if all of it
/// was.
class Ticket {
 public:
  using Done = std::function<void(Outcome)>;
  static Ticket* make(Done done) { return new Ticket(std::move(done)); }
  void retain() { ++open_; }
  void settle(Outcome outcome);

 private:
  explicit Ticket(Done done) : done_(std::move(done)) {}
  Done done_;
  std::uint32_t open_ = 1;
  Outcome worst_ = Outcome::delivered;
};

/// The claim on a batch's fate. Move-only; joining batches joins receipts, splitting a batch splits its
/// receipt. Destroying one that still holds items is a bug: debug builds abort, release builds count
/// Drop::unsettled.
class Receipt {
 public:
  Receipt() = default;
  /// `items` nobody has entered into a pipeline yet; `ticket` may be null.
  Receipt(std::size_t items, Ticket* ticket);
  Receipt(Receipt&& other) noexcept : shares_(std::exchange(other.shares_, {})) {}
  Receipt& operator=(Receipt&& other) noexcept;
  ~Receipt() { abandon(); }

  std::size_t items() const;
  bool empty() const { return shares_.empty(); }

  /// Books everything into a pipeline's ledger.
  void enter(Ledger& ledger);
  /// Takes back enter(): the pipeline refused and the caller keeps the data.
  void leave(Ledger& ledger);
  /// A second claim on the same items, for a copy of the data. `ledger` books the copies (may be null before
  /// entry).
  Receipt copy() const;
  /// A copy of a claim that was not entered yet.
  Receipt fork() const;
  /// The first `items` items as a receipt of their own. Requires items <= items().
  Receipt split(std::size_t items);
  void append(Receipt&& other);

  /// Ends everything this receipt claims.
  void settle(Outcome outcome, Drop reason = Drop::none);
  /// Takes a copy() or fork() back, as if it had never been made.
  void forget();
  /// Ends `items` of it: a processor took them out of the batch.
  void drop(std::size_t items, Drop reason);
  /// The batch grew by `items` (a processor made more): booked as copies.
  void grow(std::size_t items);

 private:
  struct Share {
    Ticket* ticket = nullptr;
    Ledger* ledger = nullptr;
    std::size_t items = 0;
  };
  static void end(Share& share, Outcome outcome, Drop reason);
  void abandon();
  std::vector<Share> shares_;  // in the order of the items in the batch
};

}  // namespace gleaner
