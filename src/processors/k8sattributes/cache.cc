#include "processors/k8sattributes/cache.h"

#include "processors/k8sattributes/facts.h"

namespace gleaner::processors::k8sattributes {

Cache::Found Cache::pod(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second->packed;
}

Cache::Found Cache::find(Kind kind, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto& slots = kinds_[static_cast<std::size_t>(kind)];
  const auto found = slots.find(key);
  return found == slots.end() ? nullptr : found->second.packed;
}

std::size_t Cache::size(Kind kind) const {
  const std::lock_guard lock(mutex_);
  return kinds_[static_cast<std::size_t>(kind)].size();
}

/// Takes a pod's ids out of the index, but for those that lead to another by now.
void Cache::unlink(Slot& slot) {
  for (const auto id : ids_of(*slot.packed)) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end() && found->second == &slot) by_id_.erase(found);
  }
}

bool Cache::put(Kind kind, std::string_view key, std::string packed, std::uint64_t started) {
  if (key.empty()) return false;
  auto made = std::make_shared<const std::string>(std::move(packed));
  // The key must live in what it leads to.
  const auto at = made->find(key);
  if (at == std::string::npos) return false;
  const std::string_view own = std::string_view(*made).substr(at, key.size());
  const std::lock_guard lock(mutex_);
  auto& slots = kinds_[static_cast<std::size_t>(kind)];
  if (const auto before = slots.find(key); before != slots.end()) {
    if (kind == Kind::pod) unlink(before->second);
    slots.erase(before);
  } else if (slots.size() >= kMost) {
    return false;
  }
  Slot& slot = slots[own];
  slot.packed = std::move(made);
  slot.started = started;
  slot.generation = generations_[static_cast<std::size_t>(kind)];
  if (kind != Kind::pod) return true;
  for (const auto id : ids_of(*slot.packed)) {
    if (const auto other = by_id_.find(id); other != by_id_.end()) {
      // An address that a newer pod has by now is not the older one's again when word of that one comes late.
      const auto theirs = other->second->started;
      if (started && theirs && started < theirs) continue;
      by_id_.erase(other);
    }
    by_id_.emplace(id, &slot);
  }
  return true;
}

void Cache::bury(std::string_view uid, Slot& slot, TimePoint until) {
  if (slot.dying) return;
  slot.dying = true;
  dying_.push_back({until, std::string(uid)});
}

void Cache::remove(Kind kind, std::string_view key, TimePoint until) {
  const std::lock_guard lock(mutex_);
  auto& slots = kinds_[static_cast<std::size_t>(kind)];
  const auto found = slots.find(key);
  if (found == slots.end()) return;
  if (kind == Kind::pod)
    bury(found->first, found->second, until);
  else
    slots.erase(found);
}

void Cache::begin_list(Kind kind) {
  const std::lock_guard lock(mutex_);
  ++generations_[static_cast<std::size_t>(kind)];
}

void Cache::end_list(Kind kind, TimePoint until) {
  const std::lock_guard lock(mutex_);
  auto& slots = kinds_[static_cast<std::size_t>(kind)];
  const auto now = generations_[static_cast<std::size_t>(kind)];
  for (auto at = slots.begin(); at != slots.end();) {
    if (at->second.generation == now) {
      ++at;
    } else if (kind == Kind::pod) {
      bury(at->first, at->second, until);
      ++at;
    } else {
      at = slots.erase(at);
    }
  }
}

std::optional<TimePoint> Cache::sweep(TimePoint now) {
  const std::lock_guard lock(mutex_);
  auto& pods = kinds_[static_cast<std::size_t>(Kind::pod)];
  while (!dying_.empty() && dying_.front().when <= now) {
    const auto found = pods.find(dying_.front().uid);
    if (found != pods.end() && found->second.dying) {
      unlink(found->second);
      pods.erase(found);
    }
    dying_.pop_front();
  }
  if (dying_.empty()) return std::nullopt;
  return dying_.front().when;
}

}  // namespace gleaner::processors::k8sattributes
