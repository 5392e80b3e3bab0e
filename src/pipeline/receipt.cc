#include "pipeline/receipt.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace gleaner {

std::string_view drop_name(Drop reason) {
  static constexpr std::string_view kNames[] = {
      "none",     "filtered",         "queue_full", "permanent_error", "retries_exhausted",
      "shutdown", "downstream_error", "unsettled"};
  return kNames[static_cast<std::size_t>(reason)];
}

void Ticket::settle(Outcome outcome) {
  if (outcome > worst_) worst_ = outcome;
  if (--open_ > 0) return;
  const Done done = std::move(done_);
  const Outcome worst = worst_;
  delete this;
  if (done) done(worst);
}

Receipt::Receipt(std::size_t items, Ticket* ticket) { shares_.push_back({ticket, nullptr, items}); }

Receipt& Receipt::operator=(Receipt&& other) noexcept {
  if (this != &other) {
    abandon();
    shares_ = std::exchange(other.shares_, {});
  }
  return *this;
}

std::size_t Receipt::items() const {
  std::size_t total = 0;
  for (const auto& share : shares_) total += share.items;
  return total;
}

void Receipt::enter(Ledger& ledger) {
  for (auto& share : shares_) {
    share.ledger = &ledger;
    ledger.in += share.items;
    ledger.held += share.items;
  }
}

void Receipt::leave(Ledger& ledger) {
  for (auto& share : shares_) {
    if (share.ledger != &ledger) continue;
    ledger.in -= share.items;
    ledger.held -= share.items;
    ledger.refused += share.items;
    share.ledger = nullptr;
  }
}

Receipt Receipt::copy() const {
  Receipt twin = fork();
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    Ledger* ledger = shares_[i].ledger;
    twin.shares_[i].ledger = ledger;
    if (!ledger) continue;
    ledger->copies += shares_[i].items;
    ledger->held += shares_[i].items;
  }
  return twin;
}

Receipt Receipt::fork() const {
  Receipt twin;
  twin.shares_ = shares_;
  for (auto& share : twin.shares_) {
    if (share.ticket) share.ticket->retain();
    share.ledger = nullptr;
  }
  return twin;
}

Receipt Receipt::split(std::size_t items) {
  Receipt head;
  std::size_t whole = 0;
  while (whole < shares_.size() && shares_[whole].items <= items) items -= shares_[whole++].items;
  head.shares_.assign(shares_.begin(), shares_.begin() + static_cast<std::ptrdiff_t>(whole));
  shares_.erase(shares_.begin(), shares_.begin() + static_cast<std::ptrdiff_t>(whole));
  if (items > 0) {
    assert(!shares_.empty());
    Share part = shares_.front();
    if (part.ticket) part.ticket->retain();
    part.items = items;
    shares_.front().items -= items;
    head.shares_.push_back(part);
  }
  return head;
}

void Receipt::append(Receipt&& other) {
  // Without tickets the parts of one pipeline are one part: a batch of a thousand requests stays small.
  for (auto& share : other.shares_) {
    if (!share.ticket && !shares_.empty() && !shares_.back().ticket && shares_.back().ledger == share.ledger)
      shares_.back().items += share.items;
    else
      shares_.push_back(share);
  }
  other.shares_.clear();
}

void Receipt::end(Share& share, Outcome outcome, Drop reason) {
  if (share.ledger) {
    share.ledger->held -= share.items;
    if (outcome == Outcome::delivered) share.ledger->delivered += share.items;
    if (outcome == Outcome::persisted) share.ledger->persisted += share.items;
    if (outcome == Outcome::dropped) share.ledger->dropped[static_cast<std::size_t>(reason)] += share.items;
  }
  // What the configuration filters out is done with, as far as the sender is concerned.
  if (share.ticket) share.ticket->settle(reason == Drop::filtered ? Outcome::delivered : outcome);
}

void Receipt::settle(Outcome outcome, Drop reason) {
  auto shares = std::exchange(shares_, {});  // a ticket's callback may destroy us
  for (auto& share : shares) end(share, outcome, reason);
}

void Receipt::forget() {
  for (auto& share : std::exchange(shares_, {})) {
    if (share.ledger) {
      share.ledger->copies -= share.items;
      share.ledger->held -= share.items;
    }
    if (share.ticket) share.ticket->settle(Outcome::delivered);
  }
}

void Receipt::drop(std::size_t items, Drop reason) {
  for (auto& share : shares_) {
    const std::size_t gone = std::min(items, share.items);
    share.items -= gone;
    items -= gone;
    if (!share.ledger) continue;
    share.ledger->held -= gone;
    share.ledger->dropped[static_cast<std::size_t>(reason)] += gone;
  }
}

void Receipt::grow(std::size_t items) {
  if (shares_.empty()) return;
  Share& share = shares_.back();
  share.items += items;
  if (!share.ledger) return;
  share.ledger->copies += items;
  share.ledger->held += items;
}

void Receipt::abandon() {
  if (shares_.empty()) return;
#ifndef NDEBUG
  std::fprintf(stderr, "fatal: a receipt died unsettled with %zu items\n", items());
  std::abort();
#else
  settle(Outcome::dropped, Drop::unsettled);
#endif
}

}  // namespace gleaner
