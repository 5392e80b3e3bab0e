#include "main/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/duration.h"
#include "config/compat.h"

namespace gleaner::main_program {
namespace {

constexpr std::size_t kMostLanes = 64;
constexpr std::string_view kCommands[] = {"components", "validate", "print-config", "healthcheck",
                                          "relay",      "operator", "help"};

// Gates that some release of the reference has or had: operators and charts inject them, so they are taken
// and have no effect, but for one. A gate that never existed is a typo.
constexpr std::string_view kGates[] = {"component.UseLocalHostAsDefaultHost",
                                       "confmap.enableMergeAppendOption",
                                       "confmap.strictlyTypedInput",
                                       "confmap.unifyEnvVarExpansion",
                                       "exporter.file.nativeCompression",
                                       "exporter.prometheusremotewritexporter.RetryOn429",
                                       "extension.healthcheck.useComponentStatus",
                                       "filelog.allowFileDeletion",
                                       "filelog.allowHeaderMetadataParsing",
                                       "filelog.container.removeOriginalTimeField",
                                       "filelog.decompressFingerprint",
                                       "filelog.mtimeSortType",
                                       "filelog.protobufCheckpointEncoding",
                                       "filelog.requireExplicitTopN",
                                       "filelog.windows.caseInsensitive",
                                       "filter.filterlog.useOTTLBridge",
                                       "filter.filtermetric.useOTTLBridge",
                                       "filter.filterspan.useOTTLBridge",
                                       "k8sattr.fieldExtractConfigRegex.disallow",
                                       "logs.assignKeys",
                                       "logs.jsonParserArray",
                                       "ottl.PanicDuplicateName",
                                       "ottl.contexts.enableOTelColContext",
                                       "ottl.functions.enableLambda",
                                       "ottl.set.allowNil",
                                       "parser.uri.ecscompliant",
                                       "pdata.useCustomProtoEncoding",
                                       "pdata.useProtoPooling",
                                       "pkg.exporterhelper.queueBatchEnabled",
                                       "processor.filter.defaultErrorModeIgnore",
                                       "processor.k8sattributes.DontEmitV0K8sConventions",
                                       "processor.k8sattributes.EmitV1K8sConventions",
                                       "processor.k8sattributes.ShareProcessorBetweenPipelines",
                                       "processor.k8sattributes.telemetry.disableOldFormatMetrics",
                                       "processor.transform.defaultErrorModeIgnore",
                                       "receiver.kubeletstats.cpuUsageScrapeBased",
                                       "receiver.kubeletstats.enableCPUUsageMetrics",
                                       "receiver.prometheusreceiver.UseCreatedMetric",
                                       "receiverhelper.newReceiverMetrics",
                                       "service.AllowNoPipelines",
                                       "service.partialReload",
                                       "service.partialReloadReceivers",
                                       "service.profilesSupport",
                                       "stanza.synchronousLogEmitter",
                                       "stanza.udp.useStableNetworkAttributes",
                                       "stanza.windows.eventDrivenScraping",
                                       "telemetry.disableHighCardinalityMetrics",
                                       "telemetry.newPipelineTelemetry",
                                       "telemetry.useOtelForInternalMetrics",
                                       "telemetry.useOtelWithSDKConfigurationForInternalTelemetry",
                                       "transform.flatten.logs"};

Result<> check_gates(std::string_view list) {
  if (list.empty()) return {};
  for (int index = 0;; ++index) {
    const auto comma = list.find(',');
    std::string_view gate = list.substr(0, comma);
    if (gate.starts_with('-') || gate.starts_with('+')) gate.remove_prefix(1);
    if (gate.empty())
      return fail(Fault::config, fmt::format("empty feature gate identifier at index {}", index));
    if (std::find(std::begin(kGates), std::end(kGates), gate) == std::end(kGates))
      return fail(
          Fault::config,
          fmt::format("invalid argument \"{0}\" for \"--feature-gates\" flag: no such feature gate \"{0}\"",
                      gate));
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

/// pflag's booleans, as strconv.ParseBool reads them.
std::optional<bool> truth(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return std::nullopt;
}

/// Flags that may stand alone.
bool is_switch(std::string_view name) { return name == "--validate" || name == "--watch"; }

/// A flag that only print-config has. @return nothing when `name` is none of them
std::optional<Result<>> print_flag(Flags& flags, const std::string& name, const std::string& value) {
  const auto bad = [&](std::string_view why) -> Result<> {
    return fail(Fault::config, fmt::format("invalid argument \"{}\" for \"{}\" flag: {}", value, name, why));
  };
  if (name == "--mode") {
    flags.unredacted = value == "unredacted";
    return flags.unredacted || value == "redacted" ? Result<>() : bad("redacted or unredacted");
  }
  if (name == "--format") {
    flags.json = value == "json";
    return flags.json || value == "yaml" ? Result<>() : bad("yaml or json");
  }
  if (name == "--validate") {
    const auto yes = truth(value);
    if (!yes) return bad("true or false");
    flags.validate = *yes;
    return Result<>();
  }
  return std::nullopt;
}

Result<Flags> parse_flags(const std::vector<std::string>& words) {
  Flags flags;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-h" || word == "--help") {
      flags.help = true;
      return flags;
    }
    if (word == "-v" || word == "--version") {
      flags.version = true;
      return flags;
    }
    if (!word.starts_with("-")) {
      if (!flags.command.empty() ||
          (word != "print-initial-config" &&
           std::find(std::begin(kCommands), std::end(kCommands), word) == std::end(kCommands)))
        return fail(Fault::config, fmt::format("unknown command \"{}\" for \"gleaner\"", word));
      flags.command = word == "print-initial-config" ? "print-config" : word;
      flags.help = flags.help || word == "help";
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const bool printing =
        flags.command == "print-config" && (name == "--mode" || name == "--format" || name == "--validate");
    const bool asking = flags.command == "healthcheck" && (name == "--endpoint" || name == "--probe");
    if (name != "--config" && name != "--set" && name != "--feature-gates" && name != "--compat" &&
        name != "--lanes" && name != "--shutdown-timeout" && name != "--linger" && name != "--watch" &&
        !printing && !asking)
      return fail(Fault::config, fmt::format("unknown flag: {}", name));
    std::string value;
    if (equals != std::string::npos)
      value = word.substr(equals + 1);
    else if (is_switch(name))
      value = "true";
    else if (i + 1 < words.size())
      value = words[++i];
    else
      return fail(Fault::config, fmt::format("flag needs an argument: {}", name));
    if (auto done = print_flag(flags, name, value); done && !*done) return fail(std::move(done->error()));
    if (name == "--config") flags.configs.push_back(value);
    if (name == "--endpoint") flags.endpoint = value;
    if (name == "--probe") {
      if (value != "verbose" && value != "live" && value != "startup" && value != "ready")
        return fail(
            Fault::config,
            fmt::format("invalid argument \"{}\" for \"--probe\" flag: verbose, live, startup or ready",
                        value));
      flags.probe = value;
    }
    if (name == "--watch") {
      const auto yes = truth(value);
      if (!yes)
        return fail(Fault::config,
                    fmt::format("invalid argument \"{}\" for \"--watch\" flag: true or false", value));
      flags.watch = *yes;
    }
    if (name == "--shutdown-timeout" || name == "--linger") {
      const auto time = parse_duration(value);
      if (!time || *time < std::chrono::nanoseconds{0})
        return fail(Fault::config, fmt::format("invalid argument \"{}\" for \"{}\" flag: {}", value, name,
                                               time ? "must not be negative" : time.error().what));
      if (name == "--linger")
        flags.linger = *time;
      else
        flags.shutdown_timeout = *time;
    }
    if (name == "--lanes") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), flags.lanes);
      if (error != std::errc() || *end || flags.lanes == 0 || flags.lanes > kMostLanes)
        return fail(Fault::config,
                    fmt::format("invalid argument \"{}\" for \"--lanes\" flag: a number from 1 to {}", value,
                                kMostLanes));
    }
    if (name == "--compat") {
      if (auto ok = config::parse_compat(value); !ok)
        return fail(Fault::config,
                    fmt::format("invalid argument \"{}\" for \"--compat\" flag: {}", value, ok.error().what));
      flags.compat = value;
    }
    if (name == "--set") flags.sets.push_back(value);
    if (name == "--feature-gates") {
      if (auto ok = check_gates(value); !ok) return fail(std::move(ok.error()));
      flags.gates.push_back(value);
    }
  }
  return flags;
}

}  // namespace gleaner::main_program
