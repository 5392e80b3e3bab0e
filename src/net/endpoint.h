#pragma once
// Addresses as people write them in YAML, and the words Go uses about wrong ones.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace gleaner::net {

struct HostPort {
  std::string host;  ///< without brackets; may be empty ("all addresses")
  std::uint16_t port = 0;
};

/// Splits "host:port", "[v6]:port", ":port". Fault::config with Go's words, e.g.
/// "address 127.0.0.1: missing port in address". Source: Go net.SplitHostPort, net.LookupPort.
Result<HostPort> parse_host_port(std::string_view text);
/// "host:port", with brackets around a host that has colons.
std::string join_host_port(std::string_view host, std::uint16_t port);

/// A socket address of any family, ready for the system calls.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* raw, std::size_t size);
  /// Fault::config when `path` does not fit (107 bytes).
  static Result<SocketAddress> unix_path(std::string_view path);
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(raw_); }
  std::size_t size() const noexcept { return size_; }
  int family() const noexcept;
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// "127.0.0.1:4317", "[::1]:4317", "/run/x.sock"; what Go's Addr.String() prints.
  std::string text() const;
  /// The address without port; empty for Unix sockets. IPv4-mapped IPv6 is written as IPv4.
  std::string ip() const;

 private:
  alignas(8) char raw_[112] = {};
  std::size_t size_ = 0;
};

/// Blocking look-up. `network` is tcp, tcp4 or tcp6. Go's words: "lookup nosuch: no such host".
Result<std::vector<SocketAddress>> resolve_now(const std::string& network, const HostPort& where);
/// True for an IP literal, for which resolve_now() does not block.
bool is_ip_literal(const std::string& host);

/// The words Go prints for an errno: "connection refused".
std::string errno_words(int error);

}  // namespace gleaner::net
