#include "receivers/k8spodlogs/follower.h"

#include <algorithm>

namespace gleaner::receivers::k8spodlogs {
namespace {
constexpr Duration kHungry = std::chrono::milliseconds(20);  // between two looks at a full memory budget
}  // namespace

Follower::Follower(Source source, FollowOptions options, const Surroundings& around)
    : source_(std::move(source)),
      options_(std::move(options)),
      api_(around.api),
      loop_(around.loop),
      logger_(around.logger.with(
          {{"namespace", source_.name_space}, {"pod", source_.pod}, {"container", source_.container}})),
      counters_(around.counters),
      memory_(around.memory),
      sink_(around.sink),
      timer_(around.loop) {}

void Follower::cancel() {
  stopping_ = true;
  timer_.cancel();
}

Task<bool> Follower::pause(Duration for_how_long) {
  if (stopping_) co_return false;
  (void)co_await timer_.sleep(for_how_long);
  co_return !stopping_;
}

void Follower::complain(const std::string& what) {
  if (std::exchange(complained_, what) != what)
    logger_.warn("cannot read the container's log", {{"error", what}});
}

Task<> Follower::hand_over(Chunk chunk) {
  std::size_t size = 0;
  for (const auto& line : chunk.lines) size += line.text.size() + 128;  // and what a record takes
  while (!stopping_) {
    auto booked = memory_.try_reserve(std::min(size, memory_.limit() / 2));
    if (booked) {
      chunk.memory.push_back(std::move(booked));
      break;
    }
    (void)co_await timer_.sleep(kHungry);
  }
  co_await sink_.take(source_, std::move(chunk));
}

}  // namespace gleaner::receivers::k8spodlogs
