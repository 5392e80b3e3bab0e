// Profiles as text, read from the wire. Source: spec/collector.md 5.6, the reference's output.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "exporters/debug/text.h"
#include "otlp/decode_common.h"
#include "otlp/scan.h"
#include "otlp/wire.h"
#include "pdata/common.h"

namespace gleaner::exporters::debug {
namespace {
using otlp::FieldReader;
using Numbers = std::vector<std::int64_t>;

/// Adds a repeated integer's field, packed or not.
void add_numbers(const FieldReader& field, Numbers& into) {
  if (field.type() != otlp::WireType::length) {
    into.push_back(static_cast<std::int64_t>(field.value()));
    return;
  }
  const char* p = field.data().data();
  const char* const end = p + field.data().size();
  for (std::uint64_t value = 0; p < end && (p = otlp::read_varint(p, end, value));)
    into.push_back(static_cast<std::int64_t>(value));
}

/// The one integer of a field: the number of the last `number` in a message.
std::int64_t integer(std::string_view message, std::uint32_t number) {
  std::int64_t value = 0;
  for (FieldReader field(message); field.next();)
    if (field.number() == number) value = static_cast<std::int64_t>(field.value());
  return value;
}
std::string_view text(std::string_view message, std::uint32_t number) {
  std::string_view value;
  for (FieldReader field(message); field.next();)
    if (field.number() == number) value = field.data();
  return value;
}

std::string id(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos ? std::string() : pdata::hex(bytes);
}

std::string list(const Numbers& numbers) { return fmt::format("[{}]", fmt::join(numbers, " ")); }

/// What the profiles of a request refer to.
struct Dictionary {
  std::vector<std::string_view> mappings, locations, functions, links, strings, attributes;

  explicit Dictionary(std::string_view request) {
    std::vector<std::string_view>* const tables[] = {&mappings, &locations, &functions,
                                                     &links,    &strings,   &attributes};
    for (FieldReader outer(request); outer.next();) {
      if (outer.number() != 2) continue;
      for (FieldReader field(outer.data()); field.next();)
        if (field.number() <= std::size(tables)) tables[field.number() - 1]->push_back(field.data());
    }
  }

