#pragma once
// Cutting records out of the bytes of a file. Source: spec/filelog.md 6.2-6.4.
#include <cstddef>
#include <optional>
#include <string_view>

#include "text/encoding.h"
#include "text/regex.h"
#include "text/stack_trace.h"

namespace gleaner::stanza::files {

struct SplitOptions {
  text::Encoding encoding;
  std::optional<text::Regex> line_start, line_end;  ///< at most one of these three; none: lines
  std::optional<text::StackTrace> traces;
  bool omit_pattern = false;
  std::size_t max_size = 1 << 20;  ///< bytes of a record, before trimming
  bool truncate = false;           ///< what is longer is cut off; false: it becomes several records
  bool keep_leading = false, keep_trailing = false;  ///< white space
};

/// Pure: bytes in, one record out.
class Splitter {
 public:
  explicit Splitter(SplitOptions options);

  struct Token {
    std::string_view text;     ///< trimmed; empty records are passed over by the reader
    std::size_t consumed = 0;  ///< 0: no whole record in there yet
    bool is_record = true;     ///< false: bytes to pass over
  };
  /// The first record of `bytes`.
  /// @param at_end    nothing more is in the file now
  /// @param flush     and what is left is to be given out as it is
  /// @param skipping  the state between calls of one file: the rest of a record that was cut off is passed
  /// over
  Token next(std::string_view bytes, bool at_end, bool flush, bool& skipping) const;

  const SplitOptions& options() const { return options_; }

 private:
  struct Cut {
    std::size_t begin = 0, end = 0, consumed = 0;
  };
  Cut cut(std::string_view bytes, bool at_end) const;
  Cut cut_line(std::string_view bytes) const;
  Cut cut_trace(std::string_view bytes) const;
  static bool find(const text::Regex& pattern, std::string_view bytes, std::size_t from,
                   std::string_view& match);
  Cut cut_at_start(std::string_view bytes) const;
  Cut cut_at_end(std::string_view bytes, bool at_end) const;
  /// `bytes` without the half of a character.
  std::size_t whole(std::size_t bytes) const { return bytes - bytes % newline_.size(); }
  std::string_view trim(std::string_view text) const;

  SplitOptions options_;
  std::string_view newline_;  ///< as encoded
  std::string_view carriage_return_;
};

}  // namespace gleaner::stanza::files
