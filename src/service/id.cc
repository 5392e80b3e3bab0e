#include "service/id.h"

#include <cctype>

namespace gleaner::service {
namespace {
std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
}  // namespace

std::optional<Id> parse_id(std::string_view text, std::string& error) {
  const auto slash = text.find('/');
  Id id{std::string(trim(text.substr(0, slash))), ""};
  if (slash != std::string_view::npos) {
    id.name = trim(text.substr(slash + 1));
    if (id.name.empty()) {
      error = "in \"" + std::string(text) + "\" id: the part after / should not be empty";
      return std::nullopt;
    }
  }
  if (id.type.empty()) {
    error = "id must not be empty";
    return std::nullopt;
  }
  bool valid = std::isalpha(static_cast<unsigned char>(id.type[0])) && id.type.size() <= 63;
  for (const char c : id.type) valid = valid && (std::isalnum(static_cast<unsigned char>(c)) || c == '_');
  for (const char c : id.name)
    valid = valid && static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && id.name.size() <= 1024;
  if (!valid) {
    error = "in \"" + std::string(text) + "\" id: invalid character(s) in type \"" + id.type + "\"";
    return std::nullopt;
  }
  return id;
}

}  // namespace gleaner::service
