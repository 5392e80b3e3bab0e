#include "service/collector.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include "base/cgroup.h"
#include "base/loop.h"
#include "service/config_watch.h"
#include "service/ending.h"
#include "service/fetch.h"
#include "service/heap.h"
#include "service/lane.h"
#include "service/metrics_server.h"
#include "service/os_signals.h"
#include "service/outline.h"
#include "service/resource.h"
#include "service/self_metrics.h"

namespace gleaner::service {
namespace {

constexpr std::size_t kMemoryBudget =
    64 << 20;  // bytes of received data held at once, until memory_limiter says otherwise

constexpr std::size_t kLeastBudget = 24 << 20;  // of a lane: the largest request has to fit (20 MiB of body)

/// Bytes of received data held at once by all lanes. In a small container three eighths of it: as much again
/// is what the data costs while it is encoded and sent, the rest is the program's. Less than that is refused
/// before the kernel kills.
std::size_t memory_budget() { return std::min<std::uint64_t>(kMemoryBudget, memory_available() / 8 * 3); }

constexpr Duration kSettled =
    std::chrono::seconds(5);  // by then connections are up: handshakes and first scrapes are over

extern "C" char __executable_start, etext;  // NOLINT(bugprone-reserved-identifier): the linker's

constexpr Duration kSameSignal = std::chrono::milliseconds(200);  // shells and wrappers pass one on twice

/// Gives back what only the start needed: freed heap, and the program's own pages (they are clean: what runs
/// on comes back from the page cache).
void shed_start_up() {
  ::malloc_trim(0);
  constexpr std::uintptr_t kPage = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start) & ~(kPage - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext) & ~(kPage - 1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a page, not an object
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

log::Level level_of(const std::string& name) {
  const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
  if (c == 'd')
    return name.size() == 5 && (name[1] == 'e' || name[1] == 'E') ? log::Level::debug : log::Level::error;
  return c == 'i' ? log::Level::info : c == 'w' ? log::Level::warn : log::Level::error;
}

bool in_a_pod() { return std::getenv("KUBERNETES_SERVICE_HOST") != nullptr; }

int complain(const std::string& what) {
  std::fprintf(stderr, "Error: %s\n", what.c_str());
  return 1;
}

std::vector<std::unique_ptr<Lane>> first_lane(Loop& loop, const log::Logger& logger) {
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(std::make_unique<Lane>(loop, logger, 0));
  return lanes;
}

/// One configuration in service.
class Collector {
 public:
  explicit Collector(const Options& options) : options_(options) {
    (void)std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error of a write, as a full disk is
  }

  int run() {
    config::Problems problems;
    auto assembly = load(options_, problems);
    if (!assembly) return complain(assembly.error().what);
    configure_log(assembly->service.telemetry.logs);
    logger_.info(fmt::format("Starting {}...", options_.command),
                 {{"Version", options_.version}, {"NumCPU", std::thread::hardware_concurrency()}});
    warn(problems);
    if (options_.watch) watch_.start();
    loop_.run_until_done(live(std::move(*assembly)));
    return exit_code_;
  }

 private:
  Task<> live(Assembly assembly) {
    const bool up = co_await bring_up(std::move(assembly));
    int ended_by = 0;
    while (up) {
      const int signal = ended_by = co_await next_signal();
      if (signal != SIGHUP) {
        if (signal > 0)
          logger_.info("Received signal from OS",
                       {{"signal", signal == SIGTERM ? "terminated" : "interrupt"}});
        break;
      }
      co_await reload(std::exchange(asked_to_reload_, false));
      if (!lanes_.front()->running()) break;
    }
    co_await watch_.stop();
    if (!lanes_.front()->running()) co_return;
    ending_.begin();
    if (ended_by == SIGTERM) co_await ending_.linger();
    logger_.info("Starting shutdown...");
    if (!co_await take_down()) exit_code_ = 1;
    co_await ending_.over();
    logger_.info("Shutdown complete.");
  }

  /// Own metrics come before the pipelines: a taken port ends the start, as in the reference.
  Result<> serve_metrics(const TelemetryConfig& config) {
    metrics::Labels resource = resource_of(config.resource, options_.command, options_.version, instance_id_);
    metrics::Labels labels;
    for (const auto& [name, value] : resource) labels.emplace_back(metrics::label_name(name), value);
    self_.set_resource(std::move(labels));
    for (auto& endpoint : metrics_endpoints(config, resource, options_.version)) {
      metrics_servers_.push_back(std::make_unique<MetricsServer>(
          loop_, self_, [this] { return figures(); }, std::move(endpoint)));
      if (auto ok = metrics_servers_.back()->start(); !ok) return ok;
    }
    if (config.metrics.level == "none") logger_.info("Internal metrics telemetry disabled");
    return {};
  }
  Task<> stop_metrics() {
    for (auto& server : metrics_servers_) co_await server->stop();
    metrics_servers_.clear();
  }
  Task<Figures> figures() {
    Figures all = co_await lanes_.front()->figures();
    for (std::size_t i = 1; i < lanes_.size(); ++i)
      if (lanes_[i]->running()) all.absorb(co_await lanes_[i]->figures());
    co_return all;
  }

  Task<std::vector<Trouble>> troubles() {
    Figures all = co_await figures();
    co_return std::move(all.troubles);
  }

  Task<bool> bring_up(Assembly assembly) {
    if (auto ok = serve_metrics(assembly.service.telemetry); !ok) {
      exit_code_ = complain(ok.error().what);
      co_await stop_metrics();
      co_return false;
    }
    const bool up = co_await start_lanes(std::move(assembly));
    if (!up) co_await stop_metrics();
    co_return up;
  }

  /// The first lane comes last: it tells probes that all is ready.
  Task<bool> start_lanes(Assembly assembly) {
    const std::size_t wanted = lanes_for(assembly);
    if (options_.lanes && wanted != lanes_wanted(options_))
      logger_.warn("Running on one lane: a component cannot be shared by several",
                   {{"component", kept_on_one_lane(assembly)}});
    make_lanes(wanted);
    outline_ = outline(assembly);
    if (wanted > 1) logger_.info("Running on several lanes", {{"lanes", wanted}});
    for (std::size_t i = wanted; i-- > 0;) {
      auto started = co_await lanes_[i]->start(assembly, options_.version,
                                               [this](Error error) { fatal(std::move(error)); });
      if (started) continue;
      exit_code_ = complain(started.error().what);
      (void)co_await stop_lanes();
      co_return false;
    }
    logger_.info("Everything is ready. Begin running and processing data.");
    shed_start_up();
    shed_.start(loop_.now() + kSettled, [](bool came) {
      if (came) shed_start_up();
    });
    co_return true;
  }

  /// As many as the options say, unless something in use can be there once only.
  std::size_t lanes_for(const Assembly& assembly) const {
    return kept_on_one_lane(assembly).empty() ? lanes_wanted(options_) : 1;
  }
  void make_lanes(std::size_t wanted) {
    lanes_.front()->tell([this] { return troubles(); });
    while (lanes_.size() < wanted) lanes_.push_back(std::make_unique<Lane>(loop_, logger_, lanes_.size()));
    const std::size_t all = memory_budget();
    const std::size_t share = all < kMemoryBudget ? all / wanted : std::max(all / wanted, kLeastBudget);
    for (std::size_t i = 0; i < wanted; ++i) lanes_[i]->share(wanted, share);
  }
  std::size_t lanes_running() const {
    return static_cast<std::size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->running(); }));
  }

