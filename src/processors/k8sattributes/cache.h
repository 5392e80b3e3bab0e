#pragma once
// What is known of the cluster. One thread writes, those of all lanes read: a lock around each look-up, once
// for a resource, never for an item. docs/decisions/0013
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/loop.h"
#include "processors/k8sattributes/rules.h"

namespace gleaner::processors::k8sattributes {

class Cache {
 public:
  static constexpr std::size_t kMost = 100'000;  ///< objects of a kind; more are left out

  /// A packed Facts; stays as it is while it is held.
  using Found = std::shared_ptr<const std::string>;
  Found pod(std::string_view id) const;
  /// Namespaces and nodes by name, the others by uid.
  Found find(Kind kind, std::string_view key) const;

  // For the one who writes.

  /// @return false when there is no room, or nothing to find it by
  bool put(Kind kind, std::string_view key, std::string packed, std::uint64_t started);
  /// A pod stays until sweep() comes past `until`; others go at once.
  void remove(Kind kind, std::string_view key, TimePoint until);
  /// What is not put() between the two is removed by end_list().
  void begin_list(Kind kind);
  void end_list(Kind kind, TimePoint until);
  /// Forgets pods whose time has come. @return when the next one's will have
  std::optional<TimePoint> sweep(TimePoint now);
  std::size_t size(Kind kind) const;

  /// True for the first to ask until it lets go: who watches the API server for all.
  bool take_charge() { return !charged_.exchange(true); }
  void leave_charge() { charged_ = false; }

 private:
  struct Slot {
    Found packed;
    std::uint64_t started = 0;
    std::uint32_t generation = 0;
    bool dying = false;
  };
  using Slots = std::unordered_map<std::string_view, Slot>;  // keys are views into what they lead to
  struct Dying {
    TimePoint when;
    std::string uid;
  };
  void unlink(Slot& slot);
  void bury(std::string_view uid, Slot& slot, TimePoint until);

  mutable std::mutex mutex_;
  Slots kinds_[static_cast<std::size_t>(Kind::count)];
  std::uint32_t generations_[static_cast<std::size_t>(Kind::count)] = {};
  std::unordered_map<std::string_view, Slot*> by_id_;
  std::deque<Dying> dying_;  // in order of time, as all wait equally long
  std::atomic<bool> charged_ = false;
};

}  // namespace gleaner::processors::k8sattributes
