#include "stanza/operators/operators.h"

namespace gleaner::stanza {

std::span<const OperatorKind> operator_kinds() {
#define GLEANER_OPERATOR(NAME) {#NAME, &make_##NAME, &NAME##_fields},
  static constexpr OperatorKind kKinds[] = {
      GLEANER_OPERATOR(add) GLEANER_OPERATOR(assign_keys) GLEANER_OPERATOR(container) GLEANER_OPERATOR(copy)
          GLEANER_OPERATOR(csv_parser) GLEANER_OPERATOR(filter) GLEANER_OPERATOR(flatten)
              GLEANER_OPERATOR(json_array_parser) GLEANER_OPERATOR(json_parser)
                  GLEANER_OPERATOR(key_value_parser) GLEANER_OPERATOR(move) GLEANER_OPERATOR(noop)
                      GLEANER_OPERATOR(recombine) GLEANER_OPERATOR(regex_parser)
                          GLEANER_OPERATOR(regex_replace) GLEANER_OPERATOR(remove) GLEANER_OPERATOR(retain)
                              GLEANER_OPERATOR(router) GLEANER_OPERATOR(sanitize_utf8)
                                  GLEANER_OPERATOR(scope_name_parser) GLEANER_OPERATOR(severity_parser)
                                      GLEANER_OPERATOR(syslog_parser) GLEANER_OPERATOR(time_parser)
                                          GLEANER_OPERATOR(trace_parser) GLEANER_OPERATOR(unquote)
                                              GLEANER_OPERATOR(uri_parser)};
#undef GLEANER_OPERATOR
  return kKinds;
}

}  // namespace gleaner::stanza
