#include "stanza/files/entry_maker.h"

#include <algorithm>

namespace gleaner::stanza::files {
namespace {
constexpr std::size_t kSpareAttributes = 4;  // room for what operators add, without a second allocation

bool constant(const Templates& templates) {
  return std::all_of(templates.begin(), templates.end(), [](const auto& t) { return t.second.constant(); });
}
}  // namespace

EntryMaker::EntryMaker(const EntryOptions& options, const TextAttributes& file, const FileHeader* header,
                       Arena& arena, std::uint64_t observed)
    : options_(options),
      arena_(arena),
      observed_(observed),
      constant_attributes_(constant(options.attributes)),
      constant_resource_(constant(options.resource)) {
  const text::expr::Environment nothing{pdata::Value(), nullptr, nullptr, 0};
  const auto put_value = [&](std::string_view key, const pdata::Value& value) {
    const auto there =
        std::find_if(attributes_.begin(), attributes_.end(), [&](const auto& kv) { return kv.key == key; });
    if (there == attributes_.end())
      attributes_.push_back({arena_.copy(key), value});
    else
      there->value = value;
  };
  const auto put = [&](std::string_view key, std::string_view value) {
    put_value(key, pdata::Value::string(value));
  };
  if (constant_attributes_)
    for (const auto& [key, text] : options.attributes) put(key, *text.render(nothing, arena_));
  for (const auto& [key, value] : file) put(key, arena_.copy(value));
  if (header)
    for (const auto& [key, value] : header->attributes) put_value(key, pdata::clone(arena_, value));
  if (constant_resource_) {
    resource_.items.reserve(arena_, options.resource.size());
    for (const auto& [key, text] : options.resource)
      resource_.items.push_back(arena_,
                                {arena_.copy(key), pdata::Value::string(*text.render(nothing, arena_))});
  }
}

Result<> EntryMaker::render(const Templates& templates, const Entry& entry, pdata::Map& into,
                            std::size_t spare) {
  into.items.reserve(arena_, templates.size() + spare);
  for (const auto& [key, text] : templates) {
    auto value = text.render({entry.body, &entry.attributes, &entry.resource, entry.timestamp}, arena_);
    if (!value) return fail(std::move(value.error()));
    into.items.push_back(arena_, {arena_.copy(key), pdata::Value::string(*value)});
  }
  return {};
}

Result<> EntryMaker::make(std::string_view text, const Origin& origin, std::uint64_t record_number,
                          Entry& entry) {
  entry.observed = observed_;
  entry.origin = origin;
  entry.body = options_.encoding.nop() ? pdata::Value::bytes(text)
                                       : pdata::Value::string(options_.encoding.decode(text, arena_));
  const std::size_t spare = attributes_.size() + kSpareAttributes;
  if (constant_attributes_) {
    entry.attributes.items.reserve(arena_, spare);
  } else if (auto ok = render(options_.attributes, entry, entry.attributes, spare); !ok) {
    return ok;
  }
  if (constant_attributes_)
    for (const auto& item : attributes_) entry.attributes.items.push_back(arena_, item);
  else
    for (const auto& item : attributes_) entry.attributes.set(arena_, item.key, item.value);
  if (options_.record_number)
    entry.attributes.set(arena_, "log.file.record_number",
                         pdata::Value::integer(static_cast<std::int64_t>(record_number)));
  if (options_.record_offset)
    entry.attributes.set(arena_, "log.file.record_offset",
                         pdata::Value::integer(static_cast<std::int64_t>(origin.begin)));
  if (constant_resource_) {
    entry.resource = resource_;
    entry.resource_shared = true;
  } else if (auto ok = render(options_.resource, entry, entry.resource, 0); !ok) {
    return ok;
  }
  return {};
}

}  // namespace gleaner::stanza::files
