#include "service/assembly.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/fingerprint.h"
#include "config/gates.h"
#include "service/components.h"

namespace gleaner::service {
namespace {
using config::Node;
using config::Problems;

constexpr std::string_view kSections[] = {"receivers",  "processors", "exporters",
                                          "connectors", "extensions", "service"};

std::vector<std::string_view> types(const auto& factories) {
  std::vector<std::string_view> names;
  for (const auto& factory : factories) {
    names.push_back(factory.type);
    if (!factory.alias.empty()) names.push_back(factory.alias);
  }
  return names;
}

/// Decodes one section of components; every component that is written is checked, used or not.
template <class Factory>
void read_section(const Node& root, const std::string& section, std::string_view kind,
                  std::span<const Factory> factories, std::map<std::string, Configured<Factory>>& into,
                  Problems& problems) {
  const Node* node = root.find(section);
  if (!node || node->is_null()) return;
  if (!node->is_map()) return problems.error(node->mark(), section, "a map of components is expected here");
  for (const auto& entry : node->entries()) {
    std::string why;
    const auto id = parse_id(entry.key, why);
    if (!id) {
      problems.error(entry.mark, section, why);
      continue;
    }
    const auto found = std::find_if(factories.begin(), factories.end(), [&](const Factory& f) {
      return f.type == id->type || f.alias == id->type;
    });
    if (found == factories.end()) {
      const auto known = not_built();
      if (std::find(known.begin(), known.end(), id->type) != known.end())
        problems.error(
            entry.mark, section,
            fmt::format("the {} \"{}\" is not built into gleaner yet; docs/compatibility.md lists what is",
                        kind, id->type));
      else
        problems.error(
            entry.mark, section,
            fmt::format("unknown type: \"{}\" for id: \"{}\"{}; gleaner has {}", id->type, id->text(),
                        config::did_you_mean(id->type, types(factories)), fmt::join(types(factories), ", ")));
      continue;
    }
    if (into.contains(id->text())) {
      problems.error(entry.mark, section, fmt::format("duplicate name \"{}\"", id->text()));
      continue;
    }
    auto& made = into[id->text()];
    made = {*id, &*found, found->decode(entry.value, section + "::" + id->text(), problems), entry.mark,
            config::fingerprint(entry.value)};
  }
}

class Resolver {
 public:
  Resolver(const Node& root, Assembly& assembly, Problems& problems, bool profiles)
      : root_(root), assembly_(assembly), problems_(problems), profiles_(profiles) {}

  void pipelines() {
    const Node* service = root_.find("service");
    const Node* list = service ? service->find("pipelines") : nullptr;
    if (assembly_.service.pipelines.empty() && config::gate_enabled("service.AllowNoPipelines")) return;
    if (assembly_.service.pipelines.empty())
      return problems_.error(service ? service->mark() : root_.mark(), "service::pipelines",
                             "service must have at least one pipeline");
    for (const auto& [key, config] : assembly_.service.pipelines) {
      const config::Node& node = *list->find(key);
      const std::string path = "service::pipelines::" + key;
      std::string why;
      const auto id = parse_id(key, why);
      if (!id) {
        problems_.error(node.mark(), path, why);
        continue;
      }
      const auto signal = std::find_if(std::begin(kSignals), std::end(kSignals),
                                       [&](SignalKind s) { return signal_name(s) == id->type; });
      if (signal == std::end(kSignals)) {
        problems_.error(node.mark(), path,
                        fmt::format("unknown pipeline signal: \"{}\"{}", id->type,
                                    config::did_you_mean(id->type, {"traces", "metrics", "logs"})));
        continue;
      }
      if (*signal == SignalKind::profiles && !profiles_) {
        problems_.error(
            node.mark(), path,
            fmt::format("pipeline \"{}\": profiling signal support is at alpha level, gated under "
                        "the \"service.profilesSupport\" feature gate",
                        id->text()));
        continue;
      }
      Pipeline pipeline{id->text(), *signal, {}, {}, {}, node.mark()};
      resolve(node, path, "receivers", "receiver", config.receivers, assembly_.receivers, *signal,
              pipeline.receivers);
      resolve(node, path, "processors", "processor", config.processors, assembly_.processors, *signal,
              pipeline.processors);
      resolve(node, path, "exporters", "exporter", config.exporters, assembly_.exporters, *signal,
              pipeline.exporters);
      if (config.receivers.empty() && !misshapen(node, "receivers"))
        problems_.error(node.mark(), path, "must have at least one receiver");
      if (config.exporters.empty() && !misshapen(node, "exporters"))
        problems_.error(node.mark(), path, "must have at least one exporter");
      assembly_.pipelines.push_back(std::move(pipeline));
    }
  }

  void extensions() {
    const Node* service = root_.find("service");
    const Node* list = service ? service->find("extensions") : nullptr;
    for (std::size_t i = 0; i < assembly_.service.extensions.size(); ++i) {
      const Node& at = list && list->is_list() ? list->items()[i] : *list;
      std::string why;
      const auto id = parse_id(assembly_.service.extensions[i], why);
      if (!id || !assembly_.extensions.contains(id->text())) {
        if (!written("extensions", assembly_.service.extensions[i]))
          problems_.error(at.mark(), "service::extensions",
                          fmt::format("references extension \"{}\" which is not configured{}",
                                      assembly_.service.extensions[i],
                                      near_id("extensions", assembly_.service.extensions[i])));
        continue;
      }
      assembly_.extension_order.push_back(id->text());
    }
  }

