#include "otlp/response.h"

#include "base/arena.h"
#include "otlp/wire.h"
#include "text/json.h"

namespace gleaner::otlp {
namespace {

tl::unexpected<Error> broken(const char* what) { return fail(Fault::permanent, what); }

/// The member of either name, or nullptr.
const pdata::Value* member(const pdata::Map& map, std::string_view camel, std::string_view snake) {
  for (const auto& pair : map)
    if (pair.key == camel || pair.key == snake) return &pair.value;
  return nullptr;
}

std::int64_t whole(const pdata::Value* value) {
  if (!value) return 0;
  const std::string text = pdata::as_text(*value);
  return std::strtoll(text.c_str(), nullptr, 10);
}
std::string words(const pdata::Value* value) { return value ? pdata::as_text(*value) : std::string(); }

}  // namespace

Result<PartialSuccess> read_response(std::string_view protobuf) {
  PartialSuccess partial;
  FieldReader outer(protobuf);
  while (outer.next()) {
    if (outer.number() != 1) continue;
    if (outer.type() != WireType::length) return broken("proto: wrong wireType for field PartialSuccess");
    FieldReader field(outer.data());
    while (field.next()) {
      if (field.number() == 1 && field.type() == WireType::varint)
        partial.rejected = static_cast<std::int64_t>(field.value());
      if (field.number() == 2 && field.type() == WireType::length) partial.message = field.data();
    }
    if (!field.ok()) return broken("proto: illegal bytes in the partial success of a response");
  }
  if (!outer.ok()) return broken("proto: illegal bytes in a response");
  return partial;
}

Result<PartialSuccess> read_response_json(std::string_view json) {
  Arena arena;
  auto root = text::JsonReader({.parse_ints = true}).read_object(json, arena);
  if (!root) return fail(std::move(root.error()));
  PartialSuccess partial;
  const auto* inner = member(*root, "partialSuccess", "partial_success");
  if (!inner || inner->is_empty()) return partial;
  if (!inner->is_map()) return broken("partialSuccess is no object");
  for (const auto& pair : inner->as_map())
    if (pair.key.starts_with("rejected")) partial.rejected = whole(&pair.value);
  partial.message = words(member(inner->as_map(), "errorMessage", "error_message"));
  return partial;
}

Result<Status> read_status(std::string_view protobuf) {
  Status status;
  FieldReader field(protobuf);
  while (field.next()) {
    if (field.number() == 1 && field.type() == WireType::varint)
      status.code = static_cast<std::uint32_t>(field.value());
    if (field.number() == 2 && field.type() == WireType::length) status.message = field.data();
    if (field.number() == 3) ++status.details;
  }
  if (!field.ok()) return broken("proto: illegal bytes in a status");
  return status;
}

Result<Status> read_status_json(std::string_view json) {
  Arena arena;
  auto root = text::JsonReader({.parse_ints = true}).read_object(json, arena);
  if (!root) return fail(std::move(root.error()));
  Status status;
  status.code = static_cast<std::uint32_t>(whole(member(*root, "code", "code")));
  status.message = words(member(*root, "message", "message"));
  return status;
}

}  // namespace gleaner::otlp
