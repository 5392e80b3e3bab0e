#include "deploy/fargate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "deploy/tree.h"
#include "k8s/quantity.h"

namespace gleaner::deploy {
namespace {

constexpr std::int64_t kMiB = 1 << 20, kHalfGB = 512 * kMiB;
constexpr std::int64_t kReserved = 256 * kMiB;  ///< kubelet, kube-proxy and containerd
constexpr double kHoursOfMonth = 730;

/// CPU, and memory from, to and by, in half GB. The smallest has 0.5, 1 and 2.
struct Row {
  std::int64_t cpu, least, most, by;
};
constexpr Row kRows[] = {{250, 1, 4, 1},    {500, 2, 8, 2},     {1000, 4, 16, 2},    {2000, 8, 32, 2},
                         {4000, 16, 60, 2}, {8000, 32, 120, 8}, {16000, 64, 240, 16}};

constexpr Price kPrices[] = {{"us-east-1", 0.04048, 0.004445}, {"ap-northeast-1", 0.05056, 0.00553}};

Result<std::int64_t> amount(const Node& container, std::string_view what, bool thousandths) {
  for (const std::string_view kind : {"resources.requests.", "resources.limits."}) {
    const std::string text = text_at(container, std::string(kind) + std::string(what));
    if (text.empty()) continue;
    const auto parsed = k8s::Quantity::parse(text);
    if (!parsed) return fail(Fault::config, text_at(container, "name") + ": " + parsed.error().what);
    if (!thousandths) return parsed->whole();
    constexpr __int128 kMilli = 1'000'000;
    return static_cast<std::int64_t>((parsed->nanos() + kMilli - 1) / kMilli);
  }
  return 0;
}

Needs operator+(const Needs& a, const Needs& b) { return {a.cpu + b.cpu, a.memory + b.memory}; }
Needs larger(const Needs& a, const Needs& b) {
  return {std::max(a.cpu, b.cpu), std::max(a.memory, b.memory)};
}

std::string mib(std::int64_t bytes) { return fmt::format("{} MiB", bytes / kMiB); }
std::string money(double value) { return fmt::format("{:.2f}", value); }

}  // namespace

const Price* price_of(std::string_view region) {
  for (const Price& price : kPrices)
    if (price.region == region) return &price;
  return nullptr;
}

std::string Size::text() const {
  return fmt::format("{} vCPU, {} GB", static_cast<double>(cpu) / 1000,
                     static_cast<double>(memory) / (2 * kHalfGB));
}
double Size::month(const Price& price) const {
  return kHoursOfMonth * (static_cast<double>(cpu) / 1000 * price.cpu_hour +
                          static_cast<double>(memory) / (2 * kHalfGB) * price.gb_hour);
}

Result<Needs> needs_of(const Node& container) {
  const auto cpu = amount(container, "cpu", true), memory = amount(container, "memory", false);
  if (!cpu) return fail(cpu.error());
  if (!memory) return fail(memory.error());
  return Needs{*cpu, *memory};
}

Result<Needs> pod_needs(const Node& pod_spec) {
  Needs start, sidecars, run;
  if (const Node* init = pod_spec.find("initContainers"); init && init->is_list())
    for (const Node& container : init->items()) {
      auto its = needs_of(container);
      if (!its) return its;
      start = larger(start, sidecars + *its);
      if (text_at(container, "restartPolicy") == "Always") sidecars = sidecars + *its;
    }
  if (const Node* containers = pod_spec.find("containers"); containers && containers->is_list())
    for (const Node& container : containers->items()) {
      auto its = needs_of(container);
      if (!its) return its;
      run = run + *its;
    }
  return larger(start, run + sidecars);
}

std::optional<Size> size_for(const Needs& needs) {
  const std::int64_t memory = needs.memory + kReserved;
  for (const Row& row : kRows) {
    if (row.cpu < needs.cpu) continue;
    for (std::int64_t halves = row.least; halves <= row.most; halves += row.by) {
      if (row.cpu == 250 && halves == 3) continue;
      if (halves * kHalfGB >= memory) return Size{row.cpu, halves * kHalfGB};
    }
  }
  return std::nullopt;
}

Result<std::string> sizing(const Node& pod_spec, const std::string& title, const Node* sidecar, bool native,
                           const Price& price) {
  Node alone = pod_spec;
  Node own;
  for (const std::string_view where : {"containers", "initContainers"})
    if (Node* containers = alone.find(where); containers && containers->is_list())
      std::erase_if(containers->items(), [&](const Node& container) {
        if (text_at(container, "name") != "otc-container") return false;
        own = container;
        return true;
      });
  if (!sidecar && own.is_null())
    return fail(Fault::config, title + ": has no otc-container: name a sidecar by --sidecar or --config");
  Node added = sidecar ? *sidecar : own;
  Node with = alone;
  if (native) added["restartPolicy"] = text("Always");
  Node& beside = with[native ? "initContainers" : "containers"];
  append(beside, nullptr);
  beside.items().push_back(added);

  const auto app = pod_needs(alone), both = pod_needs(with), its = needs_of(added);
  for (const auto* result : {&app, &both, &its})
    if (!*result) return fail(Error(result->error()).in(title));
  const auto before = size_for(*app), after = size_for(*both);
  if (!before || !after) return fail(Fault::config, title + ": is larger than any pod of Fargate");

  std::string out = fmt::format("{}: asks for {}m CPU, {}\n", title, app->cpu, mib(app->memory));
  const double plain = before->month(price), full = after->month(price);
  out += fmt::format("  alone         {:<22} {:>8} USD a month\n", before->text(), money(plain));
  out += fmt::format("  with sidecar  {:<22} {:>8} USD a month, {} more ({}m CPU, {}, {})\n", after->text(),
                     money(full), money(full - plain), its->cpu, mib(its->memory),
                     native ? "native" : "ordinary");
  const std::int64_t cpu = before->cpu - app->cpu, memory = before->memory - kReserved - app->memory;
  if (full <= plain) {
    out += fmt::format("  it is free: the class has room for {}m CPU and {}\n", cpu, mib(memory));
    return out;
  }
  out += "  to have it free:";
  if (its->cpu > cpu)
    out +=
        cpu > 0
            ? fmt::format(" ask for {}m CPU at most for it", cpu)
            : std::string(
                  " leave its CPU request out (the application's fills the class; it runs on what is idle)");
  if (its->memory > memory)
    out += fmt::format("{} ask for {} at most for it", its->cpu > cpu ? " and" : "",
                       mib(std::max<std::int64_t>(memory, 0)));
  if (its->cpu <= cpu && its->memory <= memory) out += " make the requests of the init containers smaller";
  std::string less;
  if (its->cpu > cpu) less += fmt::format("{}m CPU", its->cpu - cpu);
  if (its->memory > memory)
    less += fmt::format("{}{}", less.empty() ? "" : " and ", mib(its->memory - memory));
  out += less.empty() ? "\n" : fmt::format(", or let the application ask for {} less\n", less);
  return out;
}

}  // namespace gleaner::deploy
