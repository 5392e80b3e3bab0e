// Replaces what is not UTF-8 in a string: one U+FFFD for every run of bad bytes, as Go's strings.ToValidUTF8.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  Field field;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::field<&Config::field>("field", "the string"),
    };
    return kTable;
  }
};

class Sanitize : public Transformer<Sanitize> {
 public:
  Sanitize(const Build& build, Conditional::Options options, Field field)
      : Transformer(build.id, "sanitize_utf8", build.logger, std::move(options)), field_(std::move(field)) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = field_.get(entry);
    if (!value) return true;
    if (!value->is_string())
      return fail("field '" + field_.text() + "' is not a string, got " + std::string(text::go_type(*value)));
    if (text::is_utf8(value->text())) return true;
    std::string clean;
    bool bad = false;
    for (auto rest = value->text(); !rest.empty();) {
      const auto rune = text::next_rune(rest);
      if (rune.valid)
        clean.append(rest.substr(0, rune.size));
      else if (!bad)
        text::append_utf8(clean, text::kReplacement);
      bad = !rune.valid;
      rest.remove_prefix(rune.size);
    }
    return field_.set(entry, pdata::Value::string(flow.arena.copy(clean)), flow.arena);
  }

 private:
  Field field_;
};

}  // namespace

std::span<const config::Field> sanitize_utf8_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_sanitize_utf8(const Build& build) {
  const auto config = build.decode<Config>();
  return std::make_unique<Sanitize>(build, build.options(config.transformer), config.field);
}

}  // namespace gleaner::stanza
