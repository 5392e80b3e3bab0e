#pragma once
// The body of an answer in one piece, put together as it comes: whoever asks wants to read it as one, its
// bytes are touched once, and what they were received in serves again. Large pieces to be kept (bodies of
// requests) stay as they came instead.
#include "base/bytes.h"

namespace gleaner::net {

class GatheredBody {
 public:
  static constexpr std::size_t kPiece = 64u << 10;  ///< bytes to receive at a time

  GatheredBody() = default;
  /// @param announced  bytes, as the peer says; 0: it does not
  /// @param most       bytes that will be taken at most
  GatheredBody(std::uint64_t announced, std::size_t most);
  void append(std::string_view piece) { body_.append(piece); }
  void append(const Chain& pieces) {
    for (const auto& piece : pieces.parts()) body_.append(piece.view());
  }
  std::size_t size() const noexcept { return body_.size(); }
  Bytes finish() && noexcept { return std::move(body_).finish(); }

 private:
  Buffer body_;
};

}  // namespace gleaner::net
