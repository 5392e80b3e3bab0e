#include "stanza/files/finder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "base/fd.h"

namespace gleaner::stanza::files {
namespace {

constexpr std::size_t kMaxDepth = 64;       // of directories
constexpr std::size_t kMaxFiles = 100'000;  // bounds what a pattern like /** can hold
constexpr std::size_t kMaxErrors = 20;

void free_path(char* path) { std::free(path); }

using Directory = Handle<DIR, &::closedir>;

class Walk {
 public:
  Walk(const FinderOptions& options, std::int64_t now, Found& found)
      : options_(options), now_(now), found_(found) {}

  void pattern(const text::Glob& glob) {
    glob_ = &glob;
    struct stat info;
    if (glob.base() == glob.pattern()) {
      look(glob.pattern());
      return;
    }
    if (::stat(glob.base().empty() ? "." : glob.base().c_str(), &info) != 0)
      return watch_nearest(glob.base());
    if (S_ISDIR(info.st_mode)) directory(glob.base(), info);
  }

 private:
  /// A pattern without wildcards: one path. Its directory tells when it comes, goes or is replaced.
  void look(const std::string& path) {
    const auto slash = path.rfind('/');
    watch_nearest(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
    struct stat info;
    if (::stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) add(path, info);
  }

  void watch_nearest(std::string path) {
    struct stat info;
    while (!path.empty() && path != "/" && path != "." && ::stat(path.c_str(), &info) != 0) {
      const auto slash = path.rfind('/');
      path = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    }
    directories_.insert(path.empty() ? "." : path);
  }

  void directory(const std::string& path, const struct stat& own) {
    // A link to a directory that is being walked would lead around for ever, and with two of them 2^depth
    // times.
    const Identity identity{own.st_dev, own.st_ino};
    if (inside_.size() >= kMaxDepth || std::find(inside_.begin(), inside_.end(), identity) != inside_.end())
      return;
    inside_.push_back(identity);
    entries(path);
    inside_.pop_back();
  }

  void entries(const std::string& path) {
    const std::string real = path.empty() ? "." : path;
    const Directory open(::opendir(real.c_str()));
    if (!open) {
      // What is behind a closed directory is not read, the rest is. A vanished one is no error.
      if (errno != ENOENT && found_.errors.size() < kMaxErrors)
        found_.errors.push_back("open " + real + ": " + std::strerror(errno));
      return;
    }
    directories_.insert(real);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    // gleaner exec's mark and the acknowledgements of its readers are no logs, whatever the pattern says.
    if (std::binary_search(names.begin(), names.end(), ".gleaner-exec"))
      std::erase_if(names, [](const auto& name) { return name == ".gleaner-exec" || name == ".ack"; });
    for (const auto& name : names) {
      const std::string child = path.empty() ? name : path.back() == '/' ? path + name : path + '/' + name;
      const bool matches = glob_->match(child), holds = glob_->may_hold(child);
      if (!matches && !holds) continue;
      struct stat info;
      if (::stat(child.c_str(), &info) != 0) continue;  // gone, or a link that leads nowhere
      if (S_ISDIR(info.st_mode)) {
        if (holds) directory(child, info);
      } else if (matches) {
        add(child, info);
      }
    }
  }

  void add(const std::string& path, const struct stat& info) {
    if (!S_ISREG(info.st_mode) || !paths_.insert(path).second) return;
    for (const auto& glob : options_.exclude)
      if (glob.match(path)) return;
    if (found_.files.size() >= kMaxFiles) {
      if (!std::exchange(too_many_, true))
        found_.errors.push_back("more than " + std::to_string(kMaxFiles) +
                                " files match; the rest is not read");
      return;
    }
    FoundFile file{path,
                   {info.st_dev, info.st_ino},
                   static_cast<std::uint64_t>(info.st_size),
                   static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
    file.too_old = options_.exclude_older_than > 0 &&
                   now_ - file.modified > static_cast<std::int64_t>(options_.exclude_older_than);
    found_.files.push_back(std::move(file));
  }

 public:
  void finish() {
    std::sort(found_.files.begin(), found_.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    if (options_.ordering) options_.ordering->apply(found_.files);
    found_.directories.assign(directories_.begin(), directories_.end());
    found_.any = !found_.files.empty();
    if (options_.share.lanes > 1)
      std::erase_if(found_.files, [&](const FoundFile& file) { return !options_.share.has(file.path); });
    if (options_.share.lane > 0) found_.errors.clear();
  }

 private:
  const FinderOptions& options_;
  std::int64_t now_;
  Found& found_;
  const text::Glob* glob_ = nullptr;
  std::set<std::string> directories_, paths_;
  std::vector<Identity> inside_;  ///< the directories from the base down to the one being read
  bool too_many_ = false;
};

}  // namespace

bool Share::has(std::string_view path) const {
  const Handle<char, &free_path> real(::realpath(std::string(path).c_str(), nullptr));
  if (!real) return false;  // it has gone; or comes back in a moment, and the scan after that finds it
  const std::string_view whole(real.get());
  return std::hash<std::string_view>{}(whole.substr(0, whole.rfind('/'))) % lanes == lane;
}

Found find_files(const FinderOptions& options, std::int64_t now) {
  Found found;
  Walk walk(options, now, found);
  for (const auto& glob : options.include) walk.pattern(glob);
  walk.finish();
  return found;
}

}  // namespace gleaner::stanza::files
