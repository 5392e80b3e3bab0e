#include "k8s/api_objects.h"

#include "k8s/json_cursor.h"
#include "k8s/quantity.h"

namespace gleaner::k8s {
namespace {

/// Calls member(key) for every key of the object under `section` of the document.
template <class F>
Result<> inside(JsonCursor& json, std::string_view section, F&& member) {
  const bool ok =
      json.object([&](std::string_view key) { return key == section ? json.object(member) : json.skip(); });
  if (!ok || !json.finish()) return json.error();
  return {};
}

}  // namespace

Result<std::string_view> read_claim_volume(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  std::string_view name;
  auto ok = inside(json, "spec",
                   [&](std::string_view key) { return key == "volumeName" ? json.text(name) : json.skip(); });
  if (!ok) return fail(std::move(ok.error()));
  return name;
}

Result<VolumeSource> read_persistent_volume(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  VolumeSourceReader source(json, arena, true);
  auto ok = inside(json, "spec", [&](std::string_view key) { return source.member(key); });
  if (!ok) return fail(std::move(ok.error()));
  return source.result();
}

Result<NodeCapacity> read_node_capacity(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  NodeCapacity out;
  const auto amount = [&](auto&& use) {
    std::string_view text;
    if (!json.text_or_number(text)) return false;
    if (text.empty()) return true;
    const auto quantity = Quantity::parse(text);
    if (!quantity) return json.refuse(quantity.error().what);
    use(*quantity);
    return true;
  };
  auto ok = inside(json, "status", [&](std::string_view part) {
    if (part != "capacity") return json.skip();
    return json.object([&](std::string_view key) {
      if (key == "cpu")
        return amount([&](const Quantity& q) {
          const __int128 milli = (q.nanos() + 999'999) / 1'000'000;
          out.cores = static_cast<double>(milli) / 1000;
        });
      if (key == "memory") return amount([&](const Quantity& q) { out.memory = q.whole(); });
      return json.skip();
    });
  });
  if (!ok) return fail(std::move(ok.error()));
  return out;
}

Result<PodPlace> read_pod_place(std::string_view text, Arena& arena) {
  JsonCursor json(text, arena);
  PodPlace out;
  const auto one = [&](std::string_view wanted, std::string_view& to) {
    return json.object(
        [&, wanted](std::string_view key) { return key == wanted ? json.text(to) : json.skip(); });
  };
  const bool ok = json.object([&](std::string_view key) {
    if (key == "metadata") return one("uid", out.uid);
    if (key == "spec") return one("nodeName", out.node);
    if (key == "status") return one("hostIP", out.host_ip);
    return json.skip();
  });
  if (!ok || !json.finish()) return json.error();
  return out;
}

}  // namespace gleaner::k8s
