#include "service/print_config.h"

#include <algorithm>
#include <cstdio>

#include "config/write.h"
#include "service/components.h"

namespace gleaner::service {
namespace {
using config::Field;
using config::Node;
using Shape = config::TypeOps::Shape;

void hide(Node& node) {
  for (auto& entry : node.entries()) hide(entry.value);
  for (auto& item : node.items()) hide(item);
  if (node.is_scalar()) node.set_text("[REDACTED]", false);
}

const Field* field_of(std::span<const Field> fields, std::string_view key) {
  for (const auto& field : fields) {
    if (!field.squashed) {
      if (field.key == key) return &field;
    } else if (const Field* found = field_of(field.type->nested(), key)) {
      return found;
    }
  }
  return nullptr;
}

/// Headers as a list are {name, value}: only the value is secret.
void hide_headers(Node& node) {
  for (auto& item : node.items())
    if (Node* value = item.find("value")) hide(*value);
  for (auto& entry : node.entries()) hide(entry.value);
}

void redact_section(Node& node, std::span<const Field> fields) {
  for (auto& entry : node.entries()) {
    const Field* field = field_of(fields, entry.key);
    if (!field) {
      if (entry.key != "enabled") hide(entry.value);
      continue;
    }
    if (!field->type || field->is_secret) {
      hide(entry.value);  // a key that is not acted on yet may be anything
    } else if (field->type->name == "headers") {
      hide_headers(entry.value);
    } else if (field->type->nested) {
      if (field->type->shape == Shape::section) redact_section(entry.value, field->type->nested());
      if (field->type->shape == Shape::list)
        for (auto& item : entry.value.items()) redact_section(item, field->type->nested());
      if (field->type->shape == Shape::dict)
        for (auto& member : entry.value.entries()) redact_section(member.value, field->type->nested());
    }
  }
}

template <class Factory>
void redact_components(Node& root, std::string_view section, std::span<const Factory> factories) {
  Node* node = root.find(section);
  if (!node) return;
  for (auto& entry : node->entries()) {
    std::string why;
    const auto id = parse_id(entry.key, why);
    const auto found = std::find_if(factories.begin(), factories.end(), [&](const Factory& f) {
      return id && (f.type == id->type || f.alias == id->type);
    });
    if (found == factories.end())
      hide(entry.value);
    else
      redact_section(entry.value, found->fields());
  }
}

}  // namespace

void redact(Node& root) {
  redact_components(root, "receivers", receivers());
  redact_components(root, "processors", processors());
  redact_components(root, "exporters", exporters());
  redact_components(root, "extensions", extensions());
  if (Node* connectors = root.find("connectors")) hide(*connectors);
  if (Node* service = root.find("service")) redact_section(*service, ServiceConfig::fields());
}

int print_config(const Options& options, const PrintOptions& how) {
  config::Problems problems;
  auto tree = load_tree(options, problems);
  const auto complain = [](const Error& error) {
    std::fprintf(stderr, "Error: %s\n", error.what.c_str());
    return 1;
  };
  if (!tree) return complain(tree.error());
  if (how.validate)
    if (auto ok = check(options, *tree, problems); !ok) return complain(ok.error());
  if (how.redacted) redact(*tree);
  const std::string text = how.json ? config::to_json(*tree) : config::to_yaml(*tree);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace gleaner::service
