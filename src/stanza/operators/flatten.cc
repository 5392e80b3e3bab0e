// Moves the children of a map one level up.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::optional<Field> field;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::field>("field", "the map"),
    };
    return kTable;
  }
};

class Flatten : public Transformer<Flatten> {
 public:
  Flatten(const Build& build, Conditional::Options options, Field field)
      : Transformer(build.id, "flatten", build.logger, std::move(options)),
        field_(std::move(field)),
        parent_(field_.parent()) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = field_.get(entry);
    if (!value) return fail("apply flatten: field " + field_.text() + " does not exist on entry");
    if (!value->is_map()) return fail("apply flatten: field " + field_.text() + " is not a map");
    const pdata::Map children = value->as_map();
    field_.remove(entry, flow.arena);
    // A child that is a map is merged into one of its name, as setting it would.
    for (const auto& [key, child] : children) parent_.child(key).set(entry, child, flow.arena);
    return true;
  }

 private:
  Field field_, parent_;
};

}  // namespace

std::span<const config::Field> flatten_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_flatten(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (!config.field) return nullptr;
  return std::make_unique<Flatten>(build, std::move(options), *config.field);
}

}  // namespace gleaner::stanza
