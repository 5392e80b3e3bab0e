#pragma once
// Amounts of bytes as Kubernetes writes them, and times as people do.
#include <cstdint>
#include <string_view>

namespace gleaner::capture {

/// Reads "5Mi", "1.5Gi", "500k", "1e6", "1048576". Suffixes: n u m (less than a byte), k M G T P E (powers of
/// 1000), Ki Mi Gi Ti Pi Ei (of 1024), or an exponent e3, E3. A fraction of a byte is rounded up.
/// @return false when it is no quantity, is negative, or is above 2^62
/// Source: Kubernetes resource.Quantity.
bool parse_quantity(std::string_view text, std::uint64_t& bytes);

/// Reads "2s", "500ms", "1m30s", "0", "1.5s" (units h m s ms us ns) to nanoseconds; false when it is no
/// duration. Negative ones and those above 292 years are none.
bool parse_duration(std::string_view text, std::int64_t& nanos);

}  // namespace gleaner::capture
