#pragma once
// TCP and Unix sockets: listening, accepting, dialling.
#include <memory>
#include <string>

#include "net/endpoint.h"
#include "net/stream.h"

namespace gleaner::net {

struct ListenOptions {
  std::string transport = "tcp";  ///< tcp, tcp4, tcp6, unix
  std::string endpoint;           ///< host:port, or a path; port 0 lets the kernel choose
  bool reuse_port = false;        ///< several lanes may listen on the same port
};

/// A listening socket. A Unix path is removed when it is closed.
class Listener {
 public:
  /// Fails with Go's words: "listen tcp 127.0.0.1:4317: bind: address already in use". A stale Unix socket,
  /// to which nobody listens, is replaced. A host name is looked up here and now: start-up may block.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const ListenOptions& options);
  virtual ~Listener() = default;
  /// The next peer. Fault::cancelled after close(). Out of descriptors: waits up to 1 s and tries again.
  virtual Task<Result<StreamPtr>> accept() = 0;
  virtual void close() = 0;
  /// What is bound: "127.0.0.1:33333", "[::]:4317", "/run/x.sock".
  virtual const SocketAddress& address() const = 0;
};

/// Lets another task end waits: nothing is polled, the waiters are told.
class Cancel {
 public:
  void cancel() {
    cancelled_ = true;
    for (auto& [key, hook] : std::exchange(hooks_, {})) hook();
  }
  bool cancelled() const noexcept { return cancelled_; }
  void add(const void* key, std::function<void()> hook) { hooks_.emplace_back(key, std::move(hook)); }
  void remove(const void* key) {
    std::erase_if(hooks_, [key](const auto& row) { return row.first == key; });
  }

 private:
  bool cancelled_ = false;
  std::vector<std::pair<const void*, std::function<void()>>> hooks_;
};

using Asker = Result<std::vector<SocketAddress>> (*)(const std::string& network, const HostPort& where);
/// Looks up "host:port"; names are asked for on the helper thread. Nobody waits for a name server past
/// `deadline`: "lookup backend: i/o timeout", Fault::retryable.
/// @param asker  for tests
Task<Result<std::vector<SocketAddress>>> resolve(Loop& loop, std::string transport, std::string endpoint,
                                                 TimePoint deadline, Cancel* cancel = nullptr,
                                                 Asker asker = &resolve_now);
/// Connects to one address before `deadline`. Go's words: "dial tcp 127.0.0.1:1: connect: connection
/// refused", Fault::retryable; past the deadline "dial tcp ...: i/o timeout".
Task<Result<StreamPtr>> connect_to(Loop& loop, SocketAddress address, TimePoint deadline,
                                   Cancel* cancel = nullptr);
/// resolve(), then connect_to() each address in turn until one answers; the first error is the one told.
/// @param transport tcp, tcp4, tcp6, unix
Task<Result<StreamPtr>> dial(Loop& loop, std::string transport, std::string endpoint, TimePoint deadline,
                             Cancel* cancel = nullptr);

}  // namespace gleaner::net