  pdata::Value value(Arena& arena, std::string_view attribute) const {
    return otlp::detail::read_value(arena, text(attribute, 2));
  }
  /// Key and value of an attribute, or words for what is missing. `print` makes text of a value.
  template <class Print>
  std::string attribute(Arena& arena, std::int64_t index, std::string_view between, Print&& print) const {
    if (index < 0 || static_cast<std::size_t>(index) >= attributes.size())
      return fmt::format("[Missing Dictionary AttributeTable Item #{}]", index);
    const auto& one = attributes[static_cast<std::size_t>(index)];
    const auto key = integer(one, 1);
    return key < 0 || static_cast<std::size_t>(key) >= strings.size()
               ? fmt::format("[Missing Dictionary Key String Item #{}]{}{}", key, between,
                             print(value(arena, one)))
               : fmt::format("{}{}{}", strings[static_cast<std::size_t>(key)], between,
                             print(value(arena, one)));
  }
};

/// Calls resource(n, message, Resource), scope(n, message, Scope), profile(n, message) for what is in a
/// request.
template <class Resource, class Scope, class Profile>
void walk(Arena& arena, std::string_view request, Resource&& resource, Scope&& scope, Profile&& profile) {
  std::size_t resources = 0;
  for (FieldReader outer(request); outer.next();) {
    if (outer.number() != 1) continue;
    pdata::Resource whose;
    otlp::detail::read_resource(arena, text(outer.data(), 1), whose);
    resource(resources++, outer.data(), whose);
    std::size_t scopes = 0;
    for (FieldReader middle(outer.data()); middle.next();) {
      if (middle.number() != 2) continue;
      pdata::Scope by;
      otlp::detail::read_scope(arena, text(middle.data(), 1), by);
      scope(scopes++, middle.data(), by);
      std::size_t profiles = 0;
      for (FieldReader inner(middle.data()); inner.next();)
        if (inner.number() == 2) profile(profiles++, inner.data());
    }
  }
}

void write_dictionary(std::string& out, Arena& arena, const Dictionary& dictionary) {
  const auto to = std::back_inserter(out);
  const auto numbers = [](std::string_view message, std::uint32_t number) {
    Numbers found;
    for (FieldReader field(message); field.next();)
      if (field.number() == number) add_numbers(field, found);
    return list(found);
  };
  for (std::size_t i = 0; i < dictionary.mappings.size(); ++i) {
    const auto one = dictionary.mappings[i];
    fmt::format_to(to, "Mapping #{}\n    Memory start: {}\n    Memory limit: {}\n    File offset: {}\n", i,
                   static_cast<std::uint64_t>(integer(one, 1)), static_cast<std::uint64_t>(integer(one, 2)),
                   static_cast<std::uint64_t>(integer(one, 3)));
    fmt::format_to(to, "    File name: {}\n    Attributes: {}\n", integer(one, 4), numbers(one, 5));
  }
  for (std::size_t i = 0; i < dictionary.locations.size(); ++i) {
    const auto one = dictionary.locations[i];
    fmt::format_to(to, "Location #{}\n    Mapping index: {}\n    Address: {}\n", i, integer(one, 1),
                   static_cast<std::uint64_t>(integer(one, 2)));
    std::size_t lines = 0;
    for (FieldReader field(one); field.next();)
      if (field.number() == 3)
        fmt::format_to(to, "    Line #{}\n        Function index: {}\n        Line: {}\n        Column: {}\n",
                       lines++, integer(field.data(), 1), integer(field.data(), 2), integer(field.data(), 3));
    fmt::format_to(to, "    Attributes: {}\n", numbers(one, 4));
  }
  for (std::size_t i = 0; i < dictionary.functions.size(); ++i) {
    const auto one = dictionary.functions[i];
    fmt::format_to(to,
                   "Function #{}\n    Name: {}\n    System name: {}\n    Filename: {}\n    Start line: {}\n",
                   i, integer(one, 1), integer(one, 2), integer(one, 3), integer(one, 4));
  }
  // Of these two tables the reference prints the last entry.
  if (!dictionary.attributes.empty()) {
    const auto one = dictionary.attributes.back();
    fmt::format_to(to,
                   "Attribute table:\n     -> Key: Int({})\n     -> Value: Str({})\n     -> unit: Int({})\n",
                   integer(one, 1), pdata::as_text(dictionary.value(arena, one)), integer(one, 3));
  }
  if (!dictionary.links.empty())
    fmt::format_to(to, "Link table:\n     -> Trace ID: Str({})\n     -> Span ID: Str({})\n",
                   id(text(dictionary.links.back(), 1)), id(text(dictionary.links.back(), 2)));
  if (!dictionary.strings.empty()) out += "String table:\n";
  for (const auto one : dictionary.strings) fmt::format_to(to, "    {}\n", one);
}

void write_sample(std::string& out, Arena& arena, const Dictionary& dictionary, std::size_t n,
                  std::string_view sample) {
  const auto to = std::back_inserter(out);
  Numbers values, attributes;
  for (FieldReader field(sample); field.next();) {
    if (field.number() == 2) add_numbers(field, attributes);
    if (field.number() == 4) add_numbers(field, values);
  }
  fmt::format_to(to, "    Sample #{}\n        Values: {}\n", n, list(values));
  if (!attributes.empty()) out += "        Attributes:\n";
  for (const auto index : attributes)
    fmt::format_to(to, "             -> {}\n", dictionary.attribute(arena, index, ": ", typed));
}

}  // namespace

std::string normal_text(std::string_view request) {
  Arena arena;
  const Dictionary dictionary(request);
  std::string out;
  walk(
      arena, request,
      [&](std::size_t n, std::string_view message, const pdata::Resource& resource) {
        out += fmt::format("ResourceProfiles #{}{}{}\n", n, schema(text(message, 3)),
                           pairs(resource.attributes));
      },
      [&](std::size_t n, std::string_view message, const pdata::Scope& scope) {
        out += fmt::format("ScopeProfiles #{}{}{}{}\n", n, scope_name(scope), schema(text(message, 3)),
                           pairs(scope.attributes));
      },
      [&](std::size_t, std::string_view profile) {
        std::size_t samples = 0;
        Numbers attributes;
        for (FieldReader field(profile); field.next();) {
          samples += field.number() == 2;
          if (field.number() == 11) add_numbers(field, attributes);
        }
        out += fmt::format("{} samples={}", id(text(profile, 7)), samples);
        for (const auto index : attributes)
          out += ' ' + dictionary.attribute(arena, index, "=",
                                            [](const pdata::Value& value) { return pdata::as_text(value); });
        out += '\n';
      });
  return out;
}

std::string detailed_text(std::string_view request) {
  Arena arena;
  const Dictionary dictionary(request);
  std::string out;
  write_dictionary(out, arena, dictionary);
  const auto attributes = [&](std::string_view title, const pdata::Map& map) {
    if (!map.empty()) out += title;
    for (const auto& [key, value] : map) out += fmt::format("     -> {}: {}\n", key, typed(value));
  };
  walk(
      arena, request,
      [&](std::size_t n, std::string_view message, const pdata::Resource& resource) {
        out += fmt::format("ResourceProfiles #{}\nResource SchemaURL: {}\n", n, text(message, 3));
        attributes("Resource attributes:\n", resource.attributes);
        out += entity_text(resource.entity_refs);
      },
      [&](std::size_t n, std::string_view message, const pdata::Scope& scope) {
        out += fmt::format("ScopeProfiles #{}\nScopeProfiles SchemaURL: {}\nInstrumentationScope {} {}\n", n,
                           text(message, 3), scope.name, scope.version);
        attributes("InstrumentationScope attributes:\n", scope.attributes);
      },
      [&](std::size_t n, std::string_view profile) {
        out += fmt::format(
            "Profile #{}\n    Profile ID     : {}\n    Start time     : {}\n    DurationNano   : {}\n"
            "    Dropped attributes count: {}\n",
            n, id(text(profile, 7)), go_time(static_cast<std::uint64_t>(integer(profile, 3))),
            static_cast<std::uint64_t>(integer(profile, 4)), static_cast<std::uint32_t>(integer(profile, 8)));
        std::size_t samples = 0;
        for (FieldReader field(profile); field.next();)
          if (field.number() == 2) write_sample(out, arena, dictionary, samples++, field.data());
      });
  return out;
}

}  // namespace gleaner::exporters::debug
