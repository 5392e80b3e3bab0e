#include "main/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "service/components.h"

namespace gleaner::main_program {
namespace {

template <class Factory>
void print_kind(std::string_view title, std::span<const Factory> factories, std::string_view version) {
  fmt::print("{}:\n", title);
  std::vector<const Factory*> sorted;
  for (const auto& factory : factories) sorted.push_back(&factory);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->type < b->type; });
  for (const auto* factory : sorted) {
    fmt::print("    - name: {}\n      module: gleaner v{}\n      stability:\n", factory->type, version);
    if (!factory->signals) fmt::print("        extension: Beta\n");
    for (const auto signal : {SignalKind::logs, SignalKind::metrics, SignalKind::traces})
      if (factory->signals & bit(signal)) fmt::print("        {}: Beta\n", signal_name(signal));
  }
}

}  // namespace

int print_components(std::string_view command, std::string_view version) {
  fmt::print("buildinfo:\n    command: {}\n    description: gleaner telemetry collector\n    version: {}\n",
             command, version);
  print_kind("receivers", service::receivers(), version);
  print_kind("processors", service::processors(), version);
  print_kind("exporters", service::exporters(), version);
  fmt::print("connectors: []\n");
  print_kind("extensions", service::extensions(), version);
  fmt::print("providers:\n");
  for (const auto scheme : {"env", "file", "http", "https", "yaml"})
    fmt::print("    - scheme: {}\n      module: gleaner v{}\n", scheme, version);
  fmt::print("converters: []\n");
  return 0;
}

}  // namespace gleaner::main_program
