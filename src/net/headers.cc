#include "net/headers.h"

#include <algorithm>

namespace gleaner::net {
namespace {
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_field_name(std::string_view name) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) noexcept {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void Headers::add(std::string_view name, std::string_view value) {
  add_lower(name, value);
  const Entry& e = entries_.back();
  for (char* c = text_.data() + e.at; c != text_.data() + e.at + e.name; ++c) *c = lower(*c);
}

void Headers::add_lower(std::string_view name, std::string_view value) {
  if (entries_.capacity() == 0) reserve(12, 384);
  entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& e) { return is_called(e, name); });
}

/// Lengths first: most names differ in them.
bool Headers::is_called(const Entry& e, std::string_view name) const noexcept {
  return e.name == name.size() && equals_ignoring_case({text_.data() + e.at, e.name}, name);
}

std::string_view Headers::get(std::string_view name) const noexcept {
  for (const auto& e : entries_)
    if (is_called(e, name)) return {text_.data() + e.at + e.name, e.value};
  return {};
}

bool Headers::has(std::string_view name) const noexcept {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return is_called(e, name); });
}

}  // namespace gleaner::net
