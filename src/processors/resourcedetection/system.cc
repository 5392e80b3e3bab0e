// The machine. Source: spec/collector.md 6.8.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/small_file.h"
#include "processors/resourcedetection/detectors.h"

namespace gleaner::processors::resourcedetection {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(5);

std::string own_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// The name in full, by hosts file and DNS. May block for as long as a name server does.
std::string canonical_name() {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(own_name().c_str(), nullptr, &hints, &found) != 0) return {};
  std::string name = found->ai_canonname ? found->ai_canonname : "";
  ::freeaddrinfo(found);
  while (name.ends_with('.')) name.pop_back();
  return name;
}
/// The name that DNS has for the own address.
std::string reverse_name() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(own_name().c_str(), nullptr, &hints, &found) != 0) return {};
  std::string name;
  for (const addrinfo* one = found; one && name.empty(); one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NAMEREQD) == 0)
      name = text;
  }
  ::freeaddrinfo(found);
  while (name.ends_with('.')) name.pop_back();
  return name;
}

struct Lookup {
  bool done = false;
  std::string name;
};
Task<> look_up(Loop& loop, std::string source,
               std::shared_ptr<Lookup> into) {  // shared: whoever waits may leave
  into->name = co_await loop.blocking<std::string>(
      [source] { return source == "lookup" ? reverse_name() : canonical_name(); });
  into->done = true;
}

/// Half of the time for names, so that a dead name server leaves some for the rest.
Task<std::string> host_name(const Tools& tools, TimePoint deadline) {
  Loop& loop = tools.context.loop;
  const TimePoint end = loop.now() + (deadline - loop.now()) / 2;
  for (const auto& source : tools.config.system.hostname_sources) {
    if (source == "os") co_return own_name();
    const auto lookup = std::make_shared<Lookup>();
    tools.background.spawn(look_up(loop, source, lookup));
    Timer timer(loop);
    while (!lookup->done && loop.now() < end) (void)co_await timer.sleep(kLook);
    if (!lookup->name.empty()) co_return lookup->name;
  }
  co_return std::string();
}

/// Of a file of KEY=value lines, quotes taken off.
std::string value_in(std::string_view file, std::string_view key) {
  while (!file.empty()) {
    auto line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(file.size(), line.size() + 1));
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    line.remove_prefix(key.size() + 1);
    if (line.size() > 1 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return {};
}
std::string file_text(const char* path) {
  auto read = read_small_file(path);
  return read ? *read : std::string();
}
std::string line_of(const char* path) {
  std::string text = file_text(path);
  return text.substr(0, text.find('\n'));
}

void set_processor(Findings& to) {
  const std::string text = file_text("/proc/cpuinfo");
  const auto value = [&](std::string_view key) -> std::string {
    std::string_view rest = text;
    rest = rest.substr(0, rest.find("\n\n"));  // of the first one
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      auto name = line.substr(0, colon);
      while (!name.empty() && (name.back() == '\t' || name.back() == ' ')) name.remove_suffix(1);
      if (name == key && colon + 2 <= line.size()) return std::string(line.substr(colon + 2));
    }
    return {};
  };
  to.set("host.cpu.vendor.id", value("vendor_id"));
  to.set("host.cpu.family", value("cpu family"));
  to.set("host.cpu.model.id", value("model"));
  to.set("host.cpu.model.name", value("model name"));
  to.set("host.cpu.stepping", value("stepping"));
  const std::string cache = value("cache size");  // "512 KB"
  std::int64_t kib = 0;
  if (std::from_chars(cache.data(), cache.data() + cache.size(), kib).ec == std::errc())
    to.set("host.cpu.cache.l2.size", kib);
}

void set_interfaces(Findings& to) {
  if (!to.wants("host.ip") && !to.wants("host.mac") && !to.wants("host.interface")) return;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return;
  std::vector<std::string> addresses, hardware, names;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr || (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP)) continue;
    if (std::find(names.begin(), names.end(), one->ifa_name) == names.end())
      names.emplace_back(one->ifa_name);
    char text[INET6_ADDRSTRLEN];
    const int family = one->ifa_addr->sa_family;
    if (family == AF_INET) {
      const auto& in = *reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      addresses.emplace_back(::inet_ntop(family, &in.sin_addr, text, sizeof text));
    } else if (family == AF_INET6) {
      const auto& in = *reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      addresses.emplace_back(::inet_ntop(family, &in.sin6_addr, text, sizeof text));
    } else if (family == AF_PACKET) {
      const auto& link = *reinterpret_cast<const sockaddr_ll*>(one->ifa_addr);
      std::string mac;
      for (int i = 0; i < link.sll_halen && i < 8; ++i)
        mac += fmt::format("{}{:02X}", i ? "-" : "", link.sll_addr[i]);
      if (!mac.empty()) hardware.push_back(std::move(mac));
    }
  }
  ::freeifaddrs(all);
  to.set("host.ip", addresses);
  to.set("host.mac", hardware);
  to.set("host.interface", names);
}

std::string_view architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

}  // namespace

Task<Result<>> detect_system(const Tools& tools, TimePoint deadline, Detected& into) {
  Findings to(tools.config.system.resource_attributes, into);
  if (to.wants("host.name")) {
    const std::string name = co_await host_name(tools, deadline);
    if (name.empty()) co_return fail(Fault::retryable, "all hostname sources failed to get hostname");
    to.set("host.name", name);
  }
  to.set("os.type", "linux");
  utsname kernel{};
  (void)::uname(&kernel);
  to.set("host.arch", architecture(kernel.machine));
  if (to.wants("host.id")) {
    std::string id = line_of("/etc/machine-id");
    if (id.empty()) id = line_of("/var/lib/dbus/machine-id");
    to.set("host.id", id);
  }
  const std::string release = file_text("/etc/os-release");
  const std::string pretty = value_in(release, "PRETTY_NAME");
  to.set("os.description",
         fmt::format("{}{}({} {} {} {} {})", pretty, pretty.empty() ? "" : " ", kernel.sysname,
                     kernel.nodename, kernel.release, kernel.version, kernel.machine));
  to.set("os.name", value_in(release, "NAME"));
  to.set("os.version", value_in(release, "VERSION_ID"));
  to.set("os.build.id", value_in(release, "BUILD_ID"));
  set_processor(to);
  set_interfaces(to);
  co_return Result<>();
}

}  // namespace gleaner::processors::resourcedetection
