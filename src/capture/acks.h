#pragma once
// What readers say they have read and passed on: <dir>/.ack/<reader-id> with "SEGMENT OFFSET\n".
#include <cstdint>

namespace gleaner::capture {

struct Ack {
  bool any = false;           ///< a reader has spoken in the last ten minutes
  std::uint32_t segment = 0;  ///< everything in segments below is read
  std::uint64_t offset = 0;   ///< and this many bytes of this one
};

inline constexpr std::int64_t kAckAge = 600;  ///< seconds after which a reader is taken for gone

/// The least that all living readers have read. At most 64 files are looked at; what is no acknowledgement is
/// passed over. @param dir  descriptor of the folder; `now`: wall clock, seconds
Ack read_acks(int dir, std::int64_t now);

}  // namespace gleaner::capture