  /// All at once, beginning with the first lane, which tells probes that this is the end.
  Task<Result<>> stop_lanes() {
    Result<> first;
    books_.clear();
    Gate gate;
    for (auto& lane : lanes_)
      if (lane->running()) gate.spawn(stop_lane(*lane, first));
    co_await gate.join();
    co_return first;
  }
  Task<> stop_lane(Lane& lane, Result<>& first) {
    auto stopped = co_await lane.stop(books_);
    if (!stopped && first) first = std::move(stopped);
  }

  Task<bool> take_down() {
    shed_.cancel();
    auto stopped = co_await stop_lanes();
    if (!stopped) logger_.error("Shutdown failed", {{"error", stopped.error().what}});
    report_ledgers();
    co_await stop_metrics();
    co_return stopped.has_value();
  }

  /// The new configuration is checked and built before the old one stops: a bad file changes nothing. What
  /// differs restarts, the rest goes on. Without a difference somebody who asked means the files that the
  /// configuration names: all restarts then.
  Task<> reload(bool asked) {
    logger_.warn("Config updated, restart service");
    config::Problems problems;
    auto assembly = load(options_, problems);
    if (assembly)
      if (auto trial = lanes_.front()->trial(*assembly, options_.version); !trial)
        assembly = fail(std::move(trial.error()));
    if (!assembly) {
      metrics_of_reloads("refused").add(1);
      logger_.error("The new configuration is refused, the old one stays",
                    {{"error", assembly.error().what}});
      co_return;
    }
    metrics_of_reloads("done").add(1);
    warn(problems);
    const Outline next = outline(*assembly);
    const bool in_parts = next.frame == outline_.frame && lanes_for(*assembly) == lanes_running();
    const Staying stay = in_parts ? staying(outline_, next) : Staying{};
    configure_log(assembly->service.telemetry.logs);
    if (in_parts && (!stay.all || !asked)) {
      co_await change(std::move(*assembly), stay);
    } else {
      (void)co_await take_down();
      (void)co_await bring_up(std::move(*assembly));
    }
  }

