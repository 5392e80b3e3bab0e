// Turns a list into a map with the given keys.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::optional<Field> field;
  std::vector<std::string> keys;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::field>("field", "the list"),
        config::field<&Config::keys>("keys", "one for each element"),
    };
    return kTable;
  }
};

class AssignKeys : public Transformer<AssignKeys> {
 public:
  AssignKeys(const Build& build, Conditional::Options options, Field field, std::vector<std::string> keys)
      : Transformer(build.id, "assign_keys", build.logger, std::move(options)),
        field_(std::move(field)),
        keys_(std::move(keys)) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = field_.get(entry);
    if (!value) return fail("apply assign_keys: field " + field_.text() + " does not exist on entry");
    if (!value->is_array())
      return fail("apply assign_keys: couldn't convert field " + field_.text() + " to []any");
    const auto list = value->as_array();
    if (list.size() != keys_.size()) {
      std::string names;
      for (const auto& key : keys_) names += (names.empty() ? "" : " ") + key;
      return fail("apply assign_keys: field " + field_.text() + " contains " + std::to_string(list.size()) +
                  " values while expected keys are [" + names + "] contain " + std::to_string(keys_.size()) +
                  " keys");
    }
    auto map = pdata::Value::new_map(flow.arena);
    for (std::size_t i = 0; i < keys_.size(); ++i)
      map.as_map().set(flow.arena, flow.arena.copy(keys_[i]), list[i]);
    return field_.set(entry, map, flow.arena);
  }

 private:
  Field field_;
  std::vector<std::string> keys_;
};

}  // namespace

std::span<const config::Field> assign_keys_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_assign_keys(const Build& build) {
  auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (config.keys.empty()) return build.error("keys", "assign_keys missing required field keys");
  if (!config.field) return nullptr;
  return std::make_unique<AssignKeys>(build, std::move(options), *config.field, std::move(config.keys));
}

}  // namespace gleaner::stanza
