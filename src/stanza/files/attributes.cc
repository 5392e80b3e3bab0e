#include "stanza/files/attributes.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace gleaner::stanza::files {
namespace {

/// The name under `id` in a file of lines "name:x:id:...". Read by hand: a static program cannot load what an
/// nsswitch.conf may ask for.
std::string name_of(const char* file, std::uint32_t id) {
  std::ifstream in(file);
  const std::string wanted = std::to_string(id);
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':');
    if (first == std::string::npos) continue;
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto third = line.find(':', second + 1);
    if (line.substr(second + 1, third == std::string::npos ? third : third - second - 1) == wanted)
      return line.substr(0, first);
  }
  return {};
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Result<TextAttributes> file_attributes(const AttributeOptions& options, int fd, const std::string& path) {
  TextAttributes out;
  if (options.name) out.emplace_back("log.file.name", base_name(path));
  if (options.path) out.emplace_back("log.file.path", path);
  if (options.name_resolved || options.path_resolved) {
    char* real = ::realpath(path.c_str(), nullptr);
    const std::string resolved = real ? real : path;
    std::free(real);
    if (options.name_resolved) out.emplace_back("log.file.name_resolved", base_name(resolved));
    if (options.path_resolved) out.emplace_back("log.file.path_resolved", resolved);
  }
  if (options.owner || options.group || options.permissions) {
    struct stat info;
    if (::fstat(fd, &info) != 0) return fail_errno("stat " + path);
    if (options.owner) {
      auto name = name_of("/etc/passwd", info.st_uid);
      if (name.empty())
        return fail(Fault::os,
                    fmt::format("resolve file owner of {}: user: unknown userid {}", path, info.st_uid));
      out.emplace_back("log.file.owner.name", std::move(name));
    }
    if (options.group) {
      auto name = name_of("/etc/group", info.st_gid);
      if (name.empty())
        return fail(Fault::os,
                    fmt::format("resolve file group of {}: group: unknown groupid {}", path, info.st_gid));
      out.emplace_back("log.file.owner.group.name", std::move(name));
    }
    if (options.permissions)
      out.emplace_back("log.file.permissions", fmt::format("{:03o}", info.st_mode & 0777));
  }
  return out;
}

}  // namespace gleaner::stanza::files
