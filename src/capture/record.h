#pragma once
// A line as a record of a file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "capture/stream.h"

namespace gleaner::capture {

enum class Format : std::uint8_t {
  cri,   ///< "TIME stdout F TEXT", what a container runtime writes; P instead of F: the line goes on
  json,  ///< {"log":"TEXT\n","stream":"stdout","time":"TIME"}, Docker's; without \n: the line goes on
  raw,   ///< TEXT
};

/// Takes bytes one after the other.
class Bytes {
 public:
  virtual void append(std::string_view bytes) = 0;

 protected:
  ~Bytes() = default;
};

/// How many bytes write_record() will append.
std::size_t record_size(Format format, Stream stream, std::string_view text);
/// One record with its newline. `partial`: the line goes on in the next record of this stream. JSON gets
/// U+FFFD for what is not UTF-8; the other formats keep every byte.
void write_record(Bytes& to, Format format, Stream stream, std::string_view time, bool partial,
                  std::string_view text);

/// The same for Format::cri where there is room for record_size() bytes at `to`. @return behind the record
char* copy_cri(char* to, Stream stream, std::string_view time, bool partial, std::string_view text);

}  // namespace gleaner::capture
