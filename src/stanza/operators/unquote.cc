// Takes the quotes off a Go string literal. An absent field is no failure.
#include "stanza/operators/operators.h"
#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  Field field;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::field<&Config::field>("field", "a string in \"..\", `..` or '.'"),
    };
    return kTable;
  }
};

/// Go's strconv.Unquote. False: "invalid syntax".
bool go_unquote(std::string_view text, std::string& out) {
  if (text.size() < 2 || text.front() != text.back()) return false;
  const char quote = text.front();
  text = text.substr(1, text.size() - 2);
  if (quote == '`') {
    if (text.find('`') != std::string_view::npos) return false;
    for (const char c : text)
      if (c != '\r') out += c;
    return true;
  }
  if (quote != '"' && quote != '\'') return false;
  if (text.find('\n') != std::string_view::npos) return false;
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) {
    const char c = text[0];
    if (c == quote) return false;
    if (c != '\\') {
      const auto rune = text::next_rune(text);
      if (quote == '"' && !rune.valid) {
        text::append_utf8(out, text::kReplacement);
        text.remove_prefix(1);
        continue;
      }
      out.append(text.substr(0, rune.valid ? rune.size : 1));
      text.remove_prefix(rune.valid ? rune.size : 1);
      continue;
    }
    if (text.size() < 2) return false;
    const char kind = text[1];
    text.remove_prefix(2);
    static constexpr std::string_view kNames = "abfnrtv\\", kCodes = "\a\b\f\n\r\t\v\\";
    if (const auto at = kNames.find(kind); at != std::string_view::npos) {
      out += kCodes[at];
      continue;
    }
    if (kind == quote) {
      out += quote;
      continue;
    }
    const bool octal = kind >= '0' && kind <= '7';
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : octal ? 2 : 0;
    if (digits == 0 || text.size() < digits) return false;
    char32_t code = octal ? static_cast<char32_t>(kind - '0') : 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char d = text[i];
      const int value = d >= '0' && d <= '9'                     ? d - '0'
                        : (d | 0x20) >= 'a' && (d | 0x20) <= 'f' ? (d | 0x20) - 'a' + 10
                                                                 : 99;
      if (value >= (octal ? 8 : 16)) return false;
      code = code * (octal ? 8 : 16) + static_cast<char32_t>(value);
    }
    text.remove_prefix(digits);
    if (kind == 'x' || octal) {
      if (code > 255) return false;
      out += static_cast<char>(code);
    } else {
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
      text::append_utf8(out, code);
    }
  }
  return quote == '"' || characters <= 1;  // '' is nothing
}

class Unquote : public Transformer<Unquote> {
 public:
  Unquote(const Build& build, Conditional::Options options, Field field)
      : Transformer(build.id, "unquote", build.logger, std::move(options)), field_(std::move(field)) {}

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* value = field_.get(entry);
    if (!value) return true;
    if (!value->is_string())
      return fail("type " + std::string(text::go_type(*value)) + " cannot be unquoted");
    std::string plain;
    if (!go_unquote(value->text(), plain)) return fail("invalid syntax");
    return field_.set(entry, pdata::Value::string(flow.arena.copy(plain)), flow.arena);
  }

 private:
  Field field_;
};

}  // namespace

std::span<const config::Field> unquote_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_unquote(const Build& build) {
  const auto config = build.decode<Config>();
  return std::make_unique<Unquote>(build, build.options(config.transformer), config.field);
}

}  // namespace gleaner::stanza
