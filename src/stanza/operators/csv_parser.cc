// Parses a line of separated values into a map by a header.
#include "stanza/operators/operators.h"
#include "text/csv_row.h"
#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::stanza {
namespace {

struct Config {
  ParserConfig parser;
  std::string header, header_delimiter, header_attribute, delimiter;
  bool lazy_quotes = false, ignore_quotes = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::header>("header", "names of the fields"),
        config::field<&Config::header_delimiter>("header_delimiter",
                                                 "between these names; default: delimiter"),
        config::field<&Config::header_attribute>("header_attribute",
                                                 "attribute that holds the header, instead of header"),
        config::field<&Config::delimiter>("delimiter", "one character; default: a comma"),
        config::field<&Config::lazy_quotes>("lazy_quotes", "allow quotes inside of fields"),
        config::field<&Config::ignore_quotes>("ignore_quotes", "quotes mean nothing"),
    };
    return kTable;
  }
};

std::vector<std::string_view> split(std::string_view text, std::string_view by) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const auto end = text.find(by, from);
    parts.push_back(text.substr(from, end == std::string_view::npos ? end : end - from));
    if (end == std::string_view::npos) return parts;
    from = end + by.size();
  }
}

class CsvParser : public Parser<CsvParser> {
 public:
  CsvParser(const Build& build, Conditional::Options options, ParserParts parts, Config config)
      : Parser(build.id, "csv_parser", build.logger, std::move(options), std::move(parts)),
        config_(std::move(config)) {
    header_ = split(config_.header, config_.header_delimiter);
  }

  /// The header first: without one a record is dropped, whatever else is wrong with it.
  bool apply(Entry& entry, Flow& flow) {
    if (!config_.header_attribute.empty()) {
      const pdata::Value* value = entry.attributes.find(config_.header_attribute);
      if (!value) return fail_and_drop("failed to read dynamic header attribute " + config_.header_attribute);
      if (!value->is_string())
        return fail_and_drop("header is expected to be a string but is " +
                             std::string(text::go_type(*value)));
      header_ = split(value->text(), config_.header_delimiter);
    }
    return Parser::apply(entry, flow);
  }

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string() && from.kind() != pdata::Value::Kind::bytes)
      return fail("type '" + std::string(text::go_type(from)) + "' cannot be parsed as csv");
    if (config_.ignore_quotes) {
      row_ = split(from.text(), config_.delimiter);
    } else if (!text::read_csv_row(from.text(), config_.delimiter, config_.lazy_quotes, flow.arena, row_,
                                   error_)) {
      return false;
    }
    if (row_.size() != header_.size())
      return fail("wrong number of fields: expected " + std::to_string(header_.size()) + ", found " +
                  std::to_string(row_.size()));
    object_ = {};
    for (std::size_t i = 0; i < row_.size(); ++i) {
      const auto key = config_.header_attribute.empty() ? flow.arena.copy(header_[i]) : header_[i];
      object_.set(flow.arena, key, pdata::Value::string(row_[i]));
    }
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  Config config_;
  std::vector<std::string_view> header_;  ///< with header_attribute: of the record being parsed
  std::vector<std::string_view> row_;
  pdata::Map object_;
};

}  // namespace

std::span<const config::Field> csv_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_csv_parser(const Build& build) {
  auto config = build.decode<Config>();
  auto options = build.options(config.parser.transformer);
  auto parts = build.parts(config.parser);
  if (config.delimiter.empty()) config.delimiter = ",";
  if (config.header_delimiter.empty()) config.header_delimiter = config.delimiter;
  if (config.ignore_quotes && config.lazy_quotes)
    return build.error("lazy_quotes", "only one of 'ignore_quotes' or 'lazy_quotes' can be true");
  if (text::count_runes(config.delimiter) != 1)
    return build.error("delimiter", "invalid 'delimiter': '" + config.delimiter + "'");
  if (text::count_runes(config.header_delimiter) != 1)
    return build.error("header_delimiter", "invalid 'header_delimiter': '" + config.header_delimiter + "'");
  if (config.header.empty() && config.header_attribute.empty())
    return build.error({}, "missing required field 'header' or 'header_attribute'");
  if (!config.header.empty() && !config.header_attribute.empty())
    return build.error("header", "only one header parameter can be set: 'header' or 'header_attribute'");
  if (!config.header.empty() && config.header.find(config.header_delimiter) == std::string::npos)
    return build.error("header", "missing field delimiter in header");
  return std::make_unique<CsvParser>(build, std::move(options), std::move(parts), std::move(config));
}

}  // namespace gleaner::stanza
