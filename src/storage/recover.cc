#include "storage/recover.h"

#include <algorithm>

#include "storage/frame.h"

namespace gleaner::storage {
namespace {

constexpr std::size_t kWindow = 256 << 10;           // bytes read at once
constexpr std::uint64_t kMostSearched = 64 << 20;    // bytes looked at for a frame behind broken ones
constexpr std::uint64_t kMostChecked = 1024u << 20;  // bytes of checksums that search may cost

/// A file seen through a buffer that moves along.
class Window {
 public:
  Window(Disk::File& file, std::uint64_t size) : file_(file), size_(size) {}
  std::uint64_t left(std::uint64_t at) const { return size_ - at; }
  /// The bytes [at, at + count); the caller sees to it that the file has them.
  Result<std::string_view> view(std::uint64_t at, std::size_t count) {
    if (at < from_ || at + count > from_ + bytes_.size()) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(count, kWindow), left(at)));
      bytes_.resize(want);
      auto got = file_.read(at, bytes_.data(), want);
      if (!got) return fail(std::move(got.error()));
      bytes_.resize(*got);
      from_ = at;
      if (*got < count) return fail(Fault::os, "read: the file became shorter");
    }
    return std::string_view(bytes_).substr(static_cast<std::size_t>(at - from_), count);
  }

 private:
  Disk::File& file_;
  const std::uint64_t size_;
  std::uint64_t from_ = 0;
  std::string bytes_;
};

/// The frame at this place, empty when there is none.
Result<std::string_view> frame_at(Window& window, std::uint64_t at, std::uint64_t salt,
                                  std::uint64_t* checked = nullptr) {
  if (window.left(at) < kFrameHead + kOperationHead) return std::string_view();
  auto head = window.view(at, kFrameHead + kOperationHead);
  if (!head) return head;
  const auto size = frame_size(*head);
  const char kind = (*head)[kFrameHead];
  if (!size || *size > window.left(at) || (kind != 1 && kind != 2)) return std::string_view();
  auto frame = window.view(at, *size);
  if (!frame) return frame;
  if (checked) *checked += *size;
  return valid_frame(*frame, salt, at) ? *frame : std::string_view();
}

void apply(std::string_view frame, std::uint64_t at, Index& index) {
  FrameReader operations(frame);
  while (operations.next()) {
    if (operations.erases())
      index.erase(std::string(operations.key()));
    else
      index[std::string(operations.key())] = {at + operations.value_at(),
                                              static_cast<std::uint32_t>(operations.value().size())};
  }
}

}  // namespace

Result<Recovered> recover(Disk::File& file) {
  Recovered out;
  const auto size = file.size();
  if (!size) return fail(Error(size.error()));
  Window window(file, *size);
  if (*size < kHeaderSize) {
    out.torn = *size;
    return out;
  }
  auto first = window.view(0, kHeaderSize);
  if (!first) return fail(std::move(first.error()));
  const Header header = read_header(*first);
  out.version = header.version;
  out.salt = header.salt;
  if (!header.ours || header.version != kVersion) {
    // A machine that lost its power may leave a file of zeros.
    const bool zeros = first->find_first_not_of('\0') == std::string_view::npos;
    out.kind = zeros && *size == kHeaderSize ? Recovered::Kind::empty : Recovered::Kind::foreign;
    out.torn = *size;
    return out;
  }
  out.kind = Recovered::Kind::good;
  out.end = kHeaderSize;
  std::uint64_t checked = 0;
  for (std::uint64_t at = kHeaderSize; at < *size;) {
    auto frame = frame_at(window, at, header.salt);
    if (!frame) return fail(std::move(frame.error()));
    if (frame->empty()) {  // broken: is there a whole one behind it?
      const std::uint64_t until = std::min(*size, at + kMostSearched);
      while (++at < until && checked < kMostChecked) {
        frame = frame_at(window, at, header.salt, &checked);
        if (!frame) return fail(std::move(frame.error()));
        if (!frame->empty()) break;
      }
      if (frame->empty()) break;
      out.kind = Recovered::Kind::damaged;
      out.broken += at - out.end;
    }
    apply(*frame, at, out.index);
    at += frame->size();
    out.end = at;
  }
  out.torn = *size - out.end;
  return out;
}

}  // namespace gleaner::storage
