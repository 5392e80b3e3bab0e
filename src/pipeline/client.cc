#include "pipeline/client.h"

#include <algorithm>

namespace gleaner {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<std::string_view> Client::header(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : metadata)
    if (same_name(key, name)) values.push_back(value);
  return values;
}

const std::string* Client::attribute(std::string_view name) const {
  for (const auto& [key, value] : auth)
    if (key == name) return &value;
  return nullptr;
}

std::size_t Client::bytes() const {
  std::size_t total = address.size();
  for (const auto* pairs : {&metadata, &auth})
    for (const auto& [key, value] : *pairs) total += key.size() + value.size();
  return total;
}

}  // namespace gleaner
