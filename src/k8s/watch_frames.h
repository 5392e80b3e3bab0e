#pragma once
// The documents of a list and of a watch, cut into objects. Source: Kubernetes API concepts, "Efficient
// detection of changes" and "Retrieving large results sets in chunks".
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::k8s {

/// One answer to a list: any kind's.
struct ListPage {
  std::string_view resource_version;
  std::string_view next;         ///< `continue`: empty on the last page
  List<std::string_view> items;  ///< each as JSON, views into the document
};
Result<ListPage> read_list_page(std::string_view json, Arena& arena);

enum class WatchEvent : std::uint8_t { added, modified, deleted, bookmark, error, unknown };
struct WatchFrame {
  WatchEvent event = WatchEvent::unknown;
  std::string_view object;  ///< as JSON
};
/// One line of a watch.
Result<WatchFrame> read_watch_frame(std::string_view line, Arena& arena);

/// A v1 Status: what an API server says when it refuses.
struct Status {
  std::uint64_t code = 0;
  std::string message;
};
/// Empty when the text is no Status.
Status read_status(std::string_view json);

/// Cuts bytes that come in pieces into lines. A line longer than `max` bytes is left out and counted.
class FrameLines {
 public:
  explicit FrameLines(std::size_t max) : max_(max) {}
  /// Calls line(text) for each line that has ended, without its newline; empty ones are left out.
  template <class F>
  void feed(std::string_view piece, F&& line) {
    while (!piece.empty()) {
      const auto end = piece.find('\n');
      const auto part = piece.substr(0, end);
      if (!skipping_ && held_.size() + part.size() > max_) {
        skipping_ = true;
        ++left_out_;
        held_ = {};
      }
      if (end == std::string_view::npos) {
        if (!skipping_) held_ += part;
        return;
      }
      if (!skipping_) {
        if (held_.empty()) {
          if (!part.empty()) line(part);
        } else {
          held_ += part;
          const std::string whole = std::exchange(held_, {});
          line(std::string_view(whole));
        }
      }
      skipping_ = false;
      piece.remove_prefix(end + 1);
    }
  }
  void clear() {
    held_ = {};
    skipping_ = false;
  }
  std::uint64_t left_out() const { return left_out_; }

 private:
  const std::size_t max_;
  std::string held_;
  bool skipping_ = false;
  std::uint64_t left_out_ = 0;
};

}  // namespace gleaner::k8s
