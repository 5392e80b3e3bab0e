#pragma once
// Offsets that the reference's filelog left in its storage. Source: spec/filelog.md 8.
#include <string>
#include <vector>

#include "base/result.h"
#include "stanza/files/keeper.h"

namespace gleaner::receivers::filelog {

/// One value of its `knownFiles`: JSON documents, or protobuf as newer ones write it. The same file may be in
/// it several times; it comes back once, with its largest offset.
/// @return Fault::permanent when it is neither
Result<std::vector<stanza::files::Kept>> decode_known_files(std::string_view value);

/// All that is in a storage file; never writes to it. May block.
/// @return nothing in it when there is no file; Fault::retryable while another process has it
Result<std::vector<stanza::files::Kept>> read_reference_offsets(const std::string& path);

}  // namespace gleaner::receivers::filelog