 private:
  /// Something stands there that is no list: decoding has complained.
  static bool misshapen(const Node& pipeline, std::string_view key) {
    const Node* list = pipeline.find(key);
    return list && !list->is_null() && !list->is_list();
  }
  template <class Factory>
  void resolve(const Node& pipeline, const std::string& path, const std::string& section,
               std::string_view kind, const std::vector<std::string>& names,
               const std::map<std::string, Configured<Factory>>& known, SignalKind signal,
               std::vector<std::string>& into) {
    const Node* list = pipeline.find(section);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Node& at = list->is_list() && i < list->items().size() ? list->items()[i] : *list;
      std::string why;
      const auto id = parse_id(names[i], why);
      if (!id) {
        problems_.error(at.mark(), path, why);
        continue;
      }
      const auto found = known.find(id->text());
      if (found == known.end()) {
        if (written(section, id->text())) continue;  // it was written and is wrong: that has been said
        // Without the section as a whole that has been said, and once is enough.
        const Node* all = root_.find(section);
        if (kind != "processor" && (!all || !all->is_map() || all->entries().empty())) continue;
        problems_.error(at.mark(), path,
                        fmt::format("references {} \"{}\" which is not configured{}", kind, id->text(),
                                    near_id(section, id->text())));
        continue;
      }
      if (std::find(into.begin(), into.end(), id->text()) != into.end()) {
        if (kind == "processor")
          problems_.error(at.mark(), path,
                          fmt::format("references processor \"{}\" multiple times", id->text()));
        continue;  // receivers and exporters named twice are tolerated
      }
      if (!(found->second.factory->signals & bit(signal)))
        problems_.error(at.mark(), path,
                        fmt::format("{} \"{}\": telemetry type is not supported ({})", kind, id->text(),
                                    signal_name(signal)));
      into.push_back(id->text());
    }
  }
  /// A suggestion among the ids that are written in a section, right or wrong.
  std::string near_id(const std::string& section, const std::string& id) const {
    std::vector<std::string_view> ids;
    if (const Node* node = root_.find(section))
      for (const auto& entry : node->entries()) ids.push_back(entry.key);
    return config::did_you_mean(id, ids);
  }
  bool written(const std::string& section, const std::string& id) const {
    const Node* node = root_.find(section);
    return node && node->find(id);
  }

  const Node& root_;
  Assembly& assembly_;
  Problems& problems_;
  const bool profiles_;
};

/// Extensions in use in their order, and of the own telemetry all but the log, which can change by itself.
std::uint64_t frame_of(const Node& root, const Assembly& assembly) {
  Node frame = Node::list({});
  for (const auto& id : assembly.extension_order) {
    frame.items().push_back(Node::scalar(id, false, {}));
    frame.items().push_back(Node::scalar(std::to_string(assembly.extensions.at(id).fingerprint), false, {}));
  }
  const Node* service = root.find("service");
  if (const Node* telemetry = service ? service->find("telemetry") : nullptr;
      telemetry && telemetry->is_map()) {
    frame.items().push_back(*telemetry);
    frame.items().back().remove("logs");
  }
  return config::fingerprint(frame);
}

}  // namespace

Assembly assemble(const Node& root, Problems& problems, bool profiles) {
  Assembly assembly;
  if (root.entries().empty()) problems.error(root.mark(), "", "empty configuration file");
  for (const auto& entry : root.entries())
    if (std::find(std::begin(kSections), std::end(kSections), entry.key) == std::end(kSections))
      problems.error(
          entry.mark, "",
          fmt::format("has invalid keys: {}{}", entry.key,
                      config::did_you_mean(entry.key, {std::begin(kSections), std::end(kSections)})));
  // A misspelt section or one of the wrong kind is reported as that.
  const auto present = [&](std::string_view section) {
    const Node* node = root.find(section);
    if (node) return !node->is_null() && (!node->is_map() || !node->entries().empty());
    for (const auto& entry : root.entries())
      if (std::find(std::begin(kSections), std::end(kSections), entry.key) == std::end(kSections) &&
          !config::did_you_mean(entry.key, {section}).empty())
        return true;
    return false;
  };
  const bool parts_needed = !root.entries().empty() && !config::gate_enabled("service.AllowNoPipelines");
  if (parts_needed && !present("receivers"))
    problems.error(root.mark(), "", "no receiver configuration specified in config");
  if (parts_needed && !present("exporters"))
    problems.error(root.mark(), "", "no exporter configuration specified in config");
  if (const Node* connectors = root.find("connectors"))
    for (const auto& entry : connectors->entries())
      problems.error(entry.mark, "connectors",
                     fmt::format("the connector \"{}\" is not built into gleaner yet", entry.key));
  read_section(root, "receivers", "receiver", receivers(), assembly.receivers, problems);
  read_section(root, "processors", "processor", processors(), assembly.processors, problems);
  read_section(root, "exporters", "exporter", exporters(), assembly.exporters, problems);
  read_section(root, "extensions", "extension", extensions(), assembly.extensions, problems);
  if (const Node* service = root.find("service"))
    assembly.service = config::decode<ServiceConfig>(*service, "service", problems);
  Resolver resolver(root, assembly, problems, profiles);
  resolver.extensions();
  resolver.pipelines();
  assembly.frame = frame_of(root, assembly);
  return assembly;
}

std::string kept_on_one_lane(const Assembly& assembly) {
  const auto alone = [](const auto& configured) { return configured.factory->spread == Spread::one_lane; };
  for (const auto& id : assembly.extension_order)
    if (alone(assembly.extensions.at(id))) return id;
  for (const auto& pipeline : assembly.pipelines) {
    for (const auto& id : pipeline.receivers)
      if (alone(assembly.receivers.at(id))) return id;
    for (const auto& id : pipeline.processors)
      if (alone(assembly.processors.at(id))) return id;
    for (const auto& id : pipeline.exporters)
      if (alone(assembly.exporters.at(id))) return id;
  }
  return {};
}

}  // namespace gleaner::service
