// Removes a field, or all attributes, or the resource.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::optional<RootField> field;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::field>("field", "what is removed; attributes or resource = all of them"),
    };
    return kTable;
  }
};

class Remove : public Transformer<Remove> {
 public:
  Remove(const Build& build, Conditional::Options options, Field field)
      : Transformer(build.id, "remove", build.logger, std::move(options)), field_(std::move(field)) {}

  bool apply(Entry& entry, Flow& flow) {
    if (field_.remove(entry, flow.arena) || (field_.is_root() && field_.root() != Field::Root::body))
      return true;
    return fail("remove: field does not exist: " + field_.text());
  }

 private:
  Field field_;
};

}  // namespace

std::span<const config::Field> remove_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_remove(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (!config.field) return nullptr;
  return std::make_unique<Remove>(build, std::move(options), config.field->field);
}

}  // namespace gleaner::stanza
