#pragma once
// Is this file new, a copy of one that is being read, or one that was read before under another name?
// Source: spec/filelog.md 5.2, 5.5, 20 (#19765, #46496).
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "stanza/files/keeper.h"

namespace gleaner::stanza::files {

/// A file that is not open any more: rotated away, deleted, truncated, or of an earlier run.
struct Memory {
  Position position;
  Identity truncated;  ///< the file this content was in before it was truncated; {} otherwise
  Identity identity;   ///< the file it is still in; {}: none
  TimePoint copies =
      TimePoint::max();      ///< until then another file with this content is taken for a copy of it
  std::uint32_t source = 0;  ///< number it had in Origin, 0 = in an earlier run
  bool deleted = false;      ///< with its last name

  /// Whether `file` is the one this content is still in. A device may have another number after a restart.
  bool is(const Identity& file) const {
    return source == 0 ? identity.inode == file.inode && file.inode != 0 : identity == file;
  }
};

/// The last files that went, newest last.
class Memories {
 public:
  static constexpr std::size_t kMost = 512;  ///< of about 1.1 kB each, and those of the earlier run
  static constexpr std::size_t kArchive = 8192;

  /// @param archive  how long copies of files that went are recognised; more of them are remembered then
  explicit Memories(Duration archive = Duration{0})
      : most_(archive > Duration{0} ? kArchive : kMost), archive_(archive) {}

  void add(Memory memory);
  /// Takes in the files of an earlier run, all of them.
  /// @param copies  how long copies may turn up of those that were truncated
  void restore(std::vector<Kept> kept, TimePoint now, Duration copies);
  /// Finds what `file` continues and takes it out. @param waiting set when it may become clear a moment
  /// later: a copy in progress is still shorter than what was read
  std::optional<Position> claim(const File& file, TimePoint now, bool& waiting);
  const std::deque<Memory>& all() const { return all_; }
  std::deque<Memory>& all() { return all_; }
  /// Keys of positions that were forgotten since the last call.
  std::vector<std::uint64_t> take_forgotten() { return std::exchange(forgotten_, {}); }

 private:
  enum class Match : std::uint8_t { no, later, yes };
  static Match match(const Memory& memory, const File& file, TimePoint now);
  void drop(const Memory& memory) {
    if (memory.position.key != 0) forgotten_.push_back(memory.position.key);
  }
  std::deque<Memory> all_;
  std::size_t most_;
  Duration archive_;
  std::vector<std::uint64_t> forgotten_;
};

enum class Kind : std::uint8_t {
  fresh,      ///< nobody has read it
  duplicate,  ///< the same content as a file that is open
  unclear,    ///< the beginning of an open file's content: being copied, or a file of its own
};

/// Compares `file`, whose fingerprint is fresh, with the others by content.
Kind compare(const File& file, const std::vector<std::unique_ptr<File>>& files);

}  // namespace gleaner::stanza::files
