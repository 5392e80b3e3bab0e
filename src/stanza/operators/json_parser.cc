// Parses a string as a JSON object.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/json.h"

namespace gleaner::stanza {
namespace {

struct Config {
  ParserConfig parser;
  bool parse_ints = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::parse_ints>("parse_ints", "whole numbers become integers, not doubles"),
    };
    return kTable;
  }
};

class JsonParser : public Parser<JsonParser> {
 public:
  JsonParser(const Build& build, Conditional::Options options, ParserParts parts, bool parse_ints)
      : Parser(build.id, "json_parser", build.logger, std::move(options), std::move(parts)),
        reader_({.parse_ints = parse_ints}),
        into_attributes_(parts_.parse_to == Field(Field::Root::attributes)) {}

  bool parse(const pdata::Value& from, Entry& entry, Flow& flow, pdata::Value& found) {
    if (!from.is_string())
      return fail("type " + std::string(text::go_type(from)) + " cannot be parsed as JSON");
    if (into_attributes_) {  // the usual place: without a map in between
      const auto pairs = reader_.read_pairs(from.text(), flow.arena);
      if (!pairs) return fail(pairs.error().what);
      merge(entry.attributes, *pairs, flow.arena);
      return true;
    }
    auto object = reader_.read_object(from.text(), flow.arena);
    if (!object) return fail(object.error().what);
    object_ = *object;
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  text::JsonReader reader_;
  const bool into_attributes_;
  pdata::Map object_;
};

}  // namespace

std::span<const config::Field> json_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_json_parser(const Build& build) {
  const auto config = build.decode<Config>();
  return std::make_unique<JsonParser>(build, build.options(config.parser.transformer),
                                      build.parts(config.parser), config.parse_ints);
}

}  // namespace gleaner::stanza
