#include "base/readable.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/loop.h"

namespace gleaner {
namespace asio = boost::asio;

struct Readable::Impl {
  asio::posix::stream_descriptor descriptor;
};

Readable::Readable(Loop& loop, Fd fd)
    : impl_(new Impl{asio::posix::stream_descriptor(loop.io(), fd.release())}) {}
Readable::~Readable() = default;

int Readable::fd() const noexcept { return impl_->descriptor.native_handle(); }

Task<bool> Readable::wait() {
  struct Awaiter {
    asio::posix::stream_descriptor& descriptor;
    bool ready = false;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this, self](const boost::system::error_code& error) {
                              ready = !error;
                              self.resume();
                            });
    }
    bool await_resume() const noexcept { return ready; }
  };
  Awaiter awaiter{impl_->descriptor};
  co_return co_await awaiter;
}

void Readable::cancel() {
  boost::system::error_code ignored;
  impl_->descriptor.cancel(ignored);
}

}  // namespace gleaner
