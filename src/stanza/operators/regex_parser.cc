// Parses a string with the named groups of a regular expression.
#include "base/lasting.h"
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/linear_regex.h"
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
        linear_(text::LinearRegex::compile(regex_.pattern())),
        remembers_(parts_.parse_from.root() != Field::Root::body),
        groups_(static_cast<std::size_t>(regex_.groups()) + 1) {
    for (const auto& name : regex_.names()) names_.push_back(lasting(name.name));
  }

  void consume(EntryList& list, Flow& flow) override {
    same_ = {};
    Parser::consume(list, flow);
  }

  bool parse(const pdata::Value& from, Entry&, Flow& flow, pdata::Value& found) {
    if (!from.is_string())
      return fail("type '" + std::string(text::go_type(from)) + "' cannot be parsed as regex");
    if (!match(from.text())) return fail("regex pattern does not match");
    object_ = {};
    object_.items.reserve(flow.arena, names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto group = static_cast<std::size_t>(regex_.names()[i].group);
      object_.items.push_back(flow.arena, {names_[i], pdata::Value::string(groups_[group])});
    }
    found = pdata::Value::map(&object_);
    return true;
  }

 private:
  bool match(std::string_view text) {
    const bool here = same_.data() == text.data() && same_.size() == text.size();
    if (remembers_ && !last_.empty() && (here || last_ == text)) {
      same_ = text;
      // The groups of the last text, at the same places in this one.
      for (std::size_t i = 0; i < groups_.size(); ++i) groups_[i] = at_[i].in(text);
      return true;
    }
    auto answer = linear_ ? linear_->match(text, groups_) : text::LinearRegex::Answer::ask;
    if (answer == text::LinearRegex::Answer::ask)
      answer = regex_.match(text, groups_) ? text::LinearRegex::Answer::yes : text::LinearRegex::Answer::no;
    if (answer == text::LinearRegex::Answer::no) return false;
    if (remembers_) {
      last_ = text;
      same_ = text;
      at_.clear();
      for (const auto group : groups_) at_.push_back(Place::of(group, text));
    }
    return true;
  }

  /// Where a group lies in its text.
  struct Place {
    std::size_t begin = 0, size = 0;
    bool none = false;  ///< it took no part
    static Place of(std::string_view group, std::string_view text) {
      if (!group.data()) return {0, 0, true};
      return {static_cast<std::size_t>(group.data() - text.data()), group.size(), false};
    }
    std::string_view in(std::string_view text) const {
      return none ? std::string_view() : text.substr(begin, size);
    }
  };

  text::Regex regex_;
  std::optional<text::LinearRegex> linear_;  ///< the quick way, where the pattern allows one
  bool remembers_;                           ///< other fields than the body repeat themselves: paths, for one
  std::string last_;                         ///< a text that matched
  std::string_view same_;                    ///< the same in this batch
  std::vector<Place> at_;
  std::vector<std::string_view> groups_;
  std::vector<std::string_view> names_;  ///< lasting(): records point at them
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
