#include "net/http2_link.h"

#include <algorithm>

namespace gleaner::net {
namespace {
constexpr std::size_t kLeastRead = 4u << 10;
constexpr std::size_t kMostRead = 256u << 10;
constexpr std::size_t kWriteTarget = 256u << 10;  // bytes gathered for one writev
constexpr Duration kLinger = std::chrono::milliseconds(500);
constexpr std::size_t kBacklog = 512u << 10;  // a peer that does not read is not read from
}  // namespace

Http2Link::Http2Link(StreamPtr stream, Http2Session::Side side, const Http2Options& options,
                     Http2Events& events)
    : stream_(std::move(stream)),
      session_(side, options, events),
      timer_(stream_->loop()),
      last_read_(stream_->loop().now()) {}

bool Http2Link::feed(const Bytes& input, std::size_t block_size) {
  last_read_ = stream_->loop().now();
  feeding_ = true;
  const bool good = session_.feed(input, block_size);
  feeding_ = false;
  flush();
  return good;
}

Task<> Http2Link::run(Bytes first) {
  flush();
  bool good = first.empty() || feed(first, first.size());
  while (good && !closed_) {
    if (out_.size() > kBacklog) {
      co_await drained_.wait();
      continue;
    }
    co_await stream_->ready(Want::read);
    if (closed_) break;
    Block* block = Block::make(read_size_);
    const Step step = stream_->try_read(block->data(), block->capacity());
    const Bytes input(block, block->data(), step.count);
    if (step.count == read_size_)
      read_size_ = std::min(read_size_ * 2, kMostRead);
    else if (step.count < read_size_ / 4)
      read_size_ = std::max(read_size_ / 2, kLeastRead);
    if (step.count > 0 && !finished_) good = feed(input, block->capacity());
    if (step.state == Step::eof) break;
    if (step.state == Step::failed) {
      error_ = stream_->error();
      break;
    }
  }
  closed_ = true;
  stream_->close();
  while (posted_) co_await stream_->loop().yield();
}

void Http2Link::kick() {
  if (feeding_ || posted_ || writing_) return;
  posted_ = true;
  stream_->loop().post([this] {
    posted_ = false;
    if (!closed_) flush();
  });
}

/// All is said. The peer gets a moment to read it: closing over unread input would reset the connection.
void Http2Link::finish() {
  if (std::exchange(finished_, true)) return;
  stream_->shutdown();
  timer_.start(stream_->loop().now() + kLinger, [this](bool due) {
    if (due) close();
  });
}

void Http2Link::close() {
  if (std::exchange(closed_, true)) return;
  stream_->close();
  drained_.notify_all();
}

void Http2Link::flush() {
  if (writing_) return;
  for (;;) {
    const bool good = session_.collect(out_, kWriteTarget);
    if (out_.empty()) {
      if (!good)
        close();
      else if (!session_.wants_io())
        finish();
      return;
    }
    const Step step = out_.flush(*stream_);
    if (step.state == Step::done) {
      if (!good) return close();
      continue;
    }
    if (step.state == Step::failed) {
      error_ = stream_->error();
      return close();
    }
    writing_ = true;
    stream_->on_ready(Want::write, [this] {
      writing_ = false;
      if (closed_) return;
      flush();
      if (out_.size() <= kBacklog) drained_.notify_all();
    });
    return;
  }
}

}  // namespace gleaner::net
