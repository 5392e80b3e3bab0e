#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gleaner::service {

/// "type" or "type/name", blanks around each part trimmed. Source: spec/collector.md 2.6.
struct Id {
  std::string type, name;
  std::string text() const { return name.empty() ? type : type + "/" + name; }
};

/// @param error set to what is wrong with it
std::optional<Id> parse_id(std::string_view text, std::string& error);

}  // namespace gleaner::service
