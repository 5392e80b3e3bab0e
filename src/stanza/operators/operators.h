#pragma once
// The makers of all operators. One .cc file each; the class behind a maker is nobody else's business.
#include "stanza/config.h"

namespace gleaner::stanza {

#define GLEANER_OPERATOR(NAME)                               \
  std::unique_ptr<Operator> make_##NAME(const Build& build); \
  std::span<const config::Field> NAME##_fields();

GLEANER_OPERATOR(add)
GLEANER_OPERATOR(assign_keys)
GLEANER_OPERATOR(container)
GLEANER_OPERATOR(copy)
GLEANER_OPERATOR(csv_parser)
GLEANER_OPERATOR(filter)
GLEANER_OPERATOR(flatten)
GLEANER_OPERATOR(json_array_parser)
GLEANER_OPERATOR(json_parser)
GLEANER_OPERATOR(key_value_parser)
GLEANER_OPERATOR(move)
GLEANER_OPERATOR(noop)
GLEANER_OPERATOR(recombine)
GLEANER_OPERATOR(regex_parser)
GLEANER_OPERATOR(regex_replace)
GLEANER_OPERATOR(remove)
GLEANER_OPERATOR(retain)
GLEANER_OPERATOR(router)
GLEANER_OPERATOR(sanitize_utf8)
GLEANER_OPERATOR(scope_name_parser)
GLEANER_OPERATOR(severity_parser)
GLEANER_OPERATOR(syslog_parser)
GLEANER_OPERATOR(time_parser)
GLEANER_OPERATOR(trace_parser)
GLEANER_OPERATOR(unquote)
GLEANER_OPERATOR(uri_parser)
#undef GLEANER_OPERATOR

}  // namespace gleaner::stanza
