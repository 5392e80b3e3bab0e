#pragma once
// Which lines belong together: log lines with the stack traces that languages print behind them.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gleaner::text {

/// Tells, line by line, where records begin. No regular expressions, no memory of earlier text.
///
/// An indented line always goes on. A line that opens a trace (an exception's class, "Traceback", "panic:")
/// goes on when the line before speaks of an error or a warning, as loggers write both; otherwise it begins
/// a record. Frames, causes and what else runtimes print between them go on. Frames are known without
/// their indentation too: file_log trims it.
class StackTrace {
 public:
  enum class Language : std::uint8_t { java, python, go, node, dotnet, ruby };
  /// The names, for configurations.
  static std::span<const std::string_view> names();
  static std::optional<Language> find(std::string_view name);

  /// What is known of the record that is being read. One a source; a fresh one for a fresh record.
  struct State {
    std::uint8_t place = 0;  ///< in the trace, as its language counts; 0 = in none
    bool alarm = false;      ///< the last line that belongs to no trace speaks of an error or a warning
    bool first = true;       ///< no line was seen yet
  };

  explicit StackTrace(Language language) : language_(language) {}

  /// @param line  without its end; a '\r' is allowed
  /// @return whether it begins a record
  bool begins(std::string_view line, State& state) const;

  /// The end of the first record of `text`: behind the last newline before the line that begins the next
  /// one. @return 0 when that line is not there yet
  std::size_t record_end(std::string_view text) const;

 private:
  Language language_;
};

}  // namespace gleaner::text
