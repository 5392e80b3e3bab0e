#pragma once
// From entries to log records.
#include "pdata/signal.h"
#include "stanza/entry.h"

namespace gleaner::stanza {

/// Records grouped by resource and, inside, by scope name; groups in the order they first appear, records in
/// theirs. The arena moves along; nothing is copied. Source: spec/filelog.md 2.2-2.4.
/// @param nil_as_text  values without content become "<nil>", as in 0.102
Records<Logs> emit(Entries&& entries, bool nil_as_text = false);

}  // namespace gleaner::stanza
