#pragma once
// Syslog lines of RFC 3164 and RFC 5424, as leodido/go-syslog reads them.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "text/zone.h"

namespace gleaner::stanza {

struct SyslogMessage {
  struct Parameter {
    std::string_view name, value;
  };
  struct Element {
    std::string_view id;
    std::vector<Parameter> parameters;
  };
  int priority = 0;                       ///< facility * 8 + severity
  int version = 0;                        ///< RFC 5424 only
  std::optional<std::int64_t> timestamp;  ///< ns since 1970
  // Null when absent.
  std::string_view hostname, appname, proc_id, msg_id, message;
  std::vector<Element> elements;
};

/// Both: views into `line` or the arena. @return false with go-syslog's words, which name a column, in `why`.
bool parse_rfc5424(std::string_view line, Arena& arena, SyslogMessage& out, std::string& why);
/// @param zone of the timestamp, which has no year either: the current one, or the last when that is far
/// ahead
bool parse_rfc3164(std::string_view line, const text::Zone& zone, SyslogMessage& out, std::string& why);

/// "kern", "user", ... "local7"; "" for numbers past 23.
std::string_view facility_name(int facility);
/// "emerg", "alert", ... "debug".
std::string_view severity_word(int severity);

}  // namespace gleaner::stanza
