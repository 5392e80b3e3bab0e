#include "storage/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/little_endian.h"

namespace gleaner::storage {
namespace {

constexpr std::string_view kMagic = "glnrkv";

std::uint32_t checksum(std::string_view frame, std::uint64_t salt, std::uint64_t at) {
  const auto covered = frame.substr(4);
  return static_cast<std::uint32_t>(XXH64(covered.data(), covered.size(), salt ^ (at * 0x9E3779B97F4A7C15)));
}

}  // namespace

std::string make_header(std::uint64_t salt) {
  std::string header(kMagic);
  header += static_cast<char>(kVersion);
  header += '\n';
  header.resize(kHeaderSize);
  store(header.data() + 8, salt);
  return header;
}

Header read_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || !bytes.starts_with(kMagic) || bytes[7] != '\n') return {};
  return {true, static_cast<std::uint8_t>(bytes[6]), load<std::uint64_t>(bytes.data() + 8)};
}

void FrameWriter::add(char kind, std::string_view key, std::string_view value) {
  char head[kOperationHead];
  head[0] = kind;
  store(head + 1, static_cast<std::uint16_t>(key.size()));
  store(head + 3, static_cast<std::uint32_t>(value.size()));
  bytes_.append(head, sizeof head);
  bytes_ += key;
  bytes_ += value;
}

std::string_view FrameWriter::finish(std::uint64_t salt, std::uint64_t at) {
  store(bytes_.data() + 4, static_cast<std::uint32_t>(bytes_.size() - kFrameHead));
  store(bytes_.data(), checksum(bytes_, salt, at));
  return bytes_;
}

std::optional<std::size_t> frame_size(std::string_view bytes) {
  const auto size = load<std::uint32_t>(bytes.data() + 4);
  if (size < kOperationHead || size > kMostFrame) return std::nullopt;
  return kFrameHead + size;
}

bool valid_frame(std::string_view bytes, std::uint64_t salt, std::uint64_t at) {
  // Cheap tests first: when a damaged file is searched, every byte of it may be a frame's first.
  FrameReader operations(bytes);
  while (operations.next()) {
  }
  return operations.ok() && load<std::uint32_t>(bytes.data()) == checksum(bytes, salt, at);
}

bool FrameReader::next() {
  if (at_ == frame_.size()) return false;
  ok_ = false;
  if (frame_.size() - at_ < kOperationHead) return false;
  kind_ = frame_[at_];
  const std::size_t key = load<std::uint16_t>(frame_.data() + at_ + 1);
  const std::size_t value = load<std::uint32_t>(frame_.data() + at_ + 3);
  at_ += kOperationHead;
  if ((kind_ != 1 && kind_ != 2) || key > kMostKey || value > kMostValue || frame_.size() - at_ < key + value)
    return false;
  key_ = frame_.substr(at_, key);
  value_ = frame_.substr(at_ + key, value);
  at_ += key + value;
  return ok_ = true;
}

}  // namespace gleaner::storage
