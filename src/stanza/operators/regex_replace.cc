// Replaces every match in a string. An absent field is no failure.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/regex.h"

namespace gleaner::stanza {
namespace {

/// The reference's pattern for regex_name: ansi_control_sequences.
constexpr std::string_view kAnsi = R"(\x1B\[[\x30-\x3F]*[\x20-\x2F]*[\x40-\x7E])";

struct Config {
  TransformerConfig transformer;
  Field field;
  std::string regex, regex_name, replace_with;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::field<&Config::field>("field", "the string"),
        config::field<&Config::regex>("regex", "what is replaced"),
        config::field<&Config::regex_name>("regex_name", "instead of regex: ansi_control_sequences"),
        config::field<&Config::replace_with>("replace_with", "may hold $1, ${name}"),
    };
    return kTable;
  }
};

class RegexReplace : public Transformer<RegexReplace> {
 public:
  RegexReplace(const Build& build, Conditional::Options options, Field field, text::Regex regex,
               std::string_view with)
      : Transformer(build.id, "regex_replace", build.logger, std::move(options)),
        field_(std::move(field)),
        regex_(std::move(regex)),
        with_(regex_, with) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = field_.get(entry);
    if (!value) return true;
    if (!value->is_string()) return fail("type " + std::string(text::go_type(*value)) + " cannot be handled");
    if (!regex_.search(value->text())) return true;
    replaced_.clear();
    with_.replace_all(regex_, value->text(), replaced_);
    return field_.set(entry, pdata::Value::string(flow.arena.copy(replaced_)), flow.arena);
  }

 private:
  Field field_;
  text::Regex regex_;
  text::Replacement with_;
  std::string replaced_;
};

}  // namespace

std::span<const config::Field> regex_replace_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_regex_replace(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (config.regex.empty() == config.regex_name.empty())
    return build.error("regex", "either regex or regex_name must be set");
  std::string_view pattern = config.regex;
  if (!config.regex_name.empty()) {
    if (config.regex_name != "ansi_control_sequences")
      return build.error("regex_name", "regex_name " + config.regex_name + " is unknown");
    pattern = kAnsi;
  }
  auto regex = text::Regex::compile(pattern);
  if (!regex) return build.error("regex", "compiling regex: " + regex.error().what);
  return std::make_unique<RegexReplace>(build, std::move(options), config.field, std::move(*regex),
                                        config.replace_with);
}

}  // namespace gleaner::stanza
