#include <cerrno>
#include <mutex>

#include "base/helper_thread.h"
#include "net/socket.h"

namespace gleaner::net {
namespace {
using Found = Result<std::vector<SocketAddress>>;

/// What the helper's job and whoever waits for it share: a name server may take longer than anybody waits,
/// and longer than the loop lives.
struct LookUp {
  std::mutex mutex;
  Loop* loop;  ///< nullptr when nobody waits any more; under the mutex
  std::optional<Found> found = std::nullopt;
  std::function<void()> wake = nullptr;

  void end() {
    if (const auto first = std::exchange(wake, nullptr)) first();
  }
};

/// co_await: until `up` is found, or the time has come, or it is cancelled.
struct Answer {
  Loop& loop;
  LookUp& up;
  TimePoint deadline;
  Cancel* cancel;
  Timer timer{loop};

  bool await_ready() const noexcept { return cancel && cancel->cancelled(); }
  void await_suspend(std::coroutine_handle<> self) {
    up.wake = [this, self] {
      if (cancel) cancel->remove(this);
      loop.post([this, self] {
        timer.cancel();
        self.resume();
      });
    };
    if (cancel) cancel->add(this, [this] { up.end(); });
    timer.start(deadline, [this](bool came) {
      if (came) up.end();
    });
  }
  void await_resume() const noexcept {}
};

}  // namespace

Task<Found> resolve(Loop& loop, std::string transport, std::string endpoint, TimePoint deadline,
                    Cancel* cancel, Asker asker) {
  if (transport == "unix") {
    auto path = SocketAddress::unix_path(endpoint);
    if (!path) co_return fail(std::move(path.error()));
    co_return std::vector<SocketAddress>{*path};
  }
  auto where = parse_host_port(endpoint);
  if (!where) co_return fail(std::move(where.error()));
  if (is_ip_literal(where->host)) co_return asker(transport, *where);
  auto up = std::make_shared<LookUp>();
  up->loop = &loop;
  HelperThread::of(Helper::general).submit([up, transport, asked = *where, asker] {
    {
      const std::lock_guard lock(up->mutex);
      if (!up->loop) return;  // while others were asked for: those that nobody waits for do not add up
    }
    auto found = asker(transport, asked);
    const std::lock_guard lock(up->mutex);
    if (!up->loop) return;
    up->loop->post_from_thread([up, found = std::move(found)]() mutable {
      if (!up->wake) return;
      up->found = std::move(found);
      up->end();
    });
  });
  Answer answer{loop, *up, deadline, cancel};
  co_await answer;
  {
    const std::lock_guard lock(up->mutex);
    up->loop = nullptr;
  }
  if (up->found) co_return std::move(*up->found);
  if (cancel && cancel->cancelled())
    co_return fail(Fault::cancelled, "lookup " + where->host + ": operation was canceled");
  co_return fail(Fault::retryable, "lookup " + where->host + ": i/o timeout", ETIMEDOUT);
}

}  // namespace gleaner::net
