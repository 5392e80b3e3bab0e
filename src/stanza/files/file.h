#pragma once
// One open log file and how far it has been read.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/loop.h"
#include "stanza/files/attributes.h"
#include "stanza/files/finder.h"
#include "stanza/files/header.h"
#include "stanza/files/packed.h"

namespace gleaner::stanza::files {

/// What recognises a file again under another name, inode or process. Source: spec/filelog.md 5.1, and more:
/// the bytes just before the offset tell files with equal beginnings apart.
struct Position {
  static constexpr std::size_t kAnchor = 64;  ///< bytes

  std::string fingerprint;          ///< the first bytes of the file, fingerprint_size at most
  std::uint64_t offset = 0;         ///< bytes read and handed on
  std::string anchor;               ///< the last bytes before offset, kAnchor at most
  std::uint64_t record_number = 0;  ///< records handed on
  bool skipping = false;  ///< inside a record that is cut off; what File says counts while it is open
  /// Numbers in Origin that files had under which these bytes were read before: their records may still be on
  /// their way.
  std::vector<std::uint32_t> former;
  std::uint64_t key = 0;  ///< what a PositionKeeper calls it; 0 = it does not know it
};

/// A file that is being tailed. Held by descriptor: renaming or deleting it takes nothing away.
struct File {
  std::uint32_t source = 0;  ///< number in Origin
  std::string path;          ///< as the pattern found it
  Identity identity;
  Fd fd;
  TextAttributes attributes;
  Position position;

  bool identified = false;  ///< has content, and it was compared with that of other files
  bool duplicate = false;   ///< the same content as another one: not read until it differs
  bool skipping = false;    ///< inside a record that is cut off
  std::uint64_t first = 0;  ///< where reading starts when it turns out to be a file of its own

  std::uint64_t size = 0;          ///< at the last look, or at the last measuring when packed
  std::uint64_t raw_size = 0;      ///< bytes on disk at the last look
  std::unique_ptr<Packed> packed;  ///< it is compressed: everything else here speaks of the text in it
  bool packing_known = false, stale = false;  ///< packed: grown since it was measured
  std::unique_ptr<FileHeader> header;         ///< what all its records carry
  bool locked = false;                        ///< somebody else holds it: not read for now
  std::uint64_t pending = 0;                  ///< bytes behind the offset that are no whole record yet
  std::uint64_t links = 1;                    ///< names it has left
  TimePoint changed{};                        ///< when the last look saw another size
  bool grew = false;                          ///< since the last rest
  bool leaving = false;                       ///< no pattern finds it any more
  bool queued = false;
  bool segment = false;              ///< of gleaner exec: read to its end before the next one has its turn
  bool by_clock = false;             ///< the kernel cannot tell when it changes
  bool seen = false;                 ///< by the scan in progress
  TimePoint due = TimePoint::max();  ///< next look by the clock

  /// Looks at size and links. @return false when even that fails
  bool look(TimePoint now);
};

/// Reads bytes [at, at + count) into `into`, off the loop when they are not in the page cache.
/// @return bytes read, fewer at the end; Fault::os otherwise
Task<Result<std::size_t>> read_at(Loop& loop, const Fd& fd, std::uint64_t at, std::size_t count,
                                  Buffer& into);
/// The same of a file's text, packed or not.
Task<Result<std::size_t>> read_at(Loop& loop, const File& file, std::uint64_t at, std::size_t count,
                                  Buffer& into);

/// The same at once, for small pieces.
std::string peek(const Fd& fd, std::uint64_t at, std::size_t count);
std::string peek(const File& file, std::uint64_t at, std::size_t count);

/// Remembers the bytes before the new offset.
void move_offset(Position& position, std::string_view consumed);

}  // namespace gleaner::stanza::files
