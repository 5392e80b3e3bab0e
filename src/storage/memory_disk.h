#pragma once
// For tests and fuzz targets: a disk in memory that crashes on command, tears writes, loses what was not
// synced, and refuses. It keeps apart what is on it for good and what only the kernel has.
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/disk.h"

namespace gleaner::storage::testing_support {

class MemoryDisk final : public Disk {
 public:
  /// What a file holds: the synced bytes, and what was done to it since, in order.
  struct Inode {
    std::string synced, now;
    struct Step {
      bool truncate;
      std::uint64_t at;
      std::string bytes;
    };
    std::vector<Step> steps;
    bool locked = false;

    static void apply(std::string& to, const Step& step, std::size_t bytes) {
      if (step.truncate) return to.resize(step.at);
      if (to.size() < step.at + bytes) to.resize(step.at + bytes);
      to.replace(step.at, bytes, step.bytes, 0, bytes);
    }
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Names names;         ///< as programs see them
  Names synced_names;  ///< as they are on the disk
  /// Calls that change something left until the process or the machine dies; negative: it lives on.
  int lives = -1;
  bool dead = false;
  std::size_t torn = 0;                     ///< bytes of the last write that are still written
  int refuses = 0;                          ///< errno of every call that changes something, 0 = none
  std::size_t changes = 0;                  ///< calls that changed something
  std::function<void(std::string)> traced;  ///< told of each of them

  /// The process died: locks are gone, the kernel has everything.
  void process_died() {
    dead = false;
    lives = -1;
    for (auto& [_, inode] : names) inode->locked = false;
  }
  /// The machine died: of what was not synced a part is on the disk, in order.
  void power_lost(std::mt19937& random) {
    process_died();
    // Names were changed in order as well; either all of it reached the disk or nothing.
    if (random() % 2) names = synced_names;
    synced_names = names;
    for (auto& [_, inode] : names) {
      std::string& bytes = inode->synced;
      const std::size_t kept = random() % (inode->steps.size() + 1);
      for (std::size_t i = 0; i < kept; ++i)
        Inode::apply(bytes, inode->steps[i], inode->steps[i].bytes.size());
      if (kept < inode->steps.size() && !inode->steps[kept].bytes.empty())
        Inode::apply(bytes, inode->steps[kept], random() % inode->steps[kept].bytes.size());
      inode->steps.clear();
      inode->now = bytes;
    }
  }

  Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
    const std::lock_guard lock(mutex_);
    auto there = names.find(path);
    if (there == names.end()) {
      if (access != Access::create) return fail(Fault::os, "open " + path + ": no such file", ENOENT);
      if (auto ok = change("create " + path); !ok) return fail(std::move(ok.error()));
      there = names.emplace(path, std::make_shared<Inode>()).first;
    }
    return std::make_unique<MemoryFile>(*this, there->second);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = change("rename " + from); !ok) return ok;
    const auto there = names.find(from);
    if (there == names.end()) return fail(Fault::os, "rename: no such file", ENOENT);
    names[to] = there->second;
    names.erase(from);
    return {};
  }
  Result<> link(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = change("link " + from); !ok) return ok;
    names[to] = names.at(from);
    return {};
  }
  Result<> remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = change("remove " + path); !ok) return ok;
    names.erase(path);
    return {};
  }
  /// Folders are there as soon as a file in them is.
  Result<> make_folder(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [path, _] : names)
      if (path.starts_with(folder + '/') && path.find('/', folder.size() + 1) == std::string::npos)
        out.push_back(path.substr(folder.size() + 1));
    return out;
  }
  Result<> sync_folder(const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = change("sync folder"); !ok) return ok;
    synced_names = names;
    return {};
  }

 private:
  std::mutex mutex_;

  /// Whether one more change happens.
  Result<> change(const std::string& what) {
    if (dead || lives == 0) {
      dead = true;
      return fail(Fault::os, what + ": dead", EIO);
    }
    if (refuses) return fail(Fault::os, what + ": refused", refuses);
    if (lives > 0) --lives;
    ++changes;
    if (traced) traced(what);
    return {};
  }

  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryDisk& disk, std::shared_ptr<Inode> inode) : disk_(disk), inode_(std::move(inode)) {}
    ~MemoryFile() override { unlock(); }
    Result<std::size_t> read(std::uint64_t at, char* into, std::size_t size) override {
      const std::lock_guard lock(disk_.mutex_);
      if (at >= inode_->now.size()) return std::size_t{0};
      return inode_->now.copy(into, size, at);
    }
    Result<> write(std::uint64_t at, std::string_view bytes) override {
      const std::lock_guard lock(disk_.mutex_);
      const bool dying = disk_.lives == 0 && !disk_.dead;
      auto ok = disk_.change("write");
      Inode::Step step{false, at, std::string(bytes)};
      if (!ok && dying) step.bytes.resize(std::min(bytes.size(), disk_.torn));
      if (!ok && !dying) return ok;
      Inode::apply(inode_->now, step, step.bytes.size());
      inode_->steps.push_back(std::move(step));
      return ok;
    }
    Result<> truncate(std::uint64_t size) override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto ok = disk_.change("truncate"); !ok) return ok;
      Inode::Step step{true, size, {}};
      Inode::apply(inode_->now, step, 0);
      inode_->steps.push_back(std::move(step));
      return {};
    }
    Result<> sync() override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto ok = disk_.change("sync"); !ok) return ok;
      inode_->synced = inode_->now;
      inode_->steps.clear();
      return {};
    }
    Result<std::uint64_t> size() override {
      const std::lock_guard lock(disk_.mutex_);
      return std::uint64_t{inode_->now.size()};
    }
    bool lock() override {
      if (inode_->locked && !mine_) return false;
      return inode_->locked = mine_ = true;
    }
    void unlock() override {
      if (std::exchange(mine_, false)) inode_->locked = false;
    }
    bool is(const std::string& path) override {
      const std::lock_guard lock(disk_.mutex_);
      const auto there = disk_.names.find(path);
      return there != disk_.names.end() && there->second == inode_;
    }
    bool writable() const override { return true; }

   private:
    MemoryDisk& disk_;
    std::shared_ptr<Inode> inode_;
    bool mine_ = false;
  };
};

}  // namespace gleaner::storage::testing_support
