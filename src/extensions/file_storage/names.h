#pragma once
// How files are called: as the reference calls them.
#include <string>
#include <string_view>

#include "storage/storage.h"

namespace gleaner::extensions::file_storage {

/// "receiver_filelog_app~002Fone": letters, digits, '.', '-' and '_' stand for themselves, other characters
/// are
/// '~' and their number in Unicode. Underscores of the type are left out, so that a new spelling of it finds
/// the same file.
std::string file_name(const storage::Owner& owner);

}  // namespace gleaner::extensions::file_storage
