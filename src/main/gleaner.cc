// gleaner: flags, subcommands, exit codes. Source: spec/collector.md 1.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "capture/exec.h"
#include "config/compat.h"
#include "config/gates.h"
#include "deploy/command.h"
#include "main/components.h"
#include "main/flags.h"
#include "main/health_check.h"
#include "main/queue.h"
#include "main/top.h"
#include "service/collector.h"
#include "service/heap.h"
#include "service/print_config.h"

namespace {
using namespace gleaner;

constexpr std::string_view kVersion = GLEANER_VERSION;

constexpr std::string_view kHelp =
    R"(gleaner collects telemetry: it runs an OpenTelemetry Collector's configuration in a fraction of the memory.

Usage:
  gleaner --config=URI [--config=URI ...] [--set KEY=VALUE ...]
  gleaner [command]

Commands:
  components     list what is built in
  exec           run a program and keep its stdout and stderr in order; see gleaner exec --help
  healthcheck    ask a running gleaner's health_check extension: exit code 0 when it is well, and what is not
  inject         put a collector into the pods of manifests; uninject takes it out again; see gleaner inject --help
  operator       keep OpenTelemetryCollector objects of a cluster, and put sidecars into its pods;
                 docs/components/extension-k8s_operator.md
  print-config   the configuration merged and expanded, secrets hidden
  queue          what waits in the files of sending queues; see gleaner queue help
  relay          hand each pod its own part of what the kubelets say; docs/components/extension-kubelet_relay.md
  render         the manifests an OpenTelemetryCollector object stands for; see gleaner render --help
  size           what a pod costs on Fargate with a sidecar and without; see gleaner size --help
  top            what flows through a running gleaner, live, and whether its ledgers add up; see gleaner top --help
  validate       check a configuration; every problem at once, with its place
  help           this text

Flags:
      --config URI           file, or file:PATH, env:NAME, yaml:TEXT, http(s)://...; repeatable, later ones win
      --compat 0.102         behave like that release where it differs; also GLEANER_COMPAT in the environment
      --feature-gates LIST   accepted for compatibility; service.profilesSupport, service.AllowNoPipelines, filelog.allowFileDeletion have an effect
      --lanes N              threads that do the work; default: the CPU limit rounded up, 1 without a limit
      --set KEY=VALUE        one value; dots in the key nest; merged after all --config
      --linger D             after SIGTERM stay open for senders and files until they are quiet, this long at most; default: 0
      --shutdown-timeout D   end this long (25s) after SIGTERM though data is still on its way, and say how much; 0: never;
                             default: in a pod, when nothing moves any more after 25s; never elsewhere
      --watch                reload when a file of --config changes, as SIGHUP does: only what differs restarts
  -h, --help
  -v, --version

Flags of healthcheck:
      --endpoint HOST:PORT   or a URL; default localhost:13133
      --probe PROBE          verbose (default): do the pipelines run; live, startup, or ready: and is no data refused

Flags of print-config:
      --format yaml|json     default yaml
      --mode MODE            redacted (default) or unredacted
      --validate             check it first (default true)

Exit codes: 0, or 1 with "Error: ..." on stderr. SIGHUP reloads, SIGINT and SIGTERM drain and stop, a
second one ends at once.
)";

// What `gleaner relay` runs, before the configurations and settings of its command line.
constexpr std::string_view kRelay = R"(yaml:extensions:
  health_check: {endpoint: "0.0.0.0:13133"}
  kubelet_relay: {}
service:
  extensions: [health_check, kubelet_relay]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: "0.0.0.0", port: 8888}}}}]}}
)";

// And what `gleaner operator` runs.
constexpr std::string_view kOperator = R"(yaml:extensions:
  health_check: {endpoint: "0.0.0.0:13133"}
  k8s_operator: {}
service:
  extensions: [health_check, k8s_operator]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: "0.0.0.0", port: 8888}}}}]}}
)";

int complain(const std::string& what) {
  std::fprintf(stderr, "Error: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything else: it stays beside the program for its whole life and has to be small.
  if (argc > 1 && std::string_view(argv[1]) == "exec")
    return capture::run_exec(argv + 2, "gleaner exec", GLEANER_VERSION);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "queue") return main_program::run_queue({words.begin() + 1, words.end()});
  if (!words.empty() && words[0] == "top") return main_program::run_top({words.begin() + 1, words.end()});
  if (!words.empty() && deploy::is_command(words[0])) return deploy::run_command(words);
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
  if (flags->command == "relay" || flags->command == "operator") {
    flags->gates.emplace_back("service.AllowNoPipelines");
    flags->configs.emplace(flags->configs.begin(), flags->command == "relay" ? kRelay : kOperator);
  }
  if (flags->command == "healthcheck") return main_program::run_health_check(flags->endpoint, flags->probe);
  config::set_gates(flags->gates);
  const char* compat = std::getenv("GLEANER_COMPAT");
  const auto like = config::parse_compat(!flags->compat.empty() ? flags->compat : compat ? compat : "");
  if (!like) return complain("GLEANER_COMPAT: " + like.error().what);
  config::set_compat(*like);
  service::Options options{
      flags->configs,          flags->sets,   "gleaner",
      std::string(kVersion),   flags->lanes,  config::gate_enabled("service.profilesSupport"),
      flags->shutdown_timeout, flags->linger, flags->watch};
  service::set_up_heap(service::lanes_wanted(options));
  if (flags->command == "components") return main_program::print_components("gleaner", kVersion);
  if (flags->command == "validate") return service::validate(options);
  if (flags->command == "print-config")
    return service::print_config(options, {!flags->unredacted, flags->json, flags->validate});
  return service::run(options);
}
