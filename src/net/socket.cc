#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/watched.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;

SocketAddress name_of(int fd, bool peer) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  const int rc = peer ? getpeername(fd, reinterpret_cast<sockaddr*>(&raw), &size)
                      : getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size);
  if (rc != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&raw), size};
}

class SocketStream final : public Stream {
 public:
  SocketStream(Loop& loop, Fd fd, const SocketAddress& peer)
      : loop_(loop), watched_(loop, std::move(fd)), peer_(peer.text()) {
    const int on = 1;
    if (peer.family() != AF_UNIX) setsockopt(watched_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  Step try_read(char* to, std::size_t room) override {
    if (watched_.closed()) return cancelled();
    for (;;) {
      const ssize_t got = recv(watched_.fd(), to, room, MSG_DONTWAIT);
      if (got > 0) {
        const auto count = static_cast<std::size_t>(got);
        if (count < room) watched_.used_up(Want::read);
        return {Step::done, count};
      }
      if (got == 0) return {Step::eof, 0};
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        watched_.used_up(Want::read);
        return {Step::again, 0};
      }
      return broken("read");
    }
  }
  Step try_write(std::span<const iovec> parts) override {
    if (watched_.closed()) return cancelled();
    if (parts.empty()) return {Step::done, 0};
    const auto offered = parts.first(std::min<std::size_t>(parts.size(), IOV_MAX));
    std::size_t want = 0;
    for (const auto& part : offered) want += part.iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(offered.data());
    message.msg_iovlen = offered.size();
    for (;;) {
      const ssize_t sent = sendmsg(watched_.fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) {
        const auto count = static_cast<std::size_t>(sent);
        if (count == want) return {offered.size() == parts.size() ? Step::done : Step::again, count};
        watched_.used_up(Want::write);
        return {Step::again, count};
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        watched_.used_up(Want::write);
        return {Step::again, 0};
      }
      return broken("write");
    }
  }
  void on_ready(Want want, std::function<void()> then) override {
    if (watched_.closed()) return loop_.post(std::move(then));
    watched_.on_ready(want, std::move(then));
  }
  void shutdown() override {
    if (!watched_.closed()) ::shutdown(watched_.fd(), SHUT_WR);
  }
  void close() override { watched_.close(); }
  const Error& error() const override { return error_; }
  Loop& loop() const override { return loop_; }
  const std::string& peer() const override { return peer_; }
  std::string local() const override { return watched_.closed() ? "" : name_of(watched_.fd(), false).text(); }

 private:
  Step cancelled() {
    if (error_.what.empty()) error_ = {Fault::cancelled, "use of closed network connection"};
    return {Step::failed, 0};
  }
  Step broken(const char* verb) {
    const int why = errno;
    error_ = {Fault::retryable, verb + (" tcp " + peer_) + ": " + verb + ": " + errno_words(why), why};
    return {Step::failed, 0};
  }
  Loop& loop_;
  Watched watched_;
  std::string peer_;
  Error error_;
};

class SocketListener final : public Listener {
 public:
  SocketListener(Loop& loop, Fd fd, std::string unix_path)
      : loop_(loop), watched_(loop, std::move(fd)), timer_(loop), unix_path_(std::move(unix_path)) {
    address_ = name_of(watched_.fd(), false);
  }
  ~SocketListener() override { close(); }

  Task<Result<StreamPtr>> accept() override {
    Duration pause = 5ms;
    for (;;) {
      if (watched_.closed()) co_return fail(Fault::cancelled, "use of closed network connection");
      sockaddr_storage raw{};
      socklen_t size = sizeof raw;
      Fd fd(accept4(watched_.fd(), reinterpret_cast<sockaddr*>(&raw), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd) {
        const SocketAddress peer(reinterpret_cast<const sockaddr*>(&raw), size);
        co_return StreamPtr(std::make_unique<SocketStream>(loop_, std::move(fd), peer));
      }
      const int why = errno;
      if (why == EAGAIN) {
        watched_.used_up(Want::read);
        auto readiness = Readiness{watched_};
        co_await readiness;
      } else if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM) {
        co_await timer_.sleep(pause);
        pause = std::min<Duration>(pause * 2, 1s);
      } else if (why == EBADF || why == EINVAL || why == ENOTSOCK) {
        co_return fail(Fault::os, "accept: " + errno_words(why), why);
      }  // else: that peer has gone again
    }
  }
  void close() override {
    if (watched_.closed()) return;
    watched_.close();
    timer_.cancel();
    if (!unix_path_.empty()) unlink(unix_path_.c_str());
  }
  const SocketAddress& address() const override { return address_; }

 private:
  struct Readiness {
    Watched& watched;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      watched.on_ready(Want::read, [self] { self.resume(); });
    }
    void await_resume() const noexcept {}
  };
  Loop& loop_;
  Watched watched_;
  Timer timer_;
  std::string unix_path_;
  SocketAddress address_;
};

tl::unexpected<Error> listen_error(const ListenOptions& options, const char* call, int why) {
  return fail(Fault::os,
              "listen " + options.transport + " " + options.endpoint + ": " + call + ": " + errno_words(why),
              why);
}

