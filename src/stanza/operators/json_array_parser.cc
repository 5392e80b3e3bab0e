// Parses a string as a JSON array: into a list, or into a map by a header.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/json_tokens.h"

namespace gleaner::stanza {
namespace {

struct Config {
  ParserConfig parser;
  std::string header;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::header>("header", "names of the elements, with commas between"),
    };
    return kTable;
  }
};

class JsonArrayParser : public Parser<JsonArrayParser> {
 public:
  JsonArrayParser(const Build& build, Conditional::Options options, ParserParts parts,
                  std::vector<std::string> header)
      : Parser(build.id, "json_array_parser", build.logger, std::move(options), std::move(parts)),
        header_(std::move(header)) {}

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string() && from.kind() != pdata::Value::Kind::bytes)
      return fail("type '" + std::string(text::go_type(from)) + "' cannot be parsed as json array");
    std::vector<text::JsonToken> list;  // of anything but an array: empty
    text::JsonTokens tokens(from.text());
    if (!tokens.elements([&](const text::JsonToken& token) { list.push_back(token); }))
      return fail("failed to parse entry");
    if (!header_.empty() && header_.size() != list.size())
      return fail("wrong number of fields: expected " + std::to_string(header_.size()) + ", found " +
                  std::to_string(list.size()));
    auto out = header_.empty() ? pdata::Value::new_array(flow.arena) : pdata::Value::new_map(flow.arena);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].kind == text::JsonToken::Kind::array) return fail("failed to parse entry");
      const auto item = element(list[i], flow.arena);
      if (header_.empty())
        out.as_array().push_back(flow.arena, item);
      else
        out.as_map().set(flow.arena, flow.arena.copy(header_[i]), item);
    }
    found = out;
    return true;
  }

 private:
  /// A number that is not whole is 0 in the reference.
  static pdata::Value element(const text::JsonToken& token, Arena& arena) {
    using Kind = text::JsonToken::Kind;
    switch (token.kind) {
      case Kind::boolean:
        return pdata::Value::boolean(token.raw == "true");
      case Kind::number:
        return pdata::Value::integer(text::whole_number(token.raw));
      case Kind::string:
        return pdata::Value::string(text::unescape_json(token.raw, arena));
      case Kind::object: {
        std::string compact;
        text::append_compact_json(compact, token.raw);
        return pdata::Value::string(arena.copy(compact));
      }
      default:
        return {};
    }
  }

  std::vector<std::string> header_;
};

}  // namespace

std::span<const config::Field> json_array_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_json_array_parser(const Build& build) {
  const auto config = build.decode<Config>();
  std::vector<std::string> header;
  for (std::size_t from = 0; !config.header.empty() && from <= config.header.size();) {
    const auto end = std::min(config.header.find(',', from), config.header.size());
    header.push_back(config.header.substr(from, end - from));
    from = end + 1;
  }
  return std::make_unique<JsonArrayParser>(build, build.options(config.parser.transformer),
                                           build.parts(config.parser), std::move(header));
}

}  // namespace gleaner::stanza
