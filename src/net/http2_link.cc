#include "net/http2_link.h"

#include <memory>
#include <span>

namespace gleaner::net {
namespace {
constexpr std::size_t kWriteTarget = 256u << 10;  // bytes gathered for one writev
constexpr Duration kLinger = std::chrono::milliseconds(500);
constexpr std::size_t kBacklog = 512u << 10;  // a peer that does not read is not read from

/// Where bytes come in: looked at before the next read, so that one place a thread is enough and stays in the
/// cache.
std::span<char> scratch() {
  constexpr std::size_t kSize = 256u << 10;
  thread_local const std::unique_ptr<char[]> made(new char[kSize]);  // pages are there once they are touched
  return {made.get(), kSize};
}
}  // namespace

Http2Link::Http2Link(StreamPtr stream, Http2Session::Side side, const Http2Options& options,
                     Http2Events& events)
    : stream_(std::move(stream)),
      session_(side, options, events),
      timer_(stream_->loop()),
      last_read_(stream_->loop().now()) {}

bool Http2Link::feed(std::string_view input) {
  last_read_ = stream_->loop().now();
  feeding_ = true;
  const bool good = session_.feed(input);
  feeding_ = false;
  flush();
  return good;
}

Task<> Http2Link::run(Bytes first) {
  flush();
  bool good = first.empty() || feed(first.view());
  while (good && !closed_) {
    if (out_.size() > kBacklog) {
      co_await drained_.wait();
      continue;
    }
    co_await stream_->ready(Want::read);
    if (closed_) break;
    const auto in = scratch();
    const Step step = stream_->try_read(in.data(), in.size());
    if (step.count > 0 && !finished_) good = feed({in.data(), step.count});
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
