#include "deploy/choice.h"

#include <fmt/format.h>

#include "deploy/editor.h"
#include "deploy/plan.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Choice::Kind;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return text;
}

/// What pod and namespace ask for together; "" is nothing. Source: spec/operator.md 6.1.
std::string together(const std::string& pod, const std::string& name_space) {
  if (pod.empty()) return name_space;
  if (lower(pod) == "false") return pod;
  const bool instance = !name_space.empty() && lower(name_space) != "true" && lower(name_space) != "false";
  return lower(pod) == "true" && instance ? name_space : pod;
}

Choice missed(std::string why) { return {Kind::missed, nullptr, std::move(why)}; }

Choice named(const std::string& asks, const std::string& space, std::span<const Collector* const> sidecars) {
  const auto slash = asks.find('/');
  const std::string in = slash == std::string::npos ? space : asks.substr(0, slash);
  const std::string name = slash == std::string::npos ? asks : asks.substr(slash + 1);
  for (const Collector* one : sidecars)
    if (one->name == name && (one->anywhere || one->name_space == in)) return {Kind::found, one, ""};
  return missed(fmt::format("there is no collector {}/{} of mode sidecar", in, name));
}

}  // namespace

Choice choose(const Workload& workload, const Asked& asked, std::span<const Collector* const> sidecars) {
  const Node* notes = node_at(*workload.object, workload.path("metadata/annotations"));
  const Node* pod = notes ? notes->find(kInjectKey) : nullptr;
  std::string asks = together(pod ? pod->text() : "", asked.by_namespace);
  if (asks.empty() && asked.anyway) asks = "true";
  if (asks.empty()) return {Kind::unasked, nullptr, fmt::format("no annotation {}", kInjectKey)};
  if (lower(asks) == "false") return {Kind::declined, nullptr, "its annotation says so"};
  for (const std::string_view where : {"spec/containers", "spec/initContainers"})
    if (item_with(node_at(*workload.object, workload.path(where)), "name", asked.container))
      return {Kind::present, nullptr,
              fmt::format("it has a container \"{}\" that gleaner did not add", asked.container)};
  if (lower(asks) != "true") return named(asks, asked.name_space, sidecars);
  const Collector* found = nullptr;
  for (const Collector* one : sidecars) {
    if (!one->anywhere && one->name_space != asked.name_space) continue;
    if (found)
      return missed(fmt::format("namespace {} has more than one collector of mode sidecar: name one",
                                asked.name_space));
    found = one;
  }
  if (!found) return missed(fmt::format("namespace {} has no collector of mode sidecar", asked.name_space));
  return {Kind::found, found, ""};
}

}  // namespace gleaner::deploy
