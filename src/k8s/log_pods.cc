#include "k8s/log_pods.h"

#include <algorithm>
#include <map>
#include <optional>

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view json) : json_(json, arena_) {}

  Result<LogPod> one() {
    LogPod out;
    if (!pod(out) || !json_.finish()) return json_.error();
    return out;
  }
  Result<std::vector<LogPod>> list() {
    std::vector<LogPod> out;
    const bool ok = json_.object([&](std::string_view key) {
      if (key != "items") return json_.skip();
      return json_.array([&] { return pod(out.emplace_back()); });
    });
    if (!ok || !json_.finish()) return json_.error();
    return out;
  }
  std::string message() {
    std::string_view out;
    (void)json_.object(
        [&](std::string_view key) { return key == "message" ? json_.text(out) : json_.skip(); });
    return std::string(out);
  }

 private:
  using Names = std::vector<LogContainer>;

  bool pod(LogPod& out) {
    Names init, ordinary, ephemeral;
    std::map<std::string, std::uint64_t, std::less<>> restarts;
    const bool ok = json_.object([&](std::string_view part) {
      if (part == "metadata")
        return json_.object([&](std::string_view key) {
          if (key == "name") return text(out.name);
          if (key == "uid") return text(out.uid);
          return json_.skip();
        });
      if (part == "spec")
        return json_.object([&](std::string_view key) {
          if (key == "nodeName") return text(out.node);
          if (key == "initContainers") return names(init);
          if (key == "containers") return names(ordinary);
          if (key == "ephemeralContainers") return names(ephemeral);
          return json_.skip();
        });
      if (part == "status")
        return json_.object([&](std::string_view key) {
          if (!key.ends_with("ontainerStatuses")) return json_.skip();
          return json_.array([&] { return status(restarts); });
        });
      return json_.skip();
    });
    for (auto* list : {&init, &ordinary, &ephemeral})
      for (auto& container : *list) {
        if (const auto found = restarts.find(container.name); found != restarts.end())
          container.restarts = found->second;
        out.containers.push_back(std::move(container));
      }
    return ok;
  }
  bool names(Names& to) {
    return json_.array([&] {
      LogContainer one;
      const bool ok =
          json_.object([&](std::string_view key) { return key == "name" ? text(one.name) : json_.skip(); });
      to.push_back(std::move(one));
      return ok;
    });
  }
  bool status(std::map<std::string, std::uint64_t, std::less<>>& restarts) {
    std::string name;
    std::optional<std::uint64_t> count;
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "name") return text(name);
      if (key == "restartCount") return json_.number(count);
      return json_.skip();
    });
    restarts[name] = count.value_or(0);
    return ok;
  }
  bool text(std::string& out) {
    std::string_view read;
    if (!json_.text(read)) return false;
    out = read;
    return true;
  }

  Arena arena_;
  JsonCursor json_;
};

}  // namespace

Result<LogPod> read_log_pod(std::string_view json) { return Reader(json).one(); }
Result<std::vector<LogPod>> read_log_pods(std::string_view json) { return Reader(json).list(); }
std::string status_message(std::string_view json) { return Reader(json).message(); }

std::vector<std::string> containers_to_choose_from(std::string_view message) {
  std::vector<std::string> out;
  const auto list = message.find("choose one of");
  if (list == std::string_view::npos) return out;
  std::string name;
  bool inside = false;
  for (const char c : message.substr(list)) {
    if (c == '[') {
      inside = true;
    } else if (inside && c != ']' && c != ' ') {
      name += c;
    } else if (!name.empty()) {
      out.push_back(std::exchange(name, {}));
    }
    if (c == ']') inside = false;
  }
  return out;
}

std::string own_container(std::string_view mountinfo) {
  // The termination log is bound from .../pods/UID/containers/NAME/ID; field 4 of a line is that path.
  constexpr std::string_view kFolder = "/containers/";
  while (!mountinfo.empty()) {
    const auto line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(mountinfo.size(), line.size() + 1));
    std::string_view rest = line, root;
    for (int field = 0; field < 4; ++field) {
      root = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), root.size() + 1));
    }
    const auto pods = root.find("/pods/"), folder = root.find(kFolder);
    if (pods == std::string_view::npos || folder == std::string_view::npos || folder < pods) continue;
    const auto name = root.substr(folder + kFolder.size());
    if (const auto slash = name.find('/'); slash != std::string_view::npos && slash > 0)
      return std::string(name.substr(0, slash));
  }
  return {};
}

}  // namespace gleaner::k8s
