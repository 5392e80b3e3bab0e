// gleaner: flags, subcommands, exit codes. Source: spec/collector.md 1.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <string>
#include <vector>

#include "main/flags.h"
#include "service/collector.h"
#include "service/components.h"

namespace {
using namespace gleaner;

constexpr std::string_view kVersion = "0.1.0";

constexpr std::string_view kHelp =
    R"(gleaner collects telemetry: it runs an OpenTelemetry Collector's configuration in a fraction of the memory.

Usage:
  gleaner --config=URI [--config=URI ...] [--set KEY=VALUE ...]
  gleaner [command]

Commands:
  components     list what is built in
  validate       check a configuration; every problem at once, with its place
  help           this text

Flags:
      --config URI           file, or file:PATH, env:NAME, yaml:TEXT; repeatable, later ones win
      --feature-gates LIST   accepted for compatibility
      --set KEY=VALUE        one value; dots in the key nest; merged after all --config
  -h, --help
  -v, --version
)";

int complain(const std::string& what) {
  std::fprintf(stderr, "Error: %s\n", what.c_str());
  return 1;
}

template <class Factories>
void print_kind(std::string_view title, const Factories& factories) {
  fmt::print("{}:\n", title);
  for (const auto& factory : factories) {
    fmt::print("    - name: {}\n      about: {}\n", factory.type, factory.about);
    if (factory.alias.size()) fmt::print("      alias: {}\n", factory.alias);
    if (!factory.signals) continue;
    fmt::print("      stability:\n");
    for (const auto signal : kSignals)
      if (factory.signals & bit(signal)) fmt::print("        {}: Beta\n", signal_name(signal));
  }
}

int components() {
  fmt::print("buildinfo:\n    command: gleaner\n    description: gleaner\n    version: {}\n", kVersion);
  print_kind("receivers", service::receivers());
  print_kind("processors", service::processors());
  print_kind("exporters", service::exporters());
  fmt::print("connectors: []\n");
  print_kind("extensions", service::extensions());
  fmt::print("providers:\n    - scheme: env\n    - scheme: file\n    - scheme: yaml\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::mallopt(M_ARENA_MAX, 1);  // one arena: memory that was freed can go back
  const std::vector<std::string> words(argv + 1, argv + argc);
  auto flags = main_program::parse_flags(words);
  if (!flags) return complain(flags.error().what);
  if (flags->help) {
    fmt::print("{}", kHelp);
    return 0;
  }
  if (flags->version) {
    fmt::print("gleaner version {}\n", kVersion);
    return 0;
  }
  service::Options options{flags->configs, flags->sets, "gleaner", std::string(kVersion)};
  if (flags->command == "components") return components();
  if (flags->command == "validate") return service::validate(options);
  return service::run(options);
}
