#pragma once
// What becomes of a record an operator failed on: one routine for all operators.
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "stanza/entry.h"

namespace gleaner::stanza {

/// send, drop: an error in the log and back to the reader. The quiet ones: a debug line only.
enum class OnError : std::uint8_t { send, send_quiet, drop, drop_quiet };

/// @return Fault::config naming the four modes
Result<OnError> parse_on_error(std::string_view text);
inline bool quiet(OnError mode) { return mode == OnError::send_quiet || mode == OnError::drop_quiet; }

/// Logs "Failed to process entry", counts, tells the reader.
/// @param reported how the reader is told; `what` when empty
/// @return whether the record goes on, as it is at this moment
/// Source: spec/filelog.md 12.
bool handle_error(OnError mode, const log::Logger& logger, const Entry& entry, const std::string& what,
                  Flow& flow, const std::string& reported = {});

/// Logs a record's misfortune with its timestamp and attributes, as zap prints them.
void log_entry(const log::Logger& logger, log::Level level, std::string_view message, const Entry& entry,
               const std::string& what, std::string_view action = {});

}  // namespace gleaner::stanza
