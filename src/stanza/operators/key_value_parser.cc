// Parses pairs such as `a=1 b="two words"`.
#include "stanza/operators/operators.h"
#include "text/go_format.h"

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

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  const auto from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

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
    if (!split(from.text(), flow.arena))
      return fail("failed to parse pairs from input: never reached the end of a quoted value");
    if (!errors_.empty()) return fail(errors_);
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  /// Cuts at pair delimiters outside of quotes. Quotes are dropped; a backslash keeps a quote from opening or
  /// closing and stays. False when a quote is open at the end.
  bool split(std::string_view input, Arena& arena) {
    std::string_view piece = input.substr(0, 0);  // a part of the input as long as it has no quotes
    bool copied = false, escaped = false;
    char quote = 0;
    const auto add = [&](std::size_t i) {
      if (copied)
        copy_ += input[i];
      else
        piece = piece.empty() ? input.substr(i, 1) : std::string_view(piece.data(), piece.size() + 1);
    };
    const auto to_copy = [&] {
      if (copied) return;
      copy_ = piece;
      copied = true;
    };
    const auto finish = [&] {
      if (copied ? !copy_.empty() : !piece.empty()) pair(copied ? arena.copy(copy_) : piece, arena);
      piece = {};
      copied = false;
    };
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (!quote && input.substr(i).starts_with(pair_delimiter_)) {
        finish();
        i += pair_delimiter_.size() - 1;
        continue;
      }
      if (!escaped) {
        if (!quote && (input[i] == '"' || input[i] == '\'')) {
          quote = input[i];
          to_copy();
          continue;
        }
        if (quote && input[i] == quote) {
          quote = 0;
          continue;
        }
        escaped = input[i] == '\\';
      } else {
        escaped = false;
      }
      add(i);
    }
    if (quote) return false;
    finish();
    return true;
  }

  void pair(std::string_view text, Arena& arena) {
    const auto at = text.find(delimiter_);
    if (at == std::string_view::npos) {
      errors_ += (errors_.empty() ? "" : "; ") + ("cannot split " + text::go_quote(text)) +
                 " into 2 items, got 1 item(s)";
      return;
    }
    object_.set(arena, trim(text.substr(0, at)),
                pdata::Value::string(trim(text.substr(at + delimiter_.size()))));
  }

  std::string delimiter_, pair_delimiter_;
  std::string copy_, errors_;
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
