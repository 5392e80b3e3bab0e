#include "deploy/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "base/small_file.h"
#include "config/write.h"
#include "deploy/container.h"
#include "deploy/editor.h"
#include "deploy/fargate.h"
#include "deploy/inject.h"
#include "deploy/render.h"
#include "deploy/tree.h"
#include "deploy/workload.h"

namespace gleaner::deploy {
namespace {

constexpr std::size_t kMostInput = 64 << 20;

constexpr std::string_view kHelp =
    R"(gleaner render   -f CR.yaml              the objects the operator would make of an OpenTelemetryCollector
gleaner inject   -f WORKLOADS.yaml SIDECAR  put a sidecar into pods; every other byte stays
gleaner uninject -f WORKLOADS.yaml          take it out again
gleaner size     -f WORKLOADS.yaml SIDECAR  what a pod costs on Fargate with it and without

  -f FILE                 "-" (default) is standard input; repeatable; YAML or JSON, many documents, Lists
  -o FILE                 instead of standard output
  --namespace NAME        of objects that name none; default "default"
  --kube-version 1.N      default 1.30; from 1.29 on sidecars are native (init containers that keep running)
  --image IMAGE           of collectors whose CR names none; default "gleaner"
  --defaulting=false      do not fill in endpoints and the own metrics' reader, as operators before 0.110

SIDECAR is one of
  --sidecar CR.yaml       an OpenTelemetryCollector of mode sidecar, v1alpha1 or v1beta1; repeatable; CRs among the
                          workloads count as well
  --config COLLECTOR.yaml a collector's configuration alone

render
  --network-policy=false  no NetworkPolicy unless the CR asks for one, as operators before 0.158
  --rbac=false            no ClusterRole and binding
inject
  --all                   pods without the annotation sidecar.opentelemetry.io/inject, too; "false" is obeyed
  --placement WHERE       auto (default: by the version), native, container
  --container-name NAME   default otc-container
  --exec                  run the pod's programs under gleaner-exec: their output in order in an emptyDir, no tee
  --exec-dir DIR          where that is mounted; default /var/log/gleaner
  --pod-logs              a Role and a binding for get on pods/log, for the receiver k8s_pod_logs
  --strict                exit code 2 when a workload asked for a sidecar and got none
size
  --region NAME           us-east-1 (default) or ap-northeast-1
  --placement WHERE       as above
)";

struct Flags {
  std::string command;
  std::vector<std::string> files, sidecars, configs;
  std::map<std::string, std::string, std::less<>> values;
  bool has(std::string_view name) const {
    const auto found = values.find(name);
    return found != values.end() && found->second != "false";
  }
  std::string value(std::string_view name, std::string_view otherwise) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string(otherwise) : found->second;
  }
};

constexpr std::string_view kSwitches[] = {"--all",      "--defaulting", "--exec",   "--network-policy",
                                          "--pod-logs", "--rbac",       "--strict", "--help",
                                          "-h"};
constexpr std::string_view kValues[] = {"-f",          "-o",       "--config",       "--container-name",
                                        "--exec-dir",  "--image",  "--kube-version", "--namespace",
                                        "--placement", "--region", "--sidecar"};

template <std::size_t N>
bool one_of(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Result<Flags> read_flags(const std::vector<std::string>& words) {
  Flags flags;
  flags.command = words[0];
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const bool is_switch = one_of(name, kSwitches);
    if (!is_switch && !one_of(name, kValues)) return fail(Fault::config, "unknown flag: " + words[i]);
    std::string value = "true";
    if (equals != std::string::npos)
      value = words[i].substr(equals + 1);
    else if (!is_switch && ++i >= words.size())
      return fail(Fault::config, "flag needs an argument: " + name);
    else if (!is_switch)
      value = words[i];
    if (is_switch && value != "true" && value != "false")
      return fail(Fault::config, name + ": true or false");
    if (name == "-f")
      flags.files.push_back(value);
    else if (name == "--sidecar")
      flags.sidecars.push_back(value);
    else if (name == "--config")
      flags.configs.push_back(value);
    else
      flags.values[name] = value;
  }
  if (flags.files.empty()) flags.files.push_back("-");
  return flags;
}

