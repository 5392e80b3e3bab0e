#include "service/ending.h"

#include <fmt/format.h>

#include <cstdlib>

namespace gleaner::service {
namespace {

// A drain that lasts longer is reported: kubelets wait for 30 s, as a rule, and then kill.
constexpr Duration kLong = std::chrono::seconds(25);
constexpr Duration kStep = std::chrono::seconds(3);  // in which something has to move, from then on
constexpr Duration kLastWords = std::chrono::milliseconds(500);  // for counting what is held, before the end
constexpr Duration kLook = std::chrono::milliseconds(200);       // while lingering
constexpr Duration kQuiet = std::chrono::seconds(1);

std::uint64_t settled(const Figures& figures) {
  std::uint64_t sum = 0;
  for (const auto& ledger : figures.ledgers)
    sum += ledger.delivered + ledger.persisted + ledger.all_dropped();
  return sum;
}
std::uint64_t came(const Figures& figures) {
  std::uint64_t sum = 0;
  for (const auto& ledger : figures.ledgers) sum += ledger.in + ledger.refused;
  return sum;
}
bool anyone_connected(const Figures& figures) {
  for (const auto& sample : figures.samples)
    if (sample.name == "receiver_open_connections" && sample.value > 0) return true;
  return false;
}

}  // namespace

Ending::Ending(Loop& loop, const log::Logger& logger, const Options& options, Ask figures)
    : loop_(loop), logger_(logger), options_(options), figures_(std::move(figures)) {}

void Ending::begin() { gate_.spawn(watch()); }

Task<> Ending::watch() {
  if (options_.limit > Duration{0}) {
    if (co_await timer_.sleep(options_.limit))
      at_once("Shutdown takes longer than --shutdown-timeout: ending now");
    co_return;
  }
  if (!co_await timer_.sleep(kLong)) co_return;
  co_await report_held("Shutdown takes long");
  if (!options_.while_it_moves) co_return;
  for (;;) {
    const std::uint64_t before = settled(co_await figures_());
    if (!co_await timer_.sleep(kStep)) co_return;
    if (settled(co_await figures_()) == before) break;
  }
  at_once("Nothing moves any more, and a pod has 30 s to end: ending now (--shutdown-timeout changes it)");
}

Task<> Ending::linger() {
  if (options_.linger <= Duration{0}) co_return;
  logger_.info("Lingering for data that is still coming",
               {{"at_most", fmt::format("{}s", std::chrono::duration<double>(options_.linger).count())}});
  const TimePoint end = loop_.now() + options_.linger;
  TimePoint quiet_since = loop_.now();
  std::uint64_t last = 0;
  Timer timer(loop_);
  while (loop_.now() < end && co_await timer.sleep(kLook)) {
    const Figures now = co_await figures_();
    const std::uint64_t count = came(now);
    if (count != last || anyone_connected(now))
      quiet_since = loop_.now();
    else if (loop_.now() - quiet_since >= kQuiet)
      break;
    last = count;
  }
}

void Ending::at_once(std::string_view message) {
  logger_.error(message);
  last_words_.start(loop_.now() + kLastWords, [](bool came) {
    if (came) std::_Exit(1);
  });
  gate_.spawn(report_and_exit());
}

Task<> Ending::over() {
  timer_.cancel();
  co_await gate_.join();
}

/// What is on its way in each pipeline, which nobody has delivered or kept yet.
Task<> Ending::report_held(std::string_view message) {
  const Figures now = co_await figures_();
  for (const auto& ledger : now.ledgers)
    if (ledger.held > 0) logger_.warn(message, {{"pipeline", ledger.pipeline}, {"held", ledger.held}});
}

Task<> Ending::report_and_exit() {
  co_await report_held("Lost at the end");
  std::_Exit(1);
}

}  // namespace gleaner::service
