// Parses a string as a JSON array: into a list, or into a map by a header.
#include <cmath>

#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/json.h"

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
    const auto value = reader_.read(from.text(), flow.arena);
    if (!value) return fail("failed to parse entry");
    static const pdata::Array kNone;
    const auto& list =
        value->is_array() ? value->as_array() : kNone;  // anything else counts as an empty list
    if (!header_.empty() && header_.size() != list.size())
      return fail("wrong number of fields: expected " + std::to_string(header_.size()) + ", found " +
                  std::to_string(list.size()));
    auto out = header_.empty() ? pdata::Value::new_array(flow.arena) : pdata::Value::new_map(flow.arena);
    for (std::size_t i = 0; i < list.size(); ++i) {
      pdata::Value item = list[i];
      if (item.is_array()) return fail("failed to parse entry");
      if (item.kind() == pdata::Value::Kind::real) {
        item = pdata::Value::integer(0);  // a number that is not whole reads as 0 in the reference
      } else if (item.is_map()) {
        text_.clear();
        pdata::append_json(text_, item);
        item = pdata::Value::string(flow.arena.copy(text_));
      }
      if (header_.empty())
        out.as_array().push_back(flow.arena, item);
      else
        out.as_map().set(flow.arena, flow.arena.copy(header_[i]), item);
    }
    found = out;
    return true;
  }

 private:
  std::vector<std::string> header_;
  text::JsonReader reader_{{.parse_ints = true}};
  std::string text_;
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
