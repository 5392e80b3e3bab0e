// Copies a field to another place.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::optional<Field> from, to;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::from>("from", "what is copied"),
        config::required<&Config::to>("to", "where to"),
    };
    return kTable;
  }
};

class Copy : public Transformer<Copy> {
 public:
  Copy(const Build& build, Conditional::Options options, Field from, Field to)
      : Transformer(build.id, "copy", build.logger, std::move(options)),
        from_(std::move(from)),
        to_(std::move(to)) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = from_.get(entry);
    if (!value) return fail("copy: from field does not exist in this entry: " + from_.text());
    pdata::Value taken = *value;
    // Maps and lists are copied: changing one place later must not change the other.
    if (taken.is_map() || taken.is_array()) taken = pdata::clone(flow.arena, taken);
    return to_.set(entry, taken, flow.arena) || fail("cannot set " + to_.text() + " root");
  }

 private:
  Field from_, to_;
};

}  // namespace

std::span<const config::Field> copy_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_copy(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (!config.from || !config.to) return nullptr;
  return std::make_unique<Copy>(build, std::move(options), *config.from, *config.to);
}

}  // namespace gleaner::stanza