Result<std::string> read_file(const std::string& name) {
  if (name != "-") return read_small_file(name, kMostInput);
  std::string all(64 << 10, '\0');
  std::size_t size = 0;
  while (const std::size_t got = std::fread(all.data() + size, 1, all.size() - size, stdin)) {
    size += got;
    if (size > kMostInput)
      return fail(Fault::config, fmt::format("standard input has more than {} bytes", kMostInput));
    if (size == all.size()) all.resize(2 * size);
  }
  all.resize(size);
  return all;
}

class Command {
 public:
  explicit Command(const Flags& flags) : flags_(flags) {}

  Result<int> run() {
    if (auto ok = set_up(); !ok) return fail(std::move(ok.error()));
    std::string out;
    int code = 0;
    for (const auto& file : flags_.files) {
      auto text = read_file(file);
      if (!text) return fail(std::move(text.error()));
      const std::string name = file == "-" ? "stdin" : file;
      auto made = flags_.command == "render"     ? rendered(*text, name)
                  : flags_.command == "size"     ? sized(*text, name)
                  : flags_.command == "uninject" ? changed(uninject(*text, name), code)
                                                 : changed(inject(*text, name, options_), code);
      if (!made) return fail(std::move(made.error()));
      const bool yaml = flags_.command != "size";
      if (yaml && !out.empty() && !out.ends_with('\n')) out += '\n';
      if (yaml && !out.empty() && !made->starts_with("---")) out += "---\n";
      out += *made;
    }
    return write(out) ? code : 1;
  }

 private:
  Result<> set_up() {
    auto& cluster = options_.cluster;
    cluster.image = flags_.value("--image", cluster.image);
    cluster.name_space = flags_.value("--namespace", cluster.name_space);
    cluster.defaulting = flags_.value("--defaulting", "true") == "true";
    cluster.network_policy = flags_.value("--network-policy", "true") == "true";
    cluster.rbac = flags_.value("--rbac", "true") == "true";
    const std::string version = flags_.value("--kube-version", "1.30");
    const auto digits = version.substr(version.starts_with("v1.")  ? 3
                                       : version.starts_with("1.") ? 2
                                                                   : version.size());
    if (std::from_chars(digits.data(), digits.data() + digits.size(), cluster.minor).ec != std::errc())
      return fail(Fault::config, "--kube-version: \"" + version + "\" is not like 1.30");
    const std::string where = flags_.value("--placement", "auto");
    using Placement = InjectOptions::Placement;
    if (where != "auto" && where != "native" && where != "container")
      return fail(Fault::config, "--placement: auto, native or container");
    options_.placement = where == "auto"     ? Placement::by_version
                         : where == "native" ? Placement::native
                                             : Placement::container;
    options_.container = flags_.value("--container-name", options_.container);
    options_.exec_folder = flags_.value("--exec-dir", options_.exec_folder);
    options_.all = flags_.has("--all");
    options_.exec = flags_.has("--exec");
    options_.pod_logs = flags_.has("--pod-logs");
    return read_sidecars();
  }

  Result<> read_sidecars() {
    for (const auto& file : flags_.sidecars) {
      auto text = read_file(file);
      if (!text) return fail(std::move(text.error()));
      for (const Piece& piece : documents(*text)) {
        auto parsed =
            parse(std::string_view(*text).substr(piece.begin, piece.end - piece.begin), file, piece.line);
        if (!parsed) return fail(std::move(parsed.error()));
        if (parsed->tree.is_null()) continue;
        if (!is_collector(parsed->tree))
          return fail(Fault::config, parsed->tree.mark().text() + ": is no OpenTelemetryCollector");
        if (auto ok = take(read_collector(parsed->tree, options_.cluster, file), file); !ok) return ok;
      }
    }
    for (const auto& file : flags_.configs) {
      auto text = read_file(file);
      if (!text) return fail(std::move(text.error()));
      auto parsed = parse(*text, file);
      if (!parsed) return fail(std::move(parsed.error()));
      if (auto ok = take(sidecar_of(std::move(parsed->tree), options_.cluster, file), file); !ok) return ok;
    }
    return {};
  }
  Result<> take(Result<Collector> collector, const std::string& file) {
    if (!collector) return fail(std::move(collector.error()));
    if (!collector->is_sidecar())
      return fail(Fault::config,
                  fmt::format("{}: {} is of mode {}, not sidecar", file, collector->name, collector->mode));
    say(collector->warnings);
    options_.sidecars.push_back(std::move(*collector));
    return {};
  }

