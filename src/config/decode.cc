#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/duration.h"
#include "config/field.h"

namespace gleaner::config {
namespace {

/// The field a key belongs to, looking through squashed structs; `object` follows.
const Field* find_field(std::span<const Field> fields, std::string_view key, void*& object) {
  for (const auto& field : fields) {
    if (field.squashed) {
      void* inner = field.type->inside(field.at(object));
      if (const Field* found = find_field(field.type->nested(), key, inner)) {
        object = inner;
        return found;
      }
    } else if (field.key == key) {
      return &field;
    }
  }
  return nullptr;
}

void collect_keys(std::span<const Field> fields, std::vector<std::string_view>& keys) {
  for (const auto& field : fields) {
    if (field.squashed)
      collect_keys(field.type->nested(), keys);
    else
      keys.push_back(field.key);
  }
}

void require(Decoder& decoder, const Node& node, std::span<const Field> fields) {
  for (const auto& field : fields) {
    if (field.squashed) {
      require(decoder, node, field.type->nested());
    } else if (field.is_required) {
      const Node* value = node.find(field.key);
      if (!value || (value->is_null() && !value->from_reference()))
        decoder.error(node, fmt::format("missing required field \"{}\" ({})", field.key, field.doc));
    }
  }
}

/// The structs whose keys stand on this level have their say; the level itself is its owner's to check.
void check_squashed(Decoder& decoder, const Node& node, std::span<const Field> fields, void* object) {
  for (const auto& field : fields) {
    if (!field.squashed) continue;
    void* inner = field.type->inside(field.at(object));
    check_squashed(decoder, node, field.type->nested(), inner);
    Check check(decoder.problems(), node, decoder.path());
    if (field.type->check) field.type->check(check, inner);
  }
}

/// Where a key that does not belong here is at home: "tls::insecure"; "" when nowhere below.
std::string home_of(std::span<const Field> fields, std::string_view key, int depth) {
  for (const auto& field : fields) {
    if (!field.type || !field.type->nested || field.type->shape != TypeOps::Shape::section) continue;
    const auto inner = field.type->nested();
    const std::string place = field.squashed ? "" : std::string(field.key) + "::";
    for (const auto& below : inner)
      if (!below.squashed && below.key == key) return place + std::string(key);
    if (depth == 0) continue;
    if (const auto deeper = home_of(inner, key, field.squashed ? depth : depth - 1); !deeper.empty())
      return place + deeper;
  }
  return {};
}

/// What people write for true and false in other dialects of YAML.
std::string_view truth_hint(std::string_view text) {
  if (text == "yes" || text == "on" || text == "Yes" || text == "On" || text == "y") return "; write true";
  if (text == "no" || text == "off" || text == "No" || text == "Off" || text == "n") return "; write false";
  return {};
}

std::string kind_of(const Node& node) {
  if (node.is_map()) return "a map";
  if (node.is_list()) return "a list";
  if (node.is_null()) return "nothing";
  return fmt::format("\"{}\"", node.text());
}

}  // namespace

void Check::error(std::string_view key, std::string what) {
  for (const auto& entry : node_.entries())
    if (entry.key == key)
      return problems_.error(entry.value.mark(), path_ + "::" + entry.key, std::move(what));
  problems_.error(node_.mark(), path_, std::move(what));
}
void Check::warning(std::string_view key, std::string what) {
  for (const auto& entry : node_.entries())
    if (entry.key == key) return problems_.warning(entry.mark, path_ + "::" + entry.key, std::move(what));
  problems_.warning(node_.mark(), path_, std::move(what));
}
bool Check::written(std::string_view key) const {
  const Node* value = node_.find(key);
  return value && !value->is_null();
}

void Decoder::section(const Node& node, std::span<const Field> fields, void* object) {
  const bool takes_enabled = std::exchange(takes_enabled_, false);
  if (!node.is_map()) return mismatch(node, "a map");
  for (const auto& entry : node.entries()) {
    void* holder = object;
    const Field* field = find_field(fields, entry.key, holder);
    if (!field) {
      if (takes_enabled && entry.key == "enabled") continue;  // read by switched_off()
      std::vector<std::string_view> keys;
      collect_keys(fields, keys);
      if (takes_enabled) keys.push_back("enabled");
      std::string hint = did_you_mean(entry.key, keys);
      if (const auto home = home_of(fields, entry.key, 2); !home.empty())
        hint = fmt::format(" (it belongs to {})", home);
      problems_.error(entry.mark, path_, fmt::format("has invalid keys: {}{}", entry.key, hint));
      continue;
    }
    inside(entry.key, [&] {
      if (!field->type) {
        problems_.warning(entry.mark, path_, "is known but not acted on yet");
        return;
      }
      null_enables_ = field->null_enables;
      void* slot = field->at(holder);
      field->type->decode(*this, entry.value, slot);
      if (!field->choices.empty() && !entry.value.is_null()) {
        const std::string value = field->type->show(slot);
        if (std::find(field->choices.begin(), field->choices.end(), value) == field->choices.end())
          error(entry.value,
                fmt::format("\"{}\" is not one of {}{}", value, fmt::join(field->choices, ", "),
                            did_you_mean(value, {field->choices.begin(), field->choices.end()})));
      }
    });
  }
  require(*this, node, fields);
  check_squashed(*this, node, fields, object);
}

void Decoder::mismatch(const Node& node, std::string_view wanted) {
  std::string_view hint;
  if (node.is_scalar() && wanted == "true or false") hint = truth_hint(node.text());
  if (node.is_scalar() && wanted == "a map")
    if (const auto colon = node.text().find(':');
        colon != std::string::npos && colon + 1 < node.text().size())
      hint = "; is a blank missing behind the colon?";
  error(node, fmt::format("{} is expected here, not {}{}", wanted, kind_of(node), hint));
}

std::string Decoder::text(const Node& node) {
  if (node.from_reference()) return node.verbatim();
  if (node.is_null()) return {};
  if (!node.is_scalar()) {
    mismatch(node, "a text");
    return {};
  }
  const auto type = node.type();
  if (type == ScalarType::timestamp) {
    warning(node, fmt::format("\"{}\" is a date to YAML; put it in quotes", node.text()));
  } else if (type != ScalarType::string) {
    warning(node, fmt::format("a text is expected here; {} is taken as \"{}\", put it in quotes", node.text(),
                              node.text()));
  }
  return node.text();
}

std::optional<std::int64_t> Decoder::integer(const Node& node, std::int64_t low, std::int64_t high,
                                             std::string_view wanted) {
  if (node.is_null()) return node.unset_reference ? std::optional<std::int64_t>(0) : std::nullopt;
  std::optional<std::int64_t> value = node.integer();
  if (!value && node.is_scalar() && node.type() == ScalarType::string && !node.from_reference()) {
    // "8" in quotes: the reference's old decoder took it.
    value = Node::scalar(node.text(), true, node.mark()).integer();
    if (value)
      warning(node, fmt::format("a number is expected here; the text \"{}\" is taken as one", node.text()));
  }
  if (!value) {
    if (const auto real = node.real(); real && *real == std::floor(*real) && std::fabs(*real) < 9e15)
      value = static_cast<std::int64_t>(*real);
  }
  if (!value) {
    mismatch(node, wanted);
    return std::nullopt;
  }
  if (*value < low || *value > high) {
    error(node, fmt::format("{} is out of range ({} to {})", *value, low, high));
    return std::nullopt;
  }
  return value;
}

namespace detail {

void decode_string(Decoder& d, const Node& node, void* out) {
  if (node.is_null() && !node.from_reference() && !node.unset_reference) return;
  *static_cast<std::string*>(out) = d.text(node);
}
void decode_secret(Decoder& d, const Node& node, void* out) {
  decode_string(d, node, &static_cast<Secret*>(out)->value);
}

void decode_bool(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) {
    if (node.unset_reference) *static_cast<bool*>(out) = false;
    return;
  }
  auto value = node.boolean();
  if (!value && node.is_scalar() && !node.from_reference()) {
    const std::string_view text = node.text();
    if (text == "true" || text == "1") value = true;
    if (text == "false" || text == "0") value = false;
    if (value)
      d.warning(node, fmt::format("true or false is expected here; \"{}\" is taken as {}", text, *value));
  }
  if (!value) return d.mismatch(node, "true or false");
  *static_cast<bool*>(out) = *value;
}

void decode_real(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  const auto value = node.real();
  if (!value) return d.mismatch(node, "a number");
  *static_cast<double*>(out) = *value;
}

void decode_duration(Decoder& d, const Node& node, void* out) {
  auto& value = *static_cast<std::chrono::nanoseconds*>(out);
  if (node.is_null()) {
    if (node.unset_reference) value = {};
    return;
  }
  if (const auto bare = node.integer()) {
    value = std::chrono::nanoseconds{*bare};  // nanoseconds, as in the reference
    if (*bare != 0)
      d.warning(node, fmt::format("{} has no unit and means {} nanoseconds; write {}s for seconds", *bare,
                                  *bare, *bare));
    return;
  }
  if (!node.is_scalar()) return d.mismatch(node, "a duration such as 200ms or 1m30s");
  auto parsed = parse_duration(node.text());
  if (!parsed) return d.error(node, parsed.error().what);
  value = *parsed;
}

void decode_byte_size(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  auto& value = *static_cast<ByteSize*>(out);
  if (const auto bare = node.integer()) {
    if (*bare < 0)
      return d.error(node, fmt::format("{} is negative; a size in bytes is expected here", *bare));
    value.bytes = static_cast<std::uint64_t>(*bare);
    return;
  }
  if (!node.is_scalar()) return d.mismatch(node, "a size such as 1048576, 64KiB or 1.5mb");
  std::string text = node.text();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string_view unit(end);
  while (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  static constexpr std::string_view kDecimal[] = {"", "kb", "mb", "gb", "tb", "pb"};
  static constexpr std::string_view kBinary[] = {"b", "kib", "mib", "gib", "tib", "pib"};
  for (std::size_t i = 0; i < 6; ++i) {
    if (end == text.c_str() || number < 0 || (unit != kDecimal[i] && unit != kBinary[i])) continue;
    value.bytes = static_cast<std::uint64_t>(
        number * std::pow(unit == kDecimal[i] ? 1000.0 : 1024.0, static_cast<double>(i)));
    return;
  }
  d.error(node, fmt::format("\"{}\" is no size; write 1048576, 64KiB or 1.5mb", node.text()));
}

void decode_headers(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  auto& list = static_cast<Headers*>(out)->list;
  const auto set = [&](const std::string& name, std::string value) {
    std::erase_if(list, [&](const auto& there) { return there.first == name; });
    list.emplace_back(name, Secret{std::move(value)});
  };
  if (node.is_map()) {
    for (const auto& entry : node.entries())
      d.inside(entry.key, [&] { set(entry.key, d.text(entry.value)); });
  } else if (node.is_list()) {
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      const Node& item = node.items()[i];
      const Node* name = item.find("name");
      d.inside(std::to_string(i), [&] {
        if (!name) return d.error(item, "a header needs a name");
        const Node* value = item.find("value");
        set(d.text(*name), value ? d.text(*value) : std::string());
      });
    }
  } else {
    d.mismatch(node, "a map of headers");
  }
}

void decode_strings(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  auto& list = *static_cast<std::vector<std::string>*>(out);
  list.clear();
  if (node.is_list()) {
    for (std::size_t i = 0; i < node.items().size(); ++i)
      d.inside(std::to_string(i), [&] { list.push_back(d.text(node.items()[i])); });
    return;
  }
  if (!node.is_scalar()) return d.mismatch(node, "a list of texts");
  const std::string text = d.text(node);
  for (std::size_t begin = 0; begin <= text.size();) {
    auto end = text.find(',', begin);
    if (end == std::string::npos) end = text.size();
    list.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void decode_any(Decoder&, const Node& node, void* out) { *static_cast<Node*>(out) = node; }

std::string show_string(const void* value) { return *static_cast<const std::string*>(value); }
std::string show_bool(const void* value) { return *static_cast<const bool*>(value) ? "true" : "false"; }
std::string show_real(const void* value) { return fmt::format("{}", *static_cast<const double*>(value)); }
std::string show_duration(const void* value) {
  return format_duration(*static_cast<const std::chrono::nanoseconds*>(value));
}
std::string show_byte_size(const void* value) {
  return std::to_string(static_cast<const ByteSize*>(value)->bytes);
}
std::string show_strings(const void* value) {
  return fmt::format("[{}]", fmt::join(*static_cast<const std::vector<std::string>*>(value), ", "));
}
std::string show_nothing(const void*) { return {}; }

bool switched_off(Decoder& d, const Node& node) {
  if (!node.is_map()) return false;
  const Node* enabled = node.find("enabled");
  if (!enabled) return false;
  const auto value = enabled->boolean();
  if (!value) {
    d.error(*enabled, fmt::format("'enabled' is true or false, not \"{}\"", enabled->text()));
    return false;
  }
  return !*value;
}

}  // namespace detail
}  // namespace gleaner::config
