#include "storage/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/fd.h"

namespace gleaner::storage {
namespace {

class RealFile final : public Disk::File {
 public:
  RealFile(Fd fd, bool writable) : fd_(std::move(fd)), writable_(writable) {}

  Result<std::size_t> read(std::uint64_t at, char* into, std::size_t size) override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_.get(), into + done, size - done, static_cast<off_t>(at + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno("read");
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  Result<> write(std::uint64_t at, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno("write");
      bytes.remove_prefix(static_cast<std::size_t>(n));
      at += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  Result<> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return fail_errno("truncate");
    return {};
  }
  Result<> sync() override {
    if (::fdatasync(fd_.get()) != 0) return fail_errno("sync");
    return {};
  }
  Result<std::uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return fail_errno("stat");
    return static_cast<std::uint64_t>(info.st_size);
  }
  bool lock() override { return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0; }
  void unlock() override { (void)::flock(fd_.get(), LOCK_UN); }
  bool is(const std::string& path) override {
    struct stat here {
    }, there{};
    return ::fstat(fd_.get(), &here) == 0 && ::stat(path.c_str(), &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  }
  bool writable() const override { return writable_; }

 private:
  Fd fd_;
  bool writable_;
};

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
    const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (access == Access::create ? O_CREAT : 0);
    Fd fd(::open(path.c_str(), (access == Access::read ? O_RDONLY : O_RDWR) | flags, 0600));
    const bool writable = fd && access != Access::read;
    if (!fd && (errno == EROFS || errno == EACCES || errno == EPERM)) {
      const int why = errno;
      fd = Fd(::open(path.c_str(), O_RDONLY | (flags & ~O_CREAT)));
      errno = why;
    }
    if (!fd) return fail_errno("open " + path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
      return fail(Fault::os, "open " + path + ": not a regular file", EINVAL);
    return std::make_unique<RealFile>(std::move(fd), writable);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno("rename " + from);
    return {};
  }
  Result<> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) return fail_errno("link " + from);
    return {};
  }
  Result<> remove(const std::string& path) override {
    if (std::remove(path.c_str()) != 0) return fail_errno("remove " + path);
    return {};
  }
  Result<> make_folder(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make " + path);
    return {};
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), &::closedir);
    if (!open) return fail_errno("open " + folder);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(open.get()))
      if (const std::string_view name = entry->d_name; name != "." && name != "..") names.emplace_back(name);
    return names;
  }
  Result<> sync_folder(const std::string& path) override {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return fail_errno("sync " + folder);
    return {};
  }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace gleaner::storage
