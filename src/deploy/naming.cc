#include "deploy/naming.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace gleaner::deploy {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string trimmed(std::string text) {
  while (!text.empty() && !is_alnum(text.back())) text.pop_back();
  const auto first = std::find_if(text.begin(), text.end(), is_alnum);
  text.erase(text.begin(), first);
  return text;
}

}  // namespace

std::string joined(std::initializer_list<std::string_view> parts, std::size_t most) {
  std::vector<std::string_view> list(parts);
  std::size_t size = 0;
  for (const auto part : list) size += part.size();
  std::size_t excess = size > most ? size - most : 0;
  for (std::size_t i = 0; i < list.size() && excess > 0; i += 2) {
    const std::size_t gone = list[i].size() > excess ? excess : list[i].size();
    list[i].remove_suffix(gone);
    excess -= gone;
  }
  std::string all;
  for (const auto part : list) all += part;
  if (all.size() > most) return all.substr(0, most);
  return trimmed(std::move(all));
}

std::string dns_name(std::initializer_list<std::string_view> parts) {
  const std::string name = joined(parts);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0) == 0x80) continue;  // one for each character
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    const bool end = i == 0 || i + 1 == name.size();
    out += is_alnum(lower) ? lower : end ? 'a' : '-';
  }
  return out;
}

std::string port_name(std::string_view id, std::int64_t port) {
  std::string name(id);
  std::replace(name.begin(), name.end(), '/', '-');
  std::replace(name.begin(), name.end(), '_', '-');
  const bool label =
      name.size() <= 15 && !name.empty() && is_alnum(name.front()) && is_alnum(name.back()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
  return label ? name : "port-" + std::to_string(port);
}

bool is_port_name(std::string_view name) {
  // IANA_SVC_NAME: letters, digits and single hyphens inside, at least one letter.
  if (name.empty() || name.size() > 15 || name.front() == '-' || name.back() == '-') return false;
  bool letter = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    letter = letter || (c >= 'a' && c <= 'z');
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && name[i + 1] != '-'))) return false;
  }
  return letter;
}

std::string version_label(std::string_view image) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto colon = image.find(':');
    parts.push_back(image.substr(0, colon));
    if (colon == std::string_view::npos) break;
    image.remove_prefix(colon + 1);
  }
  if (parts.size() == 2) return joined({parts[1]});
  if (parts.size() != 3) return "latest";
  constexpr std::string_view kDigest = "@sha256";
  for (const auto part : parts)
    if (part.ends_with(kDigest)) return std::string(part.substr(0, part.size() - kDigest.size()));
  return "";
}

}  // namespace gleaner::deploy