/// A path left behind by a dead process refuses connections; a living one answers.
void remove_stale_socket(const SocketAddress& address, const std::string& path) {
  struct stat info {};
  if (path[0] == '@' || lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connect(probe.get(), address.raw(), static_cast<socklen_t>(address.size())) != 0 &&
      errno == ECONNREFUSED)
    unlink(path.c_str());
}

/// The address to bind as Go chooses it: a wildcard listens on both families, a name prefers IPv4.
Result<SocketAddress> address_to_bind(const ListenOptions& options, const HostPort& where, bool v6_works) {
  const bool any = where.host.empty() || where.host == "0.0.0.0" || where.host == "::";
  if (any) {
    if (v6_works && options.transport != "tcp4") {
      sockaddr_in6 raw{};
      raw.sin6_family = AF_INET6;
      raw.sin6_port = htons(where.port);
      return SocketAddress(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
    }
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    raw.sin_port = htons(where.port);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
  }
  auto found = resolve_now(options.transport, where);
  if (!found) return fail(std::move(found.error()).in("listen " + options.transport));
  for (const auto& address : *found)
    if (address.family() == AF_INET) return address;
  return found->front();
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const ListenOptions& options) {
  SocketAddress address;
  const bool is_unix = options.transport == "unix";
  const bool is_tcp =
      options.transport == "tcp" || options.transport == "tcp4" || options.transport == "tcp6";
  if (!is_unix && !is_tcp)
    return fail(Fault::config, "listen " + options.transport + ": unknown network " + options.transport);
  if (is_unix) {
    auto path = SocketAddress::unix_path(options.endpoint);
    if (!path) return fail(std::move(path.error()));
    address = *path;
    remove_stale_socket(address, options.endpoint);
  } else {
    auto where = parse_host_port(options.endpoint);
    if (!where) return fail(std::move(where.error()).in("listen " + options.transport));
    Fd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto found = address_to_bind(options, *where, static_cast<bool>(probe));
    if (!found) return fail(std::move(found.error()));
    address = *found;
  }
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return listen_error(options, "socket", errno);
  const int on = 1;
  const int only = options.transport == "tcp6" ? 1 : 0;
  if (!is_unix) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  if (options.reuse_port && !is_unix && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    return listen_error(options, "setsockopt", errno);
  if (bind(fd.get(), address.raw(), static_cast<socklen_t>(address.size())) != 0)
    return listen_error(options, "bind", errno);
  if (listen(fd.get(), 4096) != 0) return listen_error(options, "listen", errno);
  const bool on_disk = is_unix && options.endpoint[0] != '@';
  return std::unique_ptr<Listener>(new SocketListener(loop, std::move(fd), on_disk ? options.endpoint : ""));
}

Task<Result<StreamPtr>> connect_to(Loop& loop, SocketAddress address, TimePoint deadline, Cancel* cancel) {
  const std::string where =
      std::string("dial ") + (address.family() == AF_UNIX ? "unix " : "tcp ") + address.text();
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) co_return fail(Fault::retryable, where + ": socket: " + errno_words(errno), errno);
  const int raw = fd.get();
  const int rc = connect(raw, address.raw(), static_cast<socklen_t>(address.size()));
  const int why = rc == 0 ? 0 : errno;
  if (why != 0 && why != EINPROGRESS)
    co_return fail(Fault::retryable, where + ": connect: " + errno_words(why), why);
  auto stream = std::make_unique<SocketStream>(loop, std::move(fd), address);
  if (why == EINPROGRESS) {
    bool late = false;
    Timer timer(loop);
    timer.start(deadline, [&late, &stream](bool due) {
      late = due;
      if (due) stream->close();
    });
    if (cancel) cancel->add(&stream, [&stream] { stream->close(); });
    if (cancel && cancel->cancelled()) stream->close();
    co_await stream->ready(Want::write);
    if (cancel) cancel->remove(&stream);
    if (late) co_return fail(Fault::retryable, where + ": i/o timeout", ETIMEDOUT);
    if (cancel && cancel->cancelled()) co_return fail(Fault::cancelled, where + ": operation was canceled");
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(raw, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) co_return fail(Fault::retryable, where + ": connect: " + errno_words(error), error);
  }
  co_return StreamPtr(std::move(stream));
}

Task<Result<StreamPtr>> dial(Loop& loop, std::string transport, std::string endpoint, TimePoint deadline,
                             Cancel* cancel) {
  auto found = co_await resolve(loop, transport, endpoint, deadline, cancel);
  if (!found) co_return fail(std::move(found.error()).in("dial " + transport));
  std::optional<Error> first;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto left = deadline - loop.now();
    // Later addresses get their share of the time: Go's dialer divides it alike, with a floor of 2 s.
    const auto share =
        std::min<Duration>(left, std::max<Duration>(left / static_cast<long>(found->size() - i), 2s));
    auto stream = co_await connect_to(loop, (*found)[i], loop.now() + share, cancel);
    if (stream || stream.error().fault == Fault::cancelled) co_return stream;
    if (!first) first = std::move(stream.error());
  }
  co_return fail(std::move(*first));
}

}  // namespace gleaner::net
