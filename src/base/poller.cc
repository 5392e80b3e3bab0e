#include "base/poller.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

namespace gleaner {
namespace {

constexpr std::size_t kEvents = 128;  // a wake-up; what is left comes with the next one

constexpr std::size_t index_of(Want want) { return static_cast<std::size_t>(want); }

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Poller::Slot* Poller::find(Id id) {
  if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation) return nullptr;
  return &slots_[id.slot];
}

Poller::Id Poller::add(int fd, bool& watched) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const Id id{free_.back(), slots_[free_.back()].generation};
  free_.pop_back();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = (std::uint64_t{id.generation} << 32) | id.slot;
  watched = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  return id;
}

void Poller::detach(Id id, int fd) {
  if (find(id)) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::remove(Id id) {
  Slot* slot = find(id);
  if (!slot) return;
  forget(id, Want::read);
  forget(id, Want::write);
  slot->ready = slot->ended = {};
  ++slot->generation;
  free_.push_back(id.slot);
}

bool Poller::wait(Id id, Want want, Call then) {
  Slot* slot = find(id);
  if (!slot) return true;
  const auto i = index_of(want);
  if (!slot->then[i]) ++waiting_;
  slot->then[i] = std::move(then);
  return !slot->ready[i];
}

void Poller::call(Id id, Want want) {
  Slot* slot = find(id);
  if (!slot) return;
  // The call may register and remove others, and this one: the slot is of no more use after it.
  if (auto then = std::exchange(slot->then[index_of(want)], nullptr)) {
    --waiting_;
    then();
  }
}

void Poller::forget(Id id, Want want) {
  Slot* slot = find(id);
  if (!slot || !slot->then[index_of(want)]) return;
  slot->then[index_of(want)] = nullptr;
  --waiting_;
}

void Poller::used_up(Id id, Want want) {
  if (Slot* slot = find(id)) slot->ready[index_of(want)] = slot->ended[index_of(want)];
}

bool Poller::poll(int milliseconds) {
  std::array<epoll_event, kEvents> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const Id id{static_cast<std::uint32_t>(event.data.u64), static_cast<std::uint32_t>(event.data.u64 >> 32)};
    Slot* slot = find(id);
    if (!slot) continue;
    const std::uint32_t what = event.events;
    const bool broken = (what & (EPOLLHUP | EPOLLERR)) != 0;
    // A peer's end may come with its last bytes: reading those alone must not make one wait for the end.
    if (broken || (what & EPOLLRDHUP)) slot->ended[0] = true;
    if (broken) slot->ended[1] = true;
    if (slot->ended[0] || (what & EPOLLIN)) slot->ready[0] = true;
    if (slot->ended[1] || (what & EPOLLOUT)) slot->ready[1] = true;
    const bool write = slot->ready[1];
    if (slot->ready[0]) call(id, Want::read);
    if (write) call(id, Want::write);
  }
  return count > 0;
}

}  // namespace gleaner
