#pragma once
// Positions in a store: two values a file, as its beginning hardly ever changes and its offset always does.
//
//   f<key> = version:1 fingerprint
//   p<key> = version:1 fate:1 offset:8 record_number:8 device:8 inode:8 anchor      little endian
//   run    = version:1; there was a run before, even if it saw no file
#include <unordered_map>
#include <vector>

#include "stanza/files/keeper.h"
#include "storage/store.h"

namespace gleaner::receivers::filelog {

class Checkpoints final : public stanza::files::PositionKeeper {
 public:
  /// Positions kept at most, of about 1.2 kB each; beyond, those not heard of for the longest go.
  static constexpr std::size_t kMost = 65'536;

  Checkpoints(storage::Store& store, log::Logger logger) : store_(store), logger_(std::move(logger)) {}

  /// What earlier runs left. To be called once, first.
  std::vector<stanza::files::Kept> load();
  /// Whether there was an earlier run.
  bool earlier_run() const { return earlier_run_; }
  /// Takes over positions from elsewhere: they get their keys.
  void adopt(std::vector<stanza::files::Kept>& kept);

  std::uint64_t keep(const stanza::files::Kept& kept) override;
  void forget(std::uint64_t key) override;
  /// What was kept and forgotten goes to the disk.
  void flush() { store_.flush(); }

 private:
  /// What the store has of a position, to see what changed.
  struct Known {
    std::uint64_t offset = 0, record_number = 0, inode = 0;
    std::uint32_t fingerprint = 0;  ///< bytes
    stanza::files::Kept::Fate fate{};
  };
  storage::Store& store_;
  log::Logger logger_;
  std::unordered_map<std::uint64_t, Known> known_;
  std::uint64_t last_ = 0;
  bool earlier_run_ = false;
};

}  // namespace gleaner::receivers::filelog