  /// When parts of the new configuration do not start, that is the end.
  Task<> change(Assembly assembly, const Staying& stay) {
    outline_ = outline(assembly);
    if (stay.all) co_return logger_.info("Nothing differs in what runs");
    books_.clear();
    Result<> first;
    for (auto& lane : lanes_) {
      if (!lane->running()) continue;
      auto changed = co_await lane->change(assembly, stay, books_);
      if (!changed && first) first = std::move(changed);
    }
    if (first) {
      co_return logger_.info("The new configuration is in service",
                             {{"receivers_untouched", stay.receivers.size()},
                              {"pipelines_untouched", stay.pipelines.size()},
                              {"exporters_untouched", stay.exporters.size()}});
    }
    exit_code_ = complain(first.error().what);
    auto rest = std::move(books_);
    (void)co_await stop_lanes();
    absorb(books_, rest);
    report_ledgers();
    co_await stop_metrics();
  }
  metrics::Counter& metrics_of_reloads(std::string_view outcome) {
    return lanes_.front()->registry().counter("config_reloads", {{"outcome", std::string(outcome)}},
                                              "Configurations that were read again.");
  }

  Task<int> next_signal() {
    while (pending_ == 0) co_await arrived_.wait();
    co_return std::exchange(pending_, 0);
  }
  /// Signals may come while a reload is under way: a stop is never replaced by a later reload.
  void wake(int signal) {
    if (signal == SIGTERM || signal == SIGINT) {
      if (asked_to_end_ && loop_.now() - *asked_to_end_ > kSameSignal)
        return ending_.at_once("Received a second signal from OS: ending now");
      if (!asked_to_end_) asked_to_end_ = loop_.now();
    }
    if (signal == SIGHUP) asked_to_reload_ = true;
    come(signal);
  }
  void come(int signal) {
    if (pending_ == 0 || pending_ == SIGHUP) pending_ = signal;
    arrived_.notify_all();
  }
  void fatal(Error error) {
    logger_.error("Asynchronous error received, terminating process", {{"error", error.what}});
    loop_.post([this] { wake(-1); });
  }

