#pragma once
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "otlp/schema.h"
#include "pdata/signal.h"

namespace gleaner::otlp {

/// Appends a request that scan() accepted as OTLP JSON: one object, no spaces, no newline.
/// 64-bit integers are strings, ids lower-case hex, enums numbers; zero values are left out, but resource,
/// scope, status, body and attribute values are always written. Bytes that are not UTF-8 go out as they are,
/// as the reference does. Source: spec/collector.md 4.5.
void append_json(std::string& out, SignalKind signal, std::string_view request);

/// Reads OTLP JSON with the reference's leniency: camelCase and snake_case names, unknown fields ignored,
/// numbers as text, enum names, null for absent, text after the document ignored.
/// @return the request in protobuf; Fault::permanent with the place ("byte 17: ...") when it is no such JSON
/// Limits: kMaxDepth levels of OTLP, 200 levels of JSON.
Result<Bytes> parse_json(SignalKind signal, std::string_view json);

}  // namespace gleaner::otlp
