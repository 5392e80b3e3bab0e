#pragma once
// Header fields of one HTTP message: two allocations however many there are.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::net {

/// ASCII only, as HTTP compares names.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
/// Whether a header may be called so: a token of RFC 9110 5.6.2.
bool is_field_name(std::string_view name) noexcept;
/// Whether a header may carry it: no control characters but tabs (RFC 9110 5.5).
bool is_field_value(std::string_view value) noexcept;

/// Names (kept in lower case) and values in order of arrival; duplicates stay.
class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };
  Headers() = default;
  Headers(std::initializer_list<Field> fields) {
    for (const auto& field : fields) add(field.name, field.value);
  }

  void add(std::string_view name, std::string_view value);
  /// The same for a name that is in lower case already, as all of HTTP/2 are.
  void add_lower(std::string_view name, std::string_view value);
  /// Takes memory for as many fields, of as many bytes of names and values in all.
  void reserve(std::size_t fields, std::size_t bytes) {
    entries_.reserve(fields);
    text_.reserve(bytes);
  }
  /// Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// The first value of `name` (any case); empty when absent.
  std::string_view get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  Field operator[](std::size_t i) const noexcept {
    const auto& e = entries_[i];
    const std::string_view all(text_);
    return {all.substr(e.at, e.name), all.substr(e.at + e.name, e.value)};
  }
  void clear() {
    text_.clear();
    entries_.clear();
  }
  /// Bytes of all names and values.
  std::size_t bytes() const noexcept { return text_.size(); }
  /// Bytes of memory a copy takes beside the object itself.
  std::size_t memory() const noexcept { return text_.size() + entries_.size() * sizeof(Entry); }

  struct Iterator {
    const Headers* of;
    std::size_t i;
    Field operator*() const { return (*of)[i]; }
    Iterator& operator++() {
      ++i;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return i != other.i; }
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, entries_.size()}; }

 private:
  struct Entry {
    std::uint32_t at, name, value;
  };
  bool is_called(const Entry& e, std::string_view name) const noexcept;

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace gleaner::net