  void configure_log(const LogsConfig& config) {
    log::Sink::Options options;
    options.level = level_of(config.level);
    options.encoding = config.encoding == "json" ? log::Encoding::json : log::Encoding::console;
    options.sampling = config.sampling.has_value();
    if (config.sampling) {
      options.initial = config.sampling->initial;
      options.thereafter = config.sampling->thereafter;
    }
    sink_.configure(options);
  }
  void warn(const config::Problems& problems) {
    for (const auto& problem : problems.all())
      if (problem.weight == config::Problem::Weight::warning) logger_.unsampled().warn(problem.text());
  }
  void report_ledgers() {
    for (const auto& ledger : books_)
      logger_.info("Ledger", {{"pipeline", ledger.pipeline},
                              {"in", ledger.in},
                              {"copies", ledger.copies},
                              {"delivered", ledger.delivered},
                              {"persisted", ledger.persisted},
                              {"dropped", ledger.all_dropped()},
                              {"held", ledger.held},
                              {"refused", ledger.refused}});
  }

  const Options options_;
  Loop loop_;
  OsSignals signals_{loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int signal) { wake(signal); }};
  log::Sink sink_;
  log::Logger logger_{sink_};
  std::vector<std::unique_ptr<Lane>> lanes_ = first_lane(loop_, logger_);
  SelfMetrics self_{lanes_.front()->registry()};
  std::vector<Ledger> books_;  // of the lanes that stopped
  std::vector<std::unique_ptr<MetricsServer>> metrics_servers_;
  const std::string instance_id_ = random_uuid();
  Timer shed_{loop_};
  Ending ending_{loop_,
                 logger_,
                 {options_.linger, options_.shutdown_timeout.value_or(Duration{0}),
                  !options_.shutdown_timeout && in_a_pod()},
                 [this] { return figures(); }};
  std::optional<TimePoint> asked_to_end_;
  bool asked_to_reload_ = false;  // by a signal, not by a file
  ConfigWatch watch_{loop_, options_.configs, [this] { come(SIGHUP); }};
  Outline outline_;  // of what runs
  Signal arrived_;
  int pending_ = 0;
  int exit_code_ = 0;
};

}  // namespace

Result<config::Node> load_tree(const Options& options, config::Problems& problems) {
  if (options.configs.empty()) return fail(Fault::config, "at least one config flag must be provided");
  auto environment = config::Environment::process();
  environment.fetch = fetch;
  auto tree = config::load(options.configs, options.sets, environment, problems);
  if (!tree)
    return fail(std::move(tree.error()).in("failed to get config: cannot resolve the configuration"));
  return tree;
}

Result<Assembly> check(const Options& options, const config::Node& tree, config::Problems& problems) {
  Assembly assembly = assemble(tree, problems, options.profiles);
  if (problems.any_errors()) {
    const auto n = problems.errors();
    return fail(Fault::config, fmt::format("invalid configuration: {} {}\n{}", n,
                                           n == 1 ? "problem" : "problems", problems.errors_text()));
  }
  return assembly;
}

Result<Assembly> load(const Options& options, config::Problems& problems) {
  auto tree = load_tree(options, problems);
  if (!tree) return fail(std::move(tree.error()));
  return check(options, *tree, problems);
}

std::size_t lanes_wanted(const Options& options) {
  return options.lanes ? options.lanes : lanes_by_cpu_limit();
}

int run(const Options& options) { return Collector(options).run(); }

int validate(const Options& options) {
  config::Problems problems;
  auto assembly = load(options, problems);
  for (const auto& problem : problems.all())
    if (problem.weight == config::Problem::Weight::warning)
      std::fprintf(stderr, "warning: %s\n", problem.text().c_str());
  if (!assembly) return complain(assembly.error().what);
  Loop loop;
  log::Sink sink;
  metrics::Registry registry;
  Budget memory(kMemoryBudget);
  const Host host{loop, log::Logger(sink), registry, memory, options.version, [](Error) {}};
  if (auto graph = Graph::build(*assembly, host); !graph)
    return complain("failed to build pipelines: " + graph.error().what);
  return 0;
}

}  // namespace gleaner::service
