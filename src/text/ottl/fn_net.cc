// Addresses, URLs, user agents, flow hashes.
#include <arpa/inet.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "text/ottl/function.h"
#include "text/ottl/numbers.h"
#include "text/ottl/url_parts.h"
#include "text/ottl/user_agent.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

/// 4 or 16 bytes in network order; IPv4 in IPv6 (::ffff:1.2.3.4) counts as IPv4, as in Go.
struct Address {
  unsigned char bytes[16] = {};
  std::size_t size = 0;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes), size}; }
};
bool parse_address(std::string_view text, Address& out) {
  if (text.size() > 64 || text.find('%') != std::string_view::npos) return false;
  const std::string copy(text);
  if (inet_pton(AF_INET, copy.c_str(), out.bytes) == 1) {
    out.size = 4;
    return true;
  }
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes) != 1) return false;
  static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  out.size = 16;
  if (std::memcmp(out.bytes, kMapped, 12) == 0) {
    std::memmove(out.bytes, out.bytes + 12, 4);
    out.size = 4;
  }
  return true;
}
struct Network {
  Address address;
  int bits = 0;
  bool holds(const Address& ip) const {
    if (ip.size != address.size) return false;
    for (int i = 0; i < bits; ++i)
      if ((ip.bytes[i / 8] ^ address.bytes[i / 8]) & (0x80 >> i % 8)) return false;
    return true;
  }
};
bool parse_network(std::string_view text, Network& out) {
  const auto slash = text.find('/');
  std::int64_t bits = 0;
  if (slash == std::string_view::npos || !parse_address(text.substr(0, slash), out.address)) return false;
  const auto digits = text.substr(slash + 1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos ||
      parse_int(digits, 10, bits) != NumberFlaw::none)
    return false;
  // A mapped IPv4 prefix counts its bits from the IPv6 start.
  if (text.substr(0, slash).find(':') != std::string_view::npos && out.address.size == 4) bits -= 96;
  if (bits < 0 || bits > static_cast<std::int64_t>(out.address.size) * 8) return false;
  out.bits = static_cast<int>(bits);
  return true;
}

struct CidrState : CallState {
  std::vector<Network> networks;
  bool fixed = true;
};
Result<> prepare_cidr(Call& call) {
  auto state = std::make_unique<CidrState>();
  for (const auto& node : call.args[1].nodes) {
    const Any* constant = node->constant();
    if (!constant) {
      state->fixed = false;
      break;
    }
    if (!parse_network(constant->text(), state->networks.emplace_back()))
      return fail(Fault::config, "invalid CIDR address: " + std::string(constant->text()));
  }
  call.state = std::move(state);
  return {};
}
bool is_in_cidr(const Call& call, Env& env, Any& out) {
  const auto& state = call.state_as<CidrState>();
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  Address ip;
  out = Any::boolean(false);
  if (!parse_address(text, ip)) return true;
  if (state.fixed) {
    out = Any::boolean(std::any_of(state.networks.begin(), state.networks.end(),
                                   [&](const Network& network) { return network.holds(ip); }));
    return true;
  }
  for (const auto& node : call.args[1].nodes) {
    Any value;
    std::string_view prefix;
    Network network;
    if (!node->get(env, value) || !as_string(env, value, prefix)) return false;
    if (!parse_network(prefix, network)) return env.fail("invalid CIDR address: " + std::string(prefix));
    if (!network.holds(ip)) continue;
    out = Any::boolean(true);
    return true;
  }
  return true;
}

bool endpoint(const Call& call, Env& env, std::size_t at, std::string_view name, Address& ip,
              std::int64_t& port) {
  std::string_view text;
  if (!call.string(env, at, text) || !call.integer(env, at + 1, port)) return false;
  if (port < 0 || port > 65535)
    return env.fail(std::string(name) + " port must be between 0 and 65535, got " + std::to_string(port));
  return parse_address(text, ip) || env.fail("invalid " + std::string(name) + " IP: " + std::string(text));
}
/// Community ID v1 (https://github.com/corelight/community-id-spec).
bool community_id(const Call& call, Env& env, Any& out) {
  struct Protocol {
    std::string_view name;
    unsigned char number;
  };
  static constexpr Protocol kProtocols[] = {{"ICMP", 1},  {"TCP", 6},    {"UDP", 17},
                                            {"RSVP", 46}, {"ICMP6", 58}, {"SCTP", 132}};
  Address from, to;
  std::int64_t from_port = 0, to_port = 0, seed = 0;
  std::string_view name = "TCP";
  if (!endpoint(call, env, 0, "source", from, from_port) ||
      !endpoint(call, env, 2, "destination", to, to_port))
    return false;
  if (call.given(4) && !call.string(env, 4, name)) return false;
  const auto* protocol = std::find_if(std::begin(kProtocols), std::end(kProtocols),
                                      [&](const Protocol& p) { return p.name == name; });
  if (protocol == std::end(kProtocols)) return env.fail("unsupported protocol: " + std::string(name));
  if (call.given(5) && !call.integer(env, 5, seed)) return false;
  if (seed < 0 || seed > 65535)
    return env.fail("seed must be between 0 and 65535, got " + std::to_string(seed));
  const bool swap = from.size != to.size
                        ? from.size > to.size
                        : from.view() > to.view() || (from.view() == to.view() && from_port > to_port);
  if (swap) {
    std::swap(from, to);
    std::swap(from_port, to_port);
  }
  std::string flow;
  const auto two = [&](std::int64_t n) { (flow += static_cast<char>(n >> 8)) += static_cast<char>(n & 255); };
  two(seed);
  flow.append(from.view()).append(to.view());
  (flow += static_cast<char>(protocol->number)) += '\0';
  two(from_port);
  two(to_port);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!EVP_Digest(flow.data(), flow.size(), digest, &size, EVP_sha1(), nullptr))
    return env.fail("the hash function is not available");
  out = Any::string(env.keep("1:" + pdata::base64({reinterpret_cast<const char*>(digest), size})));
  return true;
}

bool url(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  if (text.empty()) return env.fail("url cannot be empty");
  Value made = Value::new_map(*env.arena);
  std::string why;
  if (!url_parts(text, *env.arena, made.as_map(), why)) return env.fail(why);
  out = Any::of(made);
  return true;
}

bool user_agent(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  const UserAgent found = read_user_agent(text);
  Value made = Value::new_map(*env.arena);
  const auto put = [&](std::string_view key, std::string_view value) {
    made.as_map().set(*env.arena, key, Value::string(value));
  };
  put("user_agent.name", found.name);
  put("user_agent.original", text);
  put("user_agent.version", env.keep(found.version));
  if (!found.os.empty()) put("os.name", found.os);
  if (!found.os_version.empty()) put("os.version", env.keep(found.os_version));
  out = Any::of(made);
  return true;
}

}  // namespace

std::span<const Function> net_functions() {
  static constexpr Function kRows[] = {
      {"IsInCIDR", {{{"Target", Param::string}, {"Networks", Param::strings}}}, is_in_cidr, prepare_cidr},
      {"CommunityID",
       {{{"SourceIP", Param::string},
         {"SourcePort", Param::integer},
         {"DestinationIP", Param::string},
         {"DestinationPort", Param::integer},
         {"Protocol", Param::string, true},
         {"Seed", Param::integer, true}}},
       community_id},
      {"URL", {{{"URI", Param::string}}}, url},
      {"UserAgent", {{{"UserAgent", Param::string}}}, user_agent},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
