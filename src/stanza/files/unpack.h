#pragma once
// Compressed files as streams: bytes in, bytes out, in constant memory.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gleaner::stanza::files {

enum class Packing : std::uint8_t { none, gzip, zstd };

/// What the first bytes of a file say. @return nothing (no value) while they are too few to tell
/// Source: RFC 1952 2.3.1, RFC 8878 3.1.1.
struct PackingSeen {
  Packing packing = Packing::none;
  bool certain = true;  ///< false: more bytes are needed
};
PackingSeen packing_of(std::string_view beginning);

/// One stream. Several gzip members or zstd frames in a row are one text.
class Unpacker {
 public:
  struct Step {
    std::size_t used = 0, made = 0;  ///< bytes
    bool boundary = false;           ///< a member ended right behind `used`: a fresh unpacker can go on there
    std::string damage;              ///< words: nothing comes behind `made`
  };
  virtual ~Unpacker() = default;
  /// Decodes some of `in` into `room` bytes at `out`; used and made may both be 0 when `in` is too short.
  /// How the input and the output are cut makes no difference to the text, damaged or not.
  /// Memory: 50 kB for gzip, up to 8 MiB for zstd.
  virtual Step step(std::string_view in, char* out, std::size_t room) = 0;
};
std::unique_ptr<Unpacker> make_unpacker(Packing packing);

}  // namespace gleaner::stanza::files
