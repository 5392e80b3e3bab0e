// Parses a string with the named groups of a regular expression.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/regex.h"

namespace gleaner::stanza {
namespace {

struct CacheConfig {
  std::uint16_t size = 0;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&CacheConfig::size>("size", "accepted; gleaner needs no cache")};
    return kTable;
  }
};

struct Config {
  ParserConfig parser;
  std::string regex;
  CacheConfig cache;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::required<&Config::regex>("regex", "with at least one named group, (?P<name>...)"),
        config::field<&Config::cache>("cache", "results to remember"),
    };
    return kTable;
  }
};

class RegexParser : public Parser<RegexParser> {
 public:
  RegexParser(const Build& build, Conditional::Options options, ParserParts parts, text::Regex regex)
      : Parser(build.id, "regex_parser", build.logger, std::move(options), std::move(parts)),
        regex_(std::move(regex)),
        groups_(static_cast<std::size_t>(regex_.groups()) + 1) {}

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string())
      return fail("type '" + std::string(text::go_type(from)) + "' cannot be parsed as regex");
    if (!regex_.match(from.text(), groups_)) return fail("regex pattern does not match");
    object_ = {};
    object_.items.reserve(flow.arena, regex_.names().size());
    for (const auto& [name, group] : regex_.names())
      object_.items.push_back(flow.arena, {flow.arena.copy(name),
                                           pdata::Value::string(groups_[static_cast<std::size_t>(group)])});
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  text::Regex regex_;
  std::vector<std::string_view> groups_;
  pdata::Map object_;
};

}  // namespace

std::span<const config::Field> regex_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_regex_parser(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.parser.transformer);
  auto parts = build.parts(config.parser);
  if (config.regex.empty()) return build.error("regex", "missing required field 'regex'");
  auto regex = text::Regex::compile(config.regex);
  if (!regex) return build.error("regex", "compiling regex: " + regex.error().what);
  if (regex->names().empty())
    return build.error("regex",
                       "no named capture groups in regex pattern: use named capture groups like "
                       "'^(?P<my_key>.*)$' to specify the key name for the parsed field");
  return std::make_unique<RegexParser>(build, std::move(options), std::move(parts), std::move(*regex));
}

}  // namespace gleaner::stanza
