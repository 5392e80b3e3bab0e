#include "net/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gleaner::net {
namespace {

tl::unexpected<Error> address_error(std::string_view text, const char* what) {
  return fail(Fault::config, "address " + std::string(text) + ": " + what);
}

const void* ip_bytes(const SocketAddress& address) {
  if (address.family() == AF_INET) return &reinterpret_cast<const sockaddr_in*>(address.raw())->sin_addr;
  return &reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const auto last = text.rfind(':');
  if (last == std::string_view::npos) return address_error(text, "missing port in address");
  HostPort out;
  std::size_t open_from = 0, close_from = 0;
  if (!text.empty() && text[0] == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return address_error(text, "missing ']' in address");
    if (end + 1 == text.size()) return address_error(text, "missing port in address");
    if (end + 1 != last)
      return address_error(text,
                           text[end + 1] == ':' ? "too many colons in address" : "missing port in address");
    out.host = text.substr(1, end - 1);
    open_from = 1;
    close_from = end + 1;
  } else {
    out.host = text.substr(0, last);
    if (out.host.find(':') != std::string::npos) return address_error(text, "too many colons in address");
  }
  if (text.find('[', open_from) != std::string_view::npos)
    return address_error(text, "unexpected '[' in address");
  if (text.find(']', close_from) != std::string_view::npos)
    return address_error(text, "unexpected ']' in address");
  const auto port = text.substr(last + 1);
  if (port.empty()) return out;  // Go: an empty port is port 0
  unsigned value = 0;
  const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), value);
  const bool number = bad == std::errc() && end == port.data() + port.size();
  if (number && value <= 65535) {
    out.port = static_cast<std::uint16_t>(value);
    return out;
  }
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) return address_error(port, "invalid port");
  return fail(Fault::config, "lookup tcp/" + std::string(port) + ": unknown port");
}

std::string join_host_port(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  std::string out;
  if (brackets) out += '[';
  out += host;
  if (brackets) out += ']';
  return out += ':' + std::to_string(port);
}

SocketAddress::SocketAddress(const sockaddr* raw, std::size_t size) : size_(std::min(size, sizeof raw_)) {
  std::memcpy(raw_, raw, size_);
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof un.sun_path)
    return fail(Fault::config, "unix socket path '" + std::string(path) + "': must have 1 to 107 bytes");
  std::memcpy(un.sun_path, path.data(), path.size());
  if (path[0] == '@') un.sun_path[0] = '\0';  // Linux' abstract names, written as Go writes them
  SocketAddress out;
  out.size_ = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1);
  std::memcpy(out.raw_, &un, std::min(out.size_, sizeof out.raw_));
  return out;
}

int SocketAddress::family() const noexcept { return size_ ? raw()->sa_family : AF_UNSPEC; }

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(raw_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(raw_)->sin6_port);
  return 0;
}

void SocketAddress::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(raw_)->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(raw_)->sin6_port = htons(port);
}

std::string SocketAddress::ip() const {
  if (family() != AF_INET && family() != AF_INET6) return {};
  char text[INET6_ADDRSTRLEN] = {};
  const void* bytes = ip_bytes(*this);
  if (family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(static_cast<const in6_addr*>(bytes))) {
    inet_ntop(AF_INET, static_cast<const char*>(bytes) + 12, text, sizeof text);
  } else {
    inet_ntop(family(), bytes, text, sizeof text);
  }
  return text;
}

std::string SocketAddress::text() const {
  if (family() == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(raw_);
    const std::size_t room =
        size_ > offsetof(sockaddr_un, sun_path) ? size_ - offsetof(sockaddr_un, sun_path) : 0;
    if (room == 0) return "@";
    if (un->sun_path[0] == '\0') return "@" + std::string(un->sun_path + 1, room - 1);
    return std::string(un->sun_path, strnlen(un->sun_path, room));
  }
  return join_host_port(ip(), port());
}

bool is_ip_literal(const std::string& host) {
  in6_addr any;
  return host.empty() || inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

Result<std::vector<SocketAddress>> resolve_now(const std::string& network, const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = network == "tcp4" ? AF_INET : network == "tcp6" ? AF_INET6 : AF_UNSPEC;
  hints.ai_flags = is_ip_literal(where.host) ? AI_NUMERICHOST : AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const char* name = where.host.empty() ? "localhost" : where.host.c_str();  // Go dials the local system
  if (where.host.empty()) hints.ai_flags = 0;
  const int rc = getaddrinfo(name, nullptr, &hints, &found);
  if (rc != 0) {
    if (rc == EAI_NONAME || rc == EAI_NODATA || rc == EAI_ADDRFAMILY)
      return fail(Fault::retryable, "lookup " + where.host + ": no such host");
    return fail(Fault::retryable,
                "lookup " + where.host + ": " +
                    (rc == EAI_SYSTEM ? errno_words(errno) : std::string(gai_strerror(rc))));
  }
  std::vector<SocketAddress> out;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    SocketAddress address(at->ai_addr, at->ai_addrlen);
    address.set_port(where.port);
    out.push_back(address);
  }
  freeaddrinfo(found);
  return out;
}

std::string errno_words(int error) {
  std::string words = strerror(error);
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z') words[0] = static_cast<char>(words[0] + 32);
  return words;
}

}  // namespace gleaner::net
