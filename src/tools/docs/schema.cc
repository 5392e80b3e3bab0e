#include <fmt/format.h>

#include "base/log.h"
#include "service/config.h"
#include "tools/docs/docs.h"

namespace gleaner::tools {
namespace {
using config::Field;
using Shape = config::TypeOps::Shape;

constexpr int kMaxDepth = 12;
/// Whatever a key wants, `${...}` may stand there, and nothing at all.
constexpr std::string_view kOrReference = R"({"$ref":"#/definitions/reference"})";

std::string quoted(std::string_view text) {
  std::string out;
  log::append_json_string(out, text);
  return out;
}

std::string section(std::span<const Field> fields, void* object, bool optional, int depth);

std::string value(const Field& field, void* object, int depth) {
  if (!field.type) return "{}";
  if (!field.choices.empty()) {
    std::string words;
    for (const auto choice : field.choices) words += (words.empty() ? "" : ",") + quoted(choice);
    return fmt::format(R"({{"enum":[{}]}})", words);
  }
  if (!field.type->nested) return fmt::format(R"({{"type":{}}})", field.type->schema);
  if (depth == kMaxDepth) return "{}";
  std::shared_ptr<void> keep;
  std::string inner =
      section(field.type->nested(), nested_object(field, object, keep), field.type->optional, depth + 1);
  if (field.type->or_texts)
    return fmt::format(R"({{"type":"array","items":{{"anyOf":[{{"type":"string"}},{}]}}}})", inner);
  if (field.type->shape == Shape::list) return fmt::format(R"({{"type":"array","items":{}}})", inner);
  if (field.type->shape == Shape::dict)
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})", inner,
                       kOrReference);
  return inner;
}

void members(std::string& out, std::string& required, std::span<const Field> fields, void* object,
             int depth) {
  for (const auto& field : fields) {
    if (field.squashed) {
      std::shared_ptr<void> keep;
      members(out, required, field.type->nested(), nested_object(field, object, keep), depth);
      continue;
    }
    if (field.is_required) required += (required.empty() ? "" : ",") + quoted(field.key);
    std::string words(field.doc);
    if (!field.type) words += " (known, not acted on yet)";
    out +=
        fmt::format(R"({}{}:{{"description":{})", out.empty() ? "" : ",\n", quoted(field.key), quoted(words));
    const auto shown = default_of(field, object);
    if (!shown.empty() && !field.type->nested && field.type->shape == Shape::plain && shown[0] != '[') {
      const bool bare = field.type->schema == R"("integer")" || field.type->schema == R"("number")" ||
                        field.type->schema == R"("boolean")";
      out += fmt::format(R"(,"default":{})", bare ? shown : quoted(shown));
    }
    if (field.type) out += fmt::format(R"(,"anyOf":[{},{}])", value(field, object, depth), kOrReference);
    out += "}";
  }
}

std::string section(std::span<const Field> fields, void* object, bool optional, int depth) {
  std::string properties, required;
  members(properties, required, fields, object, depth);
  if (optional) {
    properties += properties.empty() ? "" : ",\n";
    properties += R"("enabled":{"description":"false switches the section off","type":"boolean"})";
  }
  std::string out =
      fmt::format(R"({{"type":"object","additionalProperties":false,"properties":{{{}}})", properties);
  if (!required.empty()) out += fmt::format(R"(,"required":[{}])", required);
  return out + "}";
}

std::string one_kind(std::string_view wanted) {
  std::string patterns;
  for_each_component([&](std::string_view kind, const FactoryBase& factory) {
    if (kind != wanted) return;
    const std::string names = factory.alias.empty() ? std::string(factory.type)
                                                    : fmt::format("({}|{})", factory.type, factory.alias);
    patterns += fmt::format(R"({}{}:{{"$ref":"#/definitions/{}.{}"}})", patterns.empty() ? "" : ",\n",
                            quoted(fmt::format("^ *{} *(/.+)?$", names)), kind, factory.type);
  });
  return fmt::format(
      R"({{"type":["object","null"],"additionalProperties":false,"patternProperties":{{{}}}}})", patterns);
}

}  // namespace

void add_schema(Files& files) {
  std::string definitions =
      R"("reference":{"anyOf":[{"type":"null"},{"type":"string","pattern":"\\$\\{.+\\}"}]})";
  for_each_component([&](std::string_view kind, const FactoryBase& factory) {
    config::Problems ignored;
    const auto object = factory.decode(config::Node::map({}), "", ignored);
    definitions += fmt::format(
        ",\n\"{}.{}\":{{\"description\":{},\"anyOf\":[{},{}]}}", kind, factory.type, quoted(factory.about),
        section(factory.fields(), const_cast<void*>(object.get()), false, 0), kOrReference);
  });
  service::ServiceConfig defaults;
  files["schema.json"] = fmt::format(
      "{{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\n\"title\":\"gleaner configuration\",\n"
      "\"type\":\"object\",\"additionalProperties\":false,\n\"properties\":{{\n\"receivers\":{},\n"
      "\"processors\":{},\n\"exporters\":{},\n\"extensions\":{},\n\"connectors\":{},\n\"service\":{}\n}},\n"
      "\"definitions\":{{\n{}\n}}}}\n",
      one_kind("receivers"), one_kind("processors"), one_kind("exporters"), one_kind("extensions"),
      one_kind("connectors"), section(service::ServiceConfig::fields(), &defaults, false, 0), definitions);
}

}  // namespace gleaner::tools
