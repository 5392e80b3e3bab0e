#pragma once
// A compressed file read as if it were the text it holds: by offsets into that text. Rotation, restarts and
// the recognition of files then need not know of compression: `app.log.1.gz` has the content, the fingerprint
// and the offsets of the `app.log` it was made of.
#include <deque>
#include <memory>
#include <string>

#include "stanza/files/unpack.h"

namespace gleaner::stanza::files {

/// Not for two threads at a time; every call may block on the disk.
class Packed {
 public:
  explicit Packed(Packing how) : how_(how) {}

  /// Decodes what was not yet seen of `fd`, for size().
  /// @param raw_size  of the file now @param most  bytes to decode at this call
  /// @return whether everything is counted
  bool measure(int fd, std::uint64_t raw_size, std::size_t most);
  /// Bytes of text there are, as far as measured: also those of a member that is still being written.
  std::uint64_t size() const { return end_.plain_at; }
  /// The file's own size at the last measuring.
  std::uint64_t raw_size() const { return raw_size_; }
  /// The first bad byte ends the text; words, or empty.
  const std::string& damage() const { return damage_; }

  /// Copies text [at, at + count) to `to`. Quick when `at` is not before the last one; otherwise it begins at
  /// the last member before. @return bytes copied, fewer at the end
  std::size_t read(int fd, std::uint64_t at, std::size_t count, char* to);
  /// The same, without losing the place where read() goes on.
  std::string peek(int fd, std::uint64_t at, std::size_t count);
  /// Nothing will be read for a while: gives memory back.
  void rest();

 private:
  struct Mark {
    std::uint64_t raw = 0, plain = 0;  ///< where a member begins
  };
  /// A place in the stream.
  struct Cursor {
    std::unique_ptr<Unpacker> unpacker;
    std::string input;  ///< raw bytes that were read, from input_used on not decoded yet
    std::size_t input_used = 0;
    std::uint64_t raw_at = 0;    ///< of the first byte behind `input`
    std::uint64_t plain_at = 0;  ///< text decoded so far
    bool fresh = true;           ///< at the beginning of a member
    bool broken = false;         ///< damage: nothing follows
  };
  void begin(Cursor& cursor, const Mark& mark) const;
  /// Decodes up to `room` bytes. @return bytes; 0 at the end of the file or of what is sound
  std::size_t decode(Cursor& cursor, int fd, char* to, std::size_t room, std::deque<Mark>* marks,
                     std::string* damage) const;
  Mark mark_before(std::uint64_t at) const;

  Packing how_;
  std::uint64_t raw_size_ = 0;
  Cursor end_;     ///< of measure()
  Mark end_mark_;  ///< the last member it saw begin
  Cursor reading_;
  std::string window_;  ///< text before reading_.plain_at that read() may be asked for again
  std::deque<Mark> marks_{Mark{}};
  std::string head_;  ///< the first bytes: what fingerprints are made of
  std::string damage_;
};

}  // namespace gleaner::stanza::files