  static void say(const std::vector<std::string>& notes) {
    for (const auto& note : notes) std::fprintf(stderr, "%s\n", note.c_str());
  }

  Result<std::string> rendered(const std::string& stream, const std::string& source) {
    std::string out;
    std::size_t found = 0;
    for (const Piece& piece : documents(stream)) {
      auto parsed =
          parse(std::string_view(stream).substr(piece.begin, piece.end - piece.begin), source, piece.line);
      if (!parsed) return fail(std::move(parsed.error()));
      if (!is_collector(parsed->tree)) continue;
      ++found;
      auto collector = read_collector(parsed->tree, options_.cluster, source);
      if (!collector) return fail(std::move(collector.error()));
      say(collector->warnings);
      for (const Node& object : render(*collector, options_.cluster))
        out += "---\n" + config::to_yaml(object, config::kManifestStyle);
    }
    if (found == 0) return fail(Fault::config, source + ": has no OpenTelemetryCollector");
    return out;
  }

  Result<std::string> changed(Result<Injected> done, int& code) {
    if (!done) return fail(std::move(done.error()));
    say(done->notes);
    if (done->missed > 0 && flags_.has("--strict")) code = 2;
    return std::move(done->text);
  }

  Result<std::string> sized(const std::string& stream, const std::string& source) {
    const std::string region = flags_.value("--region", "us-east-1");
    const Price* price = price_of(region);
    if (!price)
      return fail(Fault::config, "--region: the prices of us-east-1 and ap-northeast-1 are known here");
    if (options_.sidecars.size() > 1) return fail(Fault::config, "one sidecar, please");
    Node sidecar;
    if (!options_.sidecars.empty()) sidecar = sidecar_container(options_.sidecars[0], options_.container);
    const bool native =
        options_.placement == InjectOptions::Placement::native ||
        (options_.placement == InjectOptions::Placement::by_version && options_.cluster.minor >= 29);
    std::string out;
    for (const Piece& piece : documents(stream)) {
      auto parsed =
          parse(std::string_view(stream).substr(piece.begin, piece.end - piece.begin), source, piece.line);
      if (!parsed) return fail(std::move(parsed.error()));
      for (const Workload& workload : workloads(parsed->tree)) {
        const Node* pod = node_at(*workload.object, workload.path("spec"));
        auto lines = sizing(pod ? *pod : Node(), workload.title(), sidecar.is_null() ? nullptr : &sidecar,
                            native, *price);
        if (!lines) return fail(std::move(lines.error()).in(source));
        out += *lines;
      }
    }
    if (out.empty()) return fail(Fault::config, source + ": has no workload");
    return out +
           fmt::format("Prices of {} (Linux, x86, June 2026); memory with Fargate's own 256 MiB.\n", region);
  }

  bool write(const std::string& text) {
    const std::string to = flags_.value("-o", "-");
    std::FILE* file = to == "-" ? stdout : std::fopen(to.c_str(), "w");
    bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = good && (file == stdout ? std::fflush(file) : std::fclose(file)) == 0;
    if (!good) std::fprintf(stderr, "Error: %s: cannot be written\n", to.c_str());
    return good;
  }

  const Flags& flags_;
  InjectOptions options_;
};

}  // namespace

bool is_command(std::string_view name) {
  return name == "render" || name == "inject" || name == "uninject" || name == "size";
}

int run_command(const std::vector<std::string>& words) {
  auto flags = read_flags(words);
  if (flags && (flags->has("--help") || flags->has("-h"))) {
    std::fwrite(kHelp.data(), 1, kHelp.size(), stdout);
    return 0;
  }
  auto code = flags ? Command(*flags).run() : Result<int>(fail(std::move(flags.error())));
  if (code) return *code;
  std::fprintf(stderr, "Error: %s\n", code.error().what.c_str());
  return 1;
}

}  // namespace gleaner::deploy
