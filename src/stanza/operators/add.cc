// Sets a field to a fixed value or to what an expression gives.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

/// YAML as the reference's decoder types it: whole numbers are integers, others doubles.
pdata::Value from_yaml(const config::Node& node, Arena& arena) {
  if (node.is_map()) {
    auto map = pdata::Value::new_map(arena);
    for (const auto& entry : node.entries())
      map.as_map().set(arena, arena.copy(entry.key), from_yaml(entry.value, arena));
    return map;
  }
  if (node.is_list()) {
    auto list = pdata::Value::new_array(arena);
    for (const auto& item : node.items()) list.as_array().push_back(arena, from_yaml(item, arena));
    return list;
  }
  if (node.is_null()) return {};
  if (const auto truth = node.boolean()) return pdata::Value::boolean(*truth);
  if (const auto whole = node.integer()) return pdata::Value::integer(*whole);
  if (const auto real = node.real()) return pdata::Value::real(*real);
  return pdata::Value::string(arena.copy(node.text()));
}

struct Config {
  TransformerConfig transformer;
  std::optional<Field> field;
  config::Node value;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::field>("field", "what is set"),
        config::field<&Config::value>("value", "any value, or EXPR(expression)"),
    };
    return kTable;
  }
};

class Add : public Transformer<Add> {
 public:
  Add(const Build& build, Conditional::Options options, Field field, const config::Node& value,
      std::optional<text::expr::Program> program)
      : Transformer(build.id, "add", build.logger, std::move(options)),
        field_(std::move(field)),
        value_(from_yaml(value, own_)),
        program_(std::move(program)) {}

  bool apply(Entry& entry, Flow& flow) {
    pdata::Value value;
    if (program_) {
      auto result = program_->run(environment(entry), flow.arena);
      if (!result) return fail("evaluate value_expr: " + result.error().what);
      // A result may be a part of this very entry; a copy cannot change behind its back.
      value = result->is_map() || result->is_array() ? pdata::clone(flow.arena, *result) : *result;
    } else {
      if (value_.is_empty()) return fail("add: missing required field 'value'");
      value = pdata::clone(flow.arena, value_);
    }
    return field_.set(entry, value, flow.arena) || fail("cannot set " + field_.text() + " root");
  }

 private:
  Field field_;
  Arena own_;
  pdata::Value value_;
  std::optional<text::expr::Program> program_;
};

}  // namespace

std::span<const config::Field> add_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_add(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  std::optional<text::expr::Program> program;
  if (config.value.is_scalar()) {
    const std::string_view text = config.value.text();
    if (text.starts_with("EXPR(") && text.ends_with(")")) {
      const auto source = text.substr(5, text.size() - 6);
      auto compiled = text::expr::Program::compile(source);
      if (!compiled)
        return build.error(
            "value", "failed to compile expression '" + std::string(source) + "': " + compiled.error().what);
      program = std::move(*compiled);
    }
  }
  if (!config.field) return nullptr;
  return std::make_unique<Add>(build, std::move(options), *config.field, config.value, std::move(program));
}

}  // namespace gleaner::stanza
