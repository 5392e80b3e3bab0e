#include "net/stream.h"

#include <algorithm>

namespace gleaner::net {

std::size_t WriteQueue::vectors(iovec* to, std::size_t room) const noexcept {
  std::size_t n = 0;
  std::size_t skip = skip_;
  for (std::size_t i = at_; i < chain_.size() && n < room; ++i, skip = 0)
    to[n++] = {const_cast<char*>(chain_[i].data()) + skip, chain_[i].size() - skip};
  return n;
}

void WriteQueue::consume(std::size_t count) noexcept {
  size_ -= count;
  while (count > 0) {
    const std::size_t rest = chain_[at_].size() - skip_;
    if (count < rest) {
      skip_ += count;
      return;
    }
    count -= rest;
    skip_ = 0;
    chain_[at_++] = {};  // written bytes need not be kept until the whole is
  }
  if (at_ == chain_.size()) chain_.clear(), at_ = 0;
}

Step WriteQueue::flush(Stream& stream) {
  constexpr std::size_t kVectors = 64;
  iovec vectors_[kVectors];
  for (;;) {
    const std::size_t n = vectors(vectors_, kVectors);
    const Step step = stream.try_write({vectors_, n});
    consume(step.count);
    if (step.state != Step::done || empty()) return step;
  }
}

Task<Result<std::size_t>> read_some(Stream& stream, char* to, std::size_t room) {
  for (;;) {
    const Step step = stream.try_read(to, room);
    if (step.count > 0 || step.state == Step::eof) co_return step.count;
    if (step.state == Step::failed) co_return fail(stream.error());
    co_await stream.ready(Want::read);
  }
}

Task<Result<>> write_all(Stream& stream, Chain data) {
  WriteQueue queue;
  queue.append(std::move(data));
  for (;;) {
    const Step step = queue.flush(stream);
    if (step.state == Step::done) co_return Result<>();
    if (step.state == Step::failed) co_return fail(stream.error());
    co_await stream.ready(Want::write);
  }
}

}  // namespace gleaner::net
