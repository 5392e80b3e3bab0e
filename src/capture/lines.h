#pragma once
// Lines out of what two streams wrote.
#include <cstdint>
#include <string_view>

#include "capture/order.h"
#include "capture/region.h"

namespace gleaner::capture {

/// Takes lines, without their newline. `partial`: the line goes on in this stream's next piece, and no piece
/// of the other stream comes in between.
class LineSink {
 public:
  virtual void line(Stream stream, std::string_view text, bool partial) = 0;

 protected:
  ~LineSink() = default;
};

/// A line has the place of its newline, up to `longest` bytes in one piece. A longer one is given on in
/// pieces as it comes; when the other stream has a line in between, the long line ends there, and what
/// follows of it is a line of its own: readers join pieces by file, not by stream (spec/capture.md 7), and
/// waiting for the end could take for ever.
class Lines {
 public:
  static constexpr std::size_t kLongest = 256 << 10;  // bytes of one piece, the default

  explicit Lines(LineSink& sink, std::size_t longest = kLongest)
      : sink_(sink), longest_(longest), held_{Region(longest), Region(longest)} {}
  bool usable() const { return held_[0].data() && held_[1].data(); }
  void feed(Stream stream, std::string_view bytes);
  /// The stream has ended: an unfinished line is a line.
  void finish(Stream stream);

 private:
  void give(Stream stream, std::string_view text, bool partial);
  void hold(Stream stream, std::string_view text);

  LineSink& sink_;
  std::size_t longest_;
  Region held_[2];
  std::size_t size_[2] = {0, 0};   ///< of the unfinished line
  bool open_[2] = {false, false};  ///< a partial piece was given on
  bool cut_[2] = {false, false};   ///< its line was ended early, and nothing has followed of it
};

}  // namespace gleaner::capture
