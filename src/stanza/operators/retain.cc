// Keeps the listed fields. A group (body, attributes, resource) that no field belongs to is kept whole.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::vector<Field> list;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::list>("fields", "what is kept"),
    };
    return kTable;
  }
};

class Retain : public Transformer<Retain> {
 public:
  Retain(const Build& build, Conditional::Options options, std::vector<Field> fields)
      : Transformer(build.id, "retain", build.logger, std::move(options)),
        fields_(std::move(fields)),
        old_(build.compat == config::Compat::v0_102) {
    for (const auto& field : fields_) narrowed_[static_cast<std::size_t>(field.root())] = true;
  }

  bool apply(Entry& entry, Flow& flow) {
    Entry kept = entry;
    if (narrowed_[0]) kept.body = {};
    if (narrowed_[1]) kept.attributes = {};
    if (narrowed_[2]) {
      kept.resource = {};
      kept.resource_shared = false;
    }
    for (const auto& field : fields_) {
      const pdata::Value* value = field.get(entry);
      if (value && !field.set(kept, *value, flow.arena)) return fail("cannot set " + field.text() + " root");
    }
    if (old_) {  // only the times survived
      kept.severity = 0;
      kept.severity_text = kept.scope_name = kept.trace_id = kept.span_id = kept.trace_flags = {};
    }
    entry = kept;
    return true;
  }

 private:
  std::vector<Field> fields_;
  bool narrowed_[3] = {};
  bool old_;
};

}  // namespace

std::span<const config::Field> retain_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_retain(const Build& build) {
  auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (config.list.empty()) return build.error("fields", "retain: 'fields' is empty");
  return std::make_unique<Retain>(build, std::move(options), std::move(config.list));
}

}  // namespace gleaner::stanza
