// Parses pairs such as `a=1 b="two words"`.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/key_values.h"

namespace gleaner::stanza {
namespace {

struct Config {
  ParserConfig parser;
  std::string delimiter = "=", pair_delimiter;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::delimiter>("delimiter", "between key and value"),
        config::field<&Config::pair_delimiter>("pair_delimiter", "between pairs; default: a blank"),
    };
    return kTable;
  }
};

class KeyValueParser : public Parser<KeyValueParser> {
 public:
  KeyValueParser(const Build& build, Conditional::Options options, ParserParts parts, std::string delimiter,
                 std::string pair_delimiter)
      : Parser(build.id, "key_value_parser", build.logger, std::move(options), std::move(parts)),
        delimiter_(std::move(delimiter)),
        pair_delimiter_(std::move(pair_delimiter)) {}

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string())
      return fail("type " + std::string(text::go_type(from)) + " cannot be parsed as key value pairs");
    if (from.text().empty()) return fail("parse from field " + parts_.parse_from.text() + " is empty");
    object_ = {};
    errors_.clear();
    if (!text::parse_key_values(from.text(), delimiter_, pair_delimiter_, flow.arena, object_, errors_))
      return fail(errors_.starts_with("never") ? "failed to parse pairs from input: " + errors_ : errors_);
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  std::string delimiter_, pair_delimiter_;
  std::string errors_;
  pdata::Map object_;
};

}  // namespace

std::span<const config::Field> key_value_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_key_value_parser(const Build& build) {
  auto config = build.decode<Config>();
  auto options = build.options(config.parser.transformer);
  auto parts = build.parts(config.parser);
  if (config.pair_delimiter.empty()) config.pair_delimiter = " ";
  if (config.delimiter.empty()) return build.error("delimiter", "delimiter is a required parameter");
  if (config.delimiter == config.pair_delimiter)
    return build.error("delimiter", "delimiter and pair_delimiter cannot be the same value");
  return std::make_unique<KeyValueParser>(build, std::move(options), std::move(parts), config.delimiter,
                                          config.pair_delimiter);
}

}  // namespace gleaner::stanza
