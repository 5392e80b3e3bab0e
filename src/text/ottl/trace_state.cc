// W3C trace states: "key=value,key=value", at most 32 members.
#include <algorithm>
#include <vector>

#include "text/ottl/paths.h"

namespace gleaner::text::ottl {
namespace {

struct Member {
  std::string_view key, value;
};
constexpr std::size_t kMaxMembers = 32;

bool key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/';
}
/// "tenant" or "tenant@system": lower case, digits, _ - * /.
bool is_key(std::string_view key) {
  const auto at = key.find('@');
  const auto tenant = key.substr(0, at);
  const auto characters = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), key_character);
  };
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (tenant.empty() || !characters(tenant)) return false;
  if (at == std::string_view::npos) return letter(tenant[0]) && tenant.size() <= 256;
  const auto system = key.substr(at + 1);
  return (letter(tenant[0]) || (tenant[0] >= '0' && tenant[0] <= '9')) && tenant.size() <= 241 &&
         !system.empty() && system.size() <= 14 && letter(system[0]) && characters(system);
}
/// Printable ASCII without ',' and '=', not ending in a blank.
bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

bool parse(std::string_view state, std::vector<Member>& out) {
  while (!state.empty()) {
    const auto comma = std::min(state.find(','), state.size());
    auto member = state.substr(0, comma);
    state.remove_prefix(std::min(comma + 1, state.size()));
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) member.remove_suffix(1);
    if (member.empty()) continue;
    const auto equal = member.find('=');
    if (equal == std::string_view::npos) return false;
    const Member made{member.substr(0, equal), member.substr(equal + 1)};
    const bool again =
        std::any_of(out.begin(), out.end(), [&](const Member& other) { return other.key == made.key; });
    if (!is_key(made.key) || !is_value(made.value) || again || out.size() == kMaxMembers) return false;
    out.push_back(made);
  }
  return true;
}

}  // namespace

bool trace_state_get(std::string_view state, std::string_view key, std::string_view& out) {
  std::vector<Member> members;
  if (!parse(state, members)) return false;
  out = "";
  for (const auto& member : members)
    if (member.key == key) out = member.value;
  return true;
}

bool trace_state_put(std::string_view state, std::string_view key, std::string_view value, std::string& out) {
  std::vector<Member> members;
  if (!parse(state, members) || !is_key(key) || !is_value(value)) return false;
  std::erase_if(members, [&](const Member& member) { return member.key == key; });
  if (members.size() == kMaxMembers) members.pop_back();
  out.append(key).append("=").append(value);
  for (const auto& member : members) out.append(",").append(member.key).append("=").append(member.value);
  return true;
}

}  // namespace gleaner::text::ottl
