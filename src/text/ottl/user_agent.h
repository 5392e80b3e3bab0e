#pragma once
#include <string>
#include <string_view>

namespace gleaner::text::ottl {

/// A program and its system, by the names people search for. Unknown ones are "Other".
struct UserAgent {
  std::string_view name = "Other";
  std::string version;  ///< "major.minor.patch" as far as it is known
  std::string_view os;
  std::string os_version;
};

/// Knows the common browsers, HTTP libraries and crawlers; not the thousands of the uap-core database.
UserAgent read_user_agent(std::string_view text);

}  // namespace gleaner::text::ottl
