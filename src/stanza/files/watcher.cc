#include "stanza/files/watcher.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace gleaner::stanza::files {
namespace {

constexpr std::uint32_t kDirectoryMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                         IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;
constexpr std::uint32_t kFileMask = IN_MODIFY | IN_ATTRIB | IN_ONESHOT;

}  // namespace

bool is_remote(int fd) {
  struct statfs info;
  if (::fstatfs(fd, &info) != 0) return false;
  switch (static_cast<std::uint32_t>(info.f_type)) {
    case 0x6969:      // NFS
    case 0xff534d42:  // CIFS
    case 0xfe534d42:  // SMB2
    case 0x517b:      // SMB
    case 0x65735546:  // FUSE
    case 0x01021997:  // 9P
    case 0x00c36400:  // Ceph
    case 0x5346414f:  // AFS
      return true;
    default:
      return false;
  }
}

Watcher::Watcher(Loop& loop) {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (fd) in_ = std::make_unique<Readable>(loop, std::move(fd));
}

Watcher::Change Watcher::watch_directories(const std::vector<std::string>& paths) {
  Change change;
  if (!in_) return {false, true};
  const std::set<std::string> wanted(paths.begin(), paths.end());
  std::set<int> kept;
  for (const auto& path : wanted) {
    const auto there = directories_.find(path);
    const int before = there == directories_.end() ? -1 : there->second;
    // Adding again is cheap and finds out whether the path leads to another directory by now.
    const int watch = ::inotify_add_watch(in_->fd(), path.c_str(), kDirectoryMask);
    if (watch < 0) {
      if (errno != ENOENT) change.polled = true;
      continue;
    }
    const Fd open(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (open && is_remote(open.get())) change.polled = true;
    change.added |= watch != before;
    directories_[path] = watch;
    kept.insert(watch);
  }
  for (auto it = directories_.begin(); it != directories_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    if (!kept.contains(it->second)) ::inotify_rm_watch(in_->fd(), it->second);
    it = directories_.erase(it);
  }
  return change;
}

bool Watcher::watch_file(int fd, std::uint32_t source) {
  if (!in_) return false;
  // By descriptor, not by name: the name may lead to another file by now. Masks are added: when the file is
  // watched already, by another path of the same inode, both would share one watch; files are one per inode,
  // so they do not.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int watch = ::inotify_add_watch(in_->fd(), path.c_str(), kFileMask);
  if (watch < 0) return false;
  source_of_[watch] = source;
  watch_of_[source] = watch;
  return true;
}

void Watcher::forget_file(std::uint32_t source) {
  const auto there = watch_of_.find(source);
  if (there == watch_of_.end()) return;
  ::inotify_rm_watch(in_->fd(), there->second);
  source_of_.erase(there->second);
  watch_of_.erase(there);
}

Task<bool> Watcher::wait() { return in_->wait(); }
void Watcher::cancel() {
  if (in_) in_->cancel();
}

Watcher::Events Watcher::drain() {
  Events events;
  alignas(inotify_event) char buffer[16 << 10];
  for (;;) {
    const ssize_t got = ::read(in_->fd(), buffer, sizeof buffer);
    if (got <= 0) return events;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
      if (event->mask & IN_Q_OVERFLOW) {
        events.overflow = true;
        continue;
      }
      const auto file = source_of_.find(event->wd);
      if (file == source_of_.end()) {
        if (!(event->mask & IN_IGNORED) || std::any_of(directories_.begin(), directories_.end(),
                                                       [&](const auto& d) { return d.second == event->wd; }))
          events.directories = true;
        continue;
      }
      events.sources.push_back(file->second);
      // A newer watch of the same file may have been put already: that one stays.
      if (const auto watch = watch_of_.find(file->second);
          watch != watch_of_.end() && watch->second == event->wd)
        watch_of_.erase(watch);
      source_of_.erase(file);
    }
  }
}

}  // namespace gleaner::stanza::files
