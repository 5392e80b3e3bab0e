#include "k8s/own_pod.h"

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

/// What a list of pods holds of one of them.
struct Found {
  std::string_view pod;   // as it is written; empty: not there
  std::size_t count = 0;  // of pods in the list
};

/// The text under `reference`::uid of the object `json`.
bool read_uid(std::string_view json, std::string_view reference, Arena& arena, std::string_view& uid) {
  JsonCursor cursor(json, arena);
  return cursor.object([&](std::string_view key) {
    if (key != reference) return cursor.skip();
    return cursor.object(
        [&](std::string_view name) { return name == "uid" ? cursor.text(uid) : cursor.skip(); });
  });
}

/// The pod of a list whose uid stands under `reference`.
bool find(JsonCursor& json, std::string_view reference, std::string_view uid, Found& found) {
  return json.array([&] {
    std::string_view one, its;
    if (!json.raw(one)) return false;
    ++found.count;
    Arena scratch;
    if (read_uid(one, reference, scratch, its) && its == uid && !uid.empty()) found.pod = one;
    return true;
  });
}

}  // namespace

Result<Bytes> own_summary(std::string_view text, std::string_view uid, NodeShare share) {
  Arena arena;
  JsonCursor json(text, arena);
  std::string_view node;
  Found found;
  const bool ok = json.object([&](std::string_view key) {
    if (key == "node") return json.raw(node);
    if (key == "pods") return find(json, "podRef", uid, found);
    return json.skip();
  });
  if (!ok || !json.finish()) return json.error();
  const bool alone = found.count == 1 && !found.pod.empty();
  const bool told = share == NodeShare::always || (share == NodeShare::alone && alone);
  Buffer out(node.size() + found.pod.size() + 64);
  out.append("{");
  if (told && !node.empty()) {
    out.append("\"node\":");
    out.append(node);
    out.append(",");
  }
  out.append("\"pods\":[");
  out.append(found.pod);
  out.append("]}");
  return std::move(out).finish();
}

Result<Bytes> own_pod_list(std::string_view text, std::string_view uid) {
  Arena arena;
  JsonCursor json(text, arena);
  Found found;
  const bool ok = json.object([&](std::string_view key) {
    return key == "items" ? find(json, "metadata", uid, found) : json.skip();
  });
  if (!ok || !json.finish()) return json.error();
  Buffer out(found.pod.size() + 128);
  out.append(R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[)");
  out.append(found.pod);
  out.append("]}");
  return std::move(out).finish();
}

}  // namespace gleaner::k8s
