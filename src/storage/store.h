#pragma once
// One component's keys and values, kept through crashes: a log in one file, rewritten when most of it is
// stale.
//
// What put() and erase() say since the last flush() goes to the disk with the next one, all of it or nothing
// (up to a frame, frame.h). After flush() a killed process loses nothing of it; with `fsync` a machine that
// loses its power loses at most what was flushed while the disk was at work. Without, it may lose the last
// half minute or so, as the kernel has it; what is left is always what some flush() left.
//
// A disk that is full, read-only or failing loses nothing while the process lives: what waits stays here, by
// key, and is tried again. It is said once when that begins and once when it is over.
//
// Everything that may wait for the disk runs on the helper thread; only small writes into the page cache are
// made on the loop, and none while the helper is at work on the file.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "storage/recover.h"

namespace gleaner::storage {

struct StoreOptions {
  std::string path;
  bool fsync = false;
  std::uint64_t max_size = 0;                   ///< bytes of the file; 0 = kMostSize
  Duration patience = std::chrono::seconds(1);  ///< how long another process may still have the file
  std::uint64_t spare = 4 << 20;                ///< bytes that may be stale, beside as much as is live
  metrics::Labels labels;                       ///< of its metrics
};

class Store {
 public:
  static constexpr std::uint64_t kMostSize = 1 << 30;  ///< bytes

  Store(StoreOptions options, Loop& loop, log::Logger logger, metrics::Registry& metrics, Disk& disk);
  ~Store();

  /// Reads what is there. A file that cannot be made is no failure (see above).
  /// @return Fault::os when there is a file and it cannot be read or another process has it
  Task<Result<>> open();
  /// There was no file: what an older program left elsewhere may be looked at.
  bool fresh() const { return fresh_; }

  std::optional<std::string> get(std::string_view key) const;
  /// Every key with its value, in no order.
  void each(const std::function<void(std::string_view key, std::string_view value)>& what) const;
  /// @param key  kMostKey bytes at most  @param value  kMostValue bytes at most; larger ones are refused,
  /// said and counted
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  /// Hands on what was put and erased. Returns at once.
  void flush();

  /// Its component has stopped: the next one of that name may have it as it is. Until then the old one may
  /// still note what is settled late.
  void release() { released_ = true; }
  bool released() const { return released_; }
  void take() { released_ = fresh_ = false; }
  const std::string& path() const { return options_.path; }

  /// Writes what can be written, and lets go of the file.
  Task<> close();

  bool failing() const { return failing_; }
  bool waiting() const { return !pending_.empty(); }  ///< something is not in the file yet
  bool unsynced() const { return unsynced_ || busy_; }
  std::uint64_t size() const { return end_; }  ///< bytes of the file

 private:
  struct Opened;
  static Result<Opened> open_file(Disk& disk, const std::string& path, Disk::File* held = nullptr);
  void adopt(Opened opened);
  void say_damaged(const Recovered& content);
  void write();
  Result<> write_frame(std::string_view frame);
  bool wants_rewriting() const;
  void work();
  Task<> sync();
  Task<> renew();
  Task<> reopen();
  void failed(const Error& error);
  void went_well();
  void retry();

  const StoreOptions options_;
  Loop& loop_;
  log::Logger logger_;
  Disk& disk_;
  std::unique_ptr<Disk::File> file_;
  Index index_;
  std::map<std::string, std::optional<std::string>, std::less<>> pending_;  ///< nothing = erase
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t salt_ = 0, end_ = 0, live_ = 0;
  bool fresh_ = false, open_ = false, closing_ = false;
  bool busy_ = false;          ///< the helper has the file
  bool unsynced_ = false;      ///< written since the last sync
  bool renew_wanted_ = false;  ///< the file is damaged, lost its name, or could not be synced
  bool flush_wanted_ = false;
  bool failing_ = false;
  bool gave_up_ = false;  ///< at the end
  bool released_ = false;
  Duration wait_{};
  TimePoint looked_{}, renew_not_before_{};
  Timer timer_;
  Gate gate_;
  metrics::Registry& metrics_;
  metrics::Counter& failures_;
  std::size_t gauge_;
};

}  // namespace gleaner::storage
