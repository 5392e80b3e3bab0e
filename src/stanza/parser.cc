#include "stanza/parser.h"

namespace gleaner::stanza {

bool ParserParts::finish(Entry& entry, const pdata::Value& found, Arena& arena, Words& why) const {
  if (!found.is_empty() && !parse_to.set(entry, found, arena)) {
    why = "set parse_to: cannot set " + parse_to.text() + " root";
    return false;
  }
  if (body) {
    if (const pdata::Value* value = body->get(entry)) entry.body = *value;
  }
  if (!timestamp && !severity && !trace && !scope_name) return true;
  bool ok = true;
  Words reason;
  const auto note = [&](bool went_well, const char* who) {
    if (went_well || !ok) return;
    ok = false;
    why = who + reason;
  };
  if (timestamp) note(timestamp->apply(entry, reason), "time parser: ");
  if (severity) note(severity->apply(entry, arena, reason), "severity parser: ");
  if (trace) note(trace->apply(entry, arena, reason), "trace parser: ");
  if (scope_name) note(scope_name->apply(entry, reason), "scope_name parser: ");
  return ok;
}

}  // namespace gleaner::stanza
