#include "service/self_metrics.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace gleaner::service {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

std::uint64_t resident_bytes() {
  unsigned long total = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

SelfMetrics::SelfMetrics(metrics::Registry& registry) {
  const auto start = std::chrono::steady_clock::now();
  registry.gauge(
      "process_uptime", {}, "Uptime of the process.",
      [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); },
      true);
  registry.gauge(
      "process_cpu_seconds", {}, "Total CPU user and system time in seconds.", [] { return cpu_seconds(); },
      true);
  registry.gauge("process_memory_rss", {}, "Total physical memory (resident set size).",
                 [] { return static_cast<double>(resident_bytes()); });
  registry.gauge("process_runtime_heap_alloc_bytes", {}, "Bytes of allocated heap objects.",
                 [] { return static_cast<double>(::mallinfo2().uordblks + ::mallinfo2().hblkhd); });
  registry.gauge("process_runtime_total_sys_memory_bytes", {}, "Total bytes of memory obtained from the OS.",
                 [] { return static_cast<double>(::mallinfo2().arena + ::mallinfo2().hblkhd); });
}

std::string SelfMetrics::text(Figures figures, const metrics::Format& format) const {
  std::string out = metrics::text(std::move(figures.samples), format);
  out += "# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info";
  out += metrics::label_text(resource_) + " 1\n";
  out += fmt::format(
      "# HELP gleaner_memory_budget_used_bytes Received data held now.\n"
      "# TYPE gleaner_memory_budget_used_bytes gauge\ngleaner_memory_budget_used_bytes {}\n"
      "# HELP gleaner_memory_budget_limit_bytes Received data held at most.\n"
      "# TYPE gleaner_memory_budget_limit_bytes gauge\ngleaner_memory_budget_limit_bytes {}\n",
      figures.memory_used, figures.memory_limit);
  if (figures.ledgers.empty()) return out;
  const auto family = [&](std::string_view name, std::string_view kind, std::string_view help, auto&& value) {
    out += fmt::format("# HELP gleaner_ledger_{0} {1}\n# TYPE gleaner_ledger_{0} {2}\n", name, help, kind);
    for (const auto& ledger : figures.ledgers)
      out += fmt::format("gleaner_ledger_{}{{pipeline=\"{}\"}} {}\n", name, ledger.pipeline, value(ledger));
  };
  family("in", "counter", "Items that entered the pipeline.", [](const Ledger& l) { return l.in; });
  family("copies", "counter", "Items made where the pipeline fans out.",
         [](const Ledger& l) { return l.copies; });
  family("refused", "counter", "Items the sender was told to keep.",
         [](const Ledger& l) { return l.refused; });
  family("delivered", "counter", "Items handed over.", [](const Ledger& l) { return l.delivered; });
  family("persisted", "counter", "Items on disk.", [](const Ledger& l) { return l.persisted; });
  family("held", "gauge", "Items on their way.", [](const Ledger& l) { return l.held; });
  out += "# HELP gleaner_ledger_dropped Items given up.\n# TYPE gleaner_ledger_dropped counter\n";
  for (const auto& ledger : figures.ledgers)
    for (std::size_t i = 1; i < ledger.dropped.size(); ++i)
      if (ledger.dropped[i])
        out += fmt::format("gleaner_ledger_dropped{{pipeline=\"{}\",reason=\"{}\"}} {}\n", ledger.pipeline,
                           drop_name(static_cast<Drop>(i)), ledger.dropped[i]);
  return out;
}

}  // namespace gleaner::service
