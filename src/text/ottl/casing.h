#pragma once
#include <string>
#include <string_view>

namespace gleaner::text::ottl {

/// "some_name", "some name" and "someName" as "SomeName". Source: behaviour of the reference's ToCamelCase.
std::string camel(std::string_view text);
/// "someName" as "some_name", "HTTPRequest" as "http_request". ASCII letters only.
std::string snake(std::string_view text);
/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace gleaner::text::ottl
