#pragma once
// The bytes of a store's file.
//
//   file   = header frame*
//   header = "glnrkv" version newline salt                      16 bytes; salt is random for each file
//   frame  = checksum:4 size:4 operation*                       all numbers little endian
//   operation = kind:1 key_size:2 value_size:4 key value        kind 1 puts, kind 2 erases
//
// The checksum covers size and operations, and is seeded with the salt and the frame's place in the file:
// bytes of another file, of another place, or written by somebody whose log lines are stored here are no
// frame. A frame counts whole or not at all.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gleaner::storage {

inline constexpr std::size_t kHeaderSize = 16;
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kFrameHead = 8;
inline constexpr std::size_t kOperationHead = 7;
inline constexpr std::size_t kMostKey = 1024;       ///< bytes
inline constexpr std::size_t kMostValue = 8 << 20;  ///< bytes
/// What a frame holds at most: a full one and one value of the largest kind.
inline constexpr std::size_t kFullFrame = 1 << 20;  ///< bytes
inline constexpr std::size_t kMostFrame = kFullFrame + kMostValue + kMostKey + kOperationHead;

std::string make_header(std::uint64_t salt);
/// What a file's first bytes say.
struct Header {
  bool ours = false;
  std::uint8_t version = 0;
  std::uint64_t salt = 0;
};
Header read_header(std::string_view bytes);

/// Collects operations into one frame.
class FrameWriter {
 public:
  FrameWriter() { clear(); }
  void put(std::string_view key, std::string_view value) { add(1, key, value); }
  void erase(std::string_view key) { add(2, key, {}); }
  bool empty() const { return bytes_.size() == kFrameHead; }
  bool full() const { return bytes_.size() >= kFullFrame; }
  /// Bytes so far: where the next operation begins in the frame.
  std::size_t size() const { return bytes_.size(); }
  /// The frame for this place of this file.
  std::string_view finish(std::uint64_t salt, std::uint64_t at);
  void clear() { bytes_.assign(kFrameHead, '\0'); }

 private:
  void add(char kind, std::string_view key, std::string_view value);
  std::string bytes_;
};

/// The size of the frame whose first bytes these are, head included; nothing when they cannot be one's.
/// @param bytes  kFrameHead at least
std::optional<std::size_t> frame_size(std::string_view bytes);
/// Whether these bytes are a frame that was written for this place.
bool valid_frame(std::string_view bytes, std::uint64_t salt, std::uint64_t at);

/// Walks the operations of a valid frame.
class FrameReader {
 public:
  explicit FrameReader(std::string_view frame) : frame_(frame) {}
  bool next();
  bool erases() const { return kind_ == 2; }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  std::size_t value_at() const { return at_ - value_.size(); }  ///< in the frame
  /// After the last next(): the operations filled the frame exactly.
  bool ok() const { return ok_; }

 private:
  std::string_view frame_, key_, value_;
  std::size_t at_ = kFrameHead;
  char kind_ = 0;
  bool ok_ = true;
};

}  // namespace gleaner::storage
