#include "k8s/watch_frames.h"

#include <optional>

#include "k8s/json_cursor.h"

namespace gleaner::k8s {

Result<ListPage> read_list_page(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  ListPage out;
  const bool ok = json.object([&](std::string_view part) {
    if (part == "metadata")
      return json.object([&](std::string_view key) {
        if (key == "resourceVersion") return json.text(out.resource_version);
        if (key == "continue") return json.text(out.next);
        return json.skip();
      });
    if (part != "items") return json.skip();
    return json.array([&] {
      std::string_view item;
      if (!json.raw(item)) return false;
      out.items.push_back(arena, item);
      return true;
    });
  });
  if (!ok || !json.finish()) return json.error();
  return out;
}

Result<WatchFrame> read_watch_frame(std::string_view line, Arena& arena) {
  static constexpr std::pair<std::string_view, WatchEvent> kEvents[] = {{"ADDED", WatchEvent::added},
                                                                        {"MODIFIED", WatchEvent::modified},
                                                                        {"DELETED", WatchEvent::deleted},
                                                                        {"BOOKMARK", WatchEvent::bookmark},
                                                                        {"ERROR", WatchEvent::error}};
  JsonCursor json(line, arena);
  WatchFrame out;
  std::string_view type;
  const bool ok = json.object([&](std::string_view key) {
    if (key == "type") return json.text(type);
    if (key == "object") return json.raw(out.object);
    return json.skip();
  });
  if (!ok || !json.finish()) return json.error();
  for (const auto& [name, event] : kEvents)
    if (name == type) out.event = event;
  return out;
}

Status read_status(std::string_view document) {
  Arena arena;
  JsonCursor json(document, arena);
  std::string_view message;
  std::optional<std::uint64_t> code;
  (void)json.object([&](std::string_view key) {
    if (key == "message") return json.text(message);
    if (key == "code") return json.number(code);
    return json.skip();
  });
  return {code.value_or(0), std::string(message)};
}

}  // namespace gleaner::k8s
