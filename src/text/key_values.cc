#include "text/key_values.h"

#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::text {
namespace {

/// The piece being read: a part of the input as long as it has no quotes, a copy after that.
class Piece {
 public:
  void add(std::string_view input, std::size_t i) {
    if (copied_)
      copy_ += input[i];
    else
      view_ = view_.empty() ? input.substr(i, 1) : std::string_view(view_.data(), view_.size() + 1);
  }
  void to_copy() {
    if (copied_) return;
    copy_ = view_;
    copied_ = true;
  }
  bool empty() const { return copied_ ? copy_.empty() : view_.empty(); }
  std::string_view take(Arena& arena) {
    const auto text = copied_ ? arena.copy(copy_) : view_;
    view_ = {};
    copied_ = false;
    return text;
  }

 private:
  std::string_view view_;
  std::string copy_;
  bool copied_ = false;
};

}  // namespace

bool parse_key_values(std::string_view input, std::string_view delimiter, std::string_view pairs,
                      Arena& arena, pdata::Map& out, std::string& why) {
  Piece piece;
  const auto finish = [&] {
    if (piece.empty()) {
      piece.take(arena);
      return;
    }
    const auto text = piece.take(arena);
    const auto at = text.find(delimiter);
    if (at == std::string_view::npos) {
      why += (why.empty() ? "" : "; ") + ("cannot split " + go_quote(text)) + " into 2 items, got 1 item(s)";
      return;
    }
    out.set(arena, trim_space(text.substr(0, at)),
            pdata::Value::string(trim_space(text.substr(at + delimiter.size()))));
  };
  bool escaped = false;
  char quote = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!quote && input.substr(i).starts_with(pairs)) {
      finish();
      i += pairs.size() - 1;
      continue;
    }
    if (!escaped) {
      if (!quote && (input[i] == '"' || input[i] == '\'')) {
        quote = input[i];
        piece.to_copy();
        continue;
      }
      if (input[i] == quote) {  // outside of quotes that is a NUL, which the reference skips
        piece.to_copy();
        quote = 0;
        continue;
      }
      escaped = input[i] == '\\';
    } else {
      escaped = false;
    }
    piece.add(input, i);
  }
  if (quote) {
    why = "never reached the end of a quoted value";
    return false;
  }
  finish();
  return why.empty();
}

}  // namespace gleaner::text
