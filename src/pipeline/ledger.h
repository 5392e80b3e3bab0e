#pragma once
// Law 1: every item that enters a pipeline ends in exactly one of delivered, persisted, dropped{reason}.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gleaner {

enum class Outcome : std::uint8_t { delivered, persisted, dropped };

/// Why an item was dropped.
enum class Drop : std::uint8_t {
  none,
  filtered,           ///< the configuration says so
  queue_full,         ///< refused by a full queue behind a component that had already said yes
  permanent_error,    ///< the backend will never take it
  retries_exhausted,  ///< max_elapsed_time passed
  shutdown,           ///< still undelivered when gleaner had to stop
  downstream_error,   ///< refused downstream of a component that had already said yes
  unsettled,          ///< a bug: a receipt died without a word
  count,
};
std::string_view drop_name(Drop reason);

/// The books of one pipeline. in + copies == delivered + persisted + dropped + held, at every moment.
struct Ledger {
  std::string pipeline;  ///< as the user names it: "logs/app"
  std::uint64_t in = 0;
  std::uint64_t copies = 0;   ///< made where a pipeline fans out to several exporters
  std::uint64_t refused = 0;  ///< never entered: the sender was told to keep it
  std::uint64_t delivered = 0;
  std::uint64_t persisted = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::count)> dropped{};
  std::uint64_t held = 0;  ///< counted by the receipts that are alive, not computed from the rest

  std::uint64_t all_dropped() const {
    std::uint64_t total = 0;
    for (const auto n : dropped) total += n;
    return total;
  }
  /// The books of the same pipeline on another lane, added.
  Ledger& operator+=(const Ledger& other) {
    in += other.in;
    copies += other.copies;
    refused += other.refused;
    delivered += other.delivered;
    persisted += other.persisted;
    held += other.held;
    for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
    return *this;
  }
  bool balanced() const { return in + copies == delivered + persisted + all_dropped() + held; }
};

}  // namespace gleaner
