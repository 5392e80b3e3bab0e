#pragma once
// Grok: regular expressions with names for parts, %{NUMBER:bytes:int}.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pdata/value.h"
#include "text/regex.h"

namespace gleaner::text::ottl {

class Grok {
 public:
  /// A pattern of the user's; takes the place of a known one of the same name.
  void define(std::string name, std::string pattern) { own_[std::move(name)] = std::move(pattern); }
  /// @param named_only parts without a name of their own give no value
  /// @return Fault::config for unknown parts, bad expressions, and expansions past 256 KiB
  Result<> compile(std::string_view pattern, bool named_only);
  /// Puts what the named parts matched into `out`, converted by their type (int, long, float, double, bool,
  /// boolean, string); parts that matched nothing are left out. No match: nothing.
  /// @return false with words in `why` when a value is not of its type
  bool parse(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) const;

 private:
  std::map<std::string, std::string, std::less<>> own_;
  struct Part {
    std::string name;  ///< the key in results
    std::string type;  ///< "" = text
    int group = 0;
  };
  std::vector<Part> parts_;  ///< in the order of the pattern; of equal names the last that matched counts
  std::optional<Regex> regex_;
};

/// The definition of a known pattern, or nullptr.
const std::string_view* grok_pattern(std::string_view name);

}  // namespace gleaner::text::ottl
