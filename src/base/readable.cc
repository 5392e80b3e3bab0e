#include "base/readable.h"

#include "base/loop.h"

namespace gleaner {

Task<bool> Readable::wait() {
  struct Awaiter {
    Watched& watched;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      watched.on_ready(Want::read, [self] { self.resume(); });
    }
    void await_resume() const noexcept {}
  };
  cancelled_ = false;
  Awaiter awaiter{watched_};
  co_await awaiter;
  watched_.used_up(Want::read);
  co_return !cancelled_ && !watched_.closed();
}

void Readable::cancel() {
  cancelled_ = true;
  watched_.wake(Want::read);
}

}  // namespace gleaner
