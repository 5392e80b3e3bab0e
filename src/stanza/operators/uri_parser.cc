// Parses a URI into scheme, user, host, port, path and query.
#include "stanza/operators/operators.h"
#include "stanza/operators/uri.h"
#include "text/go_format.h"

namespace gleaner::stanza {
namespace {

class UriParser : public Parser<UriParser> {
 public:
  UriParser(const Build& build, Conditional::Options options, ParserParts parts)
      : Parser(build.id, "uri_parser", build.logger, std::move(options), std::move(parts)) {}

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string())
      return fail("type '" + std::string(text::go_type(from)) + "' cannot be parsed as URI");
    object_ = {};
    if (!parse_uri(from.text(), flow.arena, object_, error_)) return false;
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  pdata::Map object_;
};

}  // namespace

std::span<const config::Field> uri_parser_fields() { return ParserConfig::fields(); }

std::unique_ptr<Operator> make_uri_parser(const Build& build) {
  const auto config = build.decode<ParserConfig>();
  return std::make_unique<UriParser>(build, build.options(config.transformer), build.parts(config));
}

}  // namespace gleaner::stanza
