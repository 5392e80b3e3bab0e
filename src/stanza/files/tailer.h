#pragma once
// Follows the files that match: finds them, reads what is new, survives rotation. Source: spec/filelog.md
// 4-6.
//
// Quiet files are watched by the kernel, busy ones are looked at by the clock, and nothing happens while
// nothing is written. Directories tell when to scan again; a slow scan by the clock catches what the kernel
// did not tell.
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/budget.h"
#include "base/log.h"
#include "stanza/files/acks.h"
#include "stanza/files/entry_maker.h"
#include "stanza/files/identify.h"
#include "stanza/files/keeper.h"
#include "stanza/files/split.h"
#include "stanza/files/watcher.h"

namespace gleaner::stanza::files {

enum class OnTruncate : std::uint8_t {
  restart,   ///< read from the beginning: the default, and `read_whole_file`
  read_new,  ///< go on behind what is there now
  ignore,    ///< wait until the file is longer than it was
};

/// Which files are taken for compressed.
enum class Unpack : std::uint8_t {
  none,
  gzip,  ///< all of them
  zstd,
  look,  ///< those that begin like gzip or zstd
};

struct TailerOptions {
  FinderOptions finder;
  SplitOptions split;
  EntryOptions entries;
  AttributeOptions attributes;
  bool from_beginning = false;  ///< files that are there at the first scan
  Duration poll_interval = std::chrono::milliseconds(200);
  Duration force_flush_period = std::chrono::milliseconds(500);  ///< 0 = never
  std::size_t fingerprint_size = 1000;                           ///< bytes
  OnTruncate on_truncate = OnTruncate::restart;
  Unpack unpack = Unpack::none;
  std::shared_ptr<HeaderReader> header;
  bool delete_after_read = false;  ///< once all of a file is delivered, persisted or dropped with a reason
  bool lock = false;               ///< flock() while reading; files that others have locked wait
  bool drop_cache = false;         ///< the page cache need not keep what was read
  Duration remember{0};            ///< how long a copy of a file that went is still recognised, at least
  bool flush_at_stop = true;  ///< a last line without its end is given out when nothing remembers the offset
};

/// Where records go.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// Takes the records of one chunk of `from`; reading goes on when it returns.
  /// @param memory  bytes of the budgets they occupy
  virtual Task<> take(Entries&& entries, const File& from, std::vector<Reservation> memory) = 0;
  /// What Tailer::keep() would say of this source may be another now.
  virtual void moved(std::uint32_t source) { (void)source; }
  /// Whether nothing that was taken of `file` is still on its way.
  virtual bool settled(const File& file) const {
    (void)file;
    return true;
  }
};

class Tailer {
 public:
  Tailer(TailerOptions options, Loop& loop, log::Logger logger, Budget& budget, RecordSink& sink);
  ~Tailer();

  /// Where an earlier run stopped. To be called before start(); files not among them start at their
  /// beginning.
  void restore(std::vector<Kept> kept);
  void start();
  /// Reads what is there to its end, once, and closes everything.
  Task<> stop();

  /// The first record of a source that is not safe yet, of those that were read; nothing when all are.
  using Unsafe = std::function<std::optional<Spot>(std::uint32_t source)>;
  /// Tells the keeper how far these sources are safe.
  void keep(PositionKeeper& keeper, const Unsafe& unsafe, const std::vector<std::uint32_t>& sources);
  /// The same of everything known.
  void keep(PositionKeeper& keeper, const Unsafe& unsafe);
  /// How far every open file is safe, for acknowledgements.
  std::vector<Progress> progress(const Unsafe& unsafe) const;

  std::size_t open_files() const { return files_.size(); }
  bool reading() const { return reading_; }
  /// Whether memory of chunks it handed on was not given back yet.
  bool holds_memory() const { return window_.used() > 0; }

 private:
  Task<> run();
  Task<> finish();
  Task<> watch();
  Task<> scan();
  void adopt(const FoundFile& found);
  void leave(File& file);
  void forget(File& file);
  File* file_of(const Identity& identity) const;

  Task<> turn(File& file);
  bool identify(File& file);
  void restart(File& file, const char* why);
  void renumber(File& file);
  static void keep_file(File& file, PositionKeeper& keeper, const Unsafe& unsafe);
  static void keep_memory(Memory& memory, PositionKeeper& keeper, const Unsafe& unsafe);
  void check_shrunk(File& file);
  void check_relatives(const File& file);
  Task<bool> read_chunk(File& file, bool flush);
  std::size_t split(File& file, std::string_view bytes, bool at_end, bool flush, Bytes block,
                    Entries& entries);
  void rest(File& file);
  // What only some configurations need: modes.cc.
  Task<> unpack(File& file);
  Task<bool> read_header(File& file);
  bool lock(File& file) const;
  void unlock(const File& file) const;
  bool delete_read(File& file);
  void queue(File& file, bool first = false);
  void wake();
  void arm();
  Task<std::vector<Reservation>> reserve(std::size_t bytes);

  const Splitter splitter_;
  const TailerOptions options_;
  Loop& loop_;
  log::Logger logger_;
  Budget& budget_;
  Budget window_;  ///< what one receiver has under way: the rest waits in its files, not in memory
  RecordSink& sink_;
  Watcher watcher_;
  Duration pace_;

  std::vector<std::unique_ptr<File>> files_;
  Memories memories_{options_.remember};
  std::deque<std::uint32_t> ready_;
  std::unordered_map<std::uint32_t, File*> by_source_;
  std::unordered_set<std::string> failed_;  ///< paths that could not be opened: said once
  std::uint32_t last_source_ = 0;
  bool from_beginning_;
  bool restored_ = false, nothing_found_said_ = false;
  bool scan_wanted_ = true, poll_directories_ = false, reading_ = false;
  TimePoint scan_due_{}, scan_not_before_{};
  bool stopping_ = false, awake_ = false;
  Signal wakes_;
  Timer timer_, hunger_;
  Gate gate_;
};

}  // namespace gleaner::stanza::files
