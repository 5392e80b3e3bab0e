#pragma once
// Severity words to OTLP severity numbers.
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace gleaner::text {

/// The canonical upper-case name of a severity number: "INFO", "WARN2"; "" outside 1..24.
std::string_view severity_name(int number);

/// A table from words to numbers: a preset, and what the user adds to it.
/// Source: spec/filelog.md 13.2.
class SeverityMap {
 public:
  /// @param preset "default" (or any unknown word): the 24 names, "1".."24", warning, err and their 2, 3, 4;
  ///               "otel" or "aliases": without warning and err; "none": nothing
  explicit SeverityMap(std::string_view preset = "default");

  /// The number a key of a mapping means: a name or "1".."24" in any case; 0 for any other key.
  static int key(std::string_view name);

  /// `text` (any case) means `number` from now on; "2xx" .. "5xx" mean their hundred numbers.
  void add(int number, std::string_view text);
  /// All whole numbers between the two, in either order, mean `number`.
  /// @return Fault::config when they are more than 100000
  Result<> add_range(int number, std::int64_t from, std::int64_t to);

  /// 0 when nothing is known about `text`. No allocation for texts up to 64 bytes.
  int find(std::string_view text) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  /// A word of up to seven bytes and its length, as one number; no word is 0.
  struct Short {
    std::uint64_t word = 0;
    int number = 0;
  };
  void put(std::string_view lower, int number);
  std::size_t slot(std::uint64_t word) const;

  std::vector<Short> short_;  ///< hashed, at most half full: every record asks
  std::size_t shorts_ = 0;    ///< used in it
  std::unordered_map<std::string, int, Hash, std::equal_to<>> long_;
};

}  // namespace gleaner::text
