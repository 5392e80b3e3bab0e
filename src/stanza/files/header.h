#pragma once
// Lines at the beginning of a file that say something about all its records. Source: spec/filelog.md 7.1.
#include <memory>

#include "stanza/pipeline.h"
#include "text/encoding.h"
#include "text/regex.h"

namespace gleaner::stanza::files {

/// What one file's header said, as far as it was read. Not kept across runs: it is read again from the file.
struct FileHeader {
  Arena arena;
  pdata::Map attributes;
  std::uint64_t size = 0;  ///< bytes of header lines read so far
  bool done = false;       ///< a line that belongs to no header came
};

/// Finds header lines and takes them through operators of their own.
class HeaderReader {
 public:
  static constexpr std::uint64_t kMost = 1 << 20;  ///< bytes of a header; what follows are records

  struct Options {
    std::string pattern;     ///< unanchored, on the bytes as they are
    config::Node operators;  ///< at least one
    text::Encoding encoding;
  };
  /// Flaws go to `problems`; nullptr then. @param path  of the `header` section
  static std::shared_ptr<HeaderReader> build(const Options& options, const std::string& path,
                                             config::Problems& problems, const log::Logger& logger,
                                             Loop& loop);

  /// Reads the lines in `bytes`, which begin behind what was read before.
  /// @return bytes that were header; `into.done` is set at the first line that is none
  std::size_t read(std::string_view bytes, FileHeader& into);
  bool matches(std::string_view line) const {
    std::string_view whole;
    return pattern_.match(line, {&whole, 1});
  }

 private:
  HeaderReader(text::Regex pattern, text::Encoding encoding, const log::Logger& logger)
      : pattern_(std::move(pattern)), encoding_(encoding), logger_(logger) {}
  void line(std::string_view text, FileHeader& into);

  text::Regex pattern_;
  text::Encoding encoding_;
  log::Logger logger_;
  std::unique_ptr<Pipeline> operators_;
  FileHeader* into_ = nullptr;  ///< of the line in the operators
};

}  // namespace gleaner::stanza::files
