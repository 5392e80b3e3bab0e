// Type tests and conversions.
#include "pdata/value.h"
#include "text/encoding.h"
#include "text/ottl/function.h"
#include "text/ottl/numbers.h"
#include "text/ottl/pattern.h"

namespace gleaner::text::ottl {
namespace {

bool yes(Any& out, bool value) {
  out = Any::boolean(value);
  return true;
}

template <Any::Kind kKind>
bool is_kind(const Call& call, Env& env, Any& out) {
  Any value;
  return call.any(env, 0, value) && yes(out, value.is(kKind));
}
bool is_list_fn(const Call& call, Env& env, Any& out) {
  Any value;
  return call.any(env, 0, value) && yes(out, is_list(value));
}
bool is_empty(const Call& call, Env& env, Any& out) {
  Any value;
  if (!call.any(env, 0, value)) return false;
  switch (value.kind()) {
    case Any::Kind::nil:
      return yes(out, true);
    case Any::Kind::boolean:
    case Any::Kind::integer:
    case Any::Kind::duration:
      return yes(out, value.number() == 0);
    case Any::Kind::real:
      return yes(out, value.as_real() == 0);
    case Any::Kind::trace_id:
    case Any::Kind::span_id:
      return yes(out, value.id().find_first_not_of('\0') == std::string_view::npos);
    default:
      return yes(out, length(value) == 0);
  }
}
bool is_match(const Call& call, Env& env, Any& out) {
  const Regex* regex = nullptr;
  std::optional<std::string_view> text;
  return regex_of(call, env, regex) && call.string_like(env, 0, text) &&
         yes(out, text && regex->search(*text));
}
bool is_valid_luhn(const Call& call, Env& env, Any& out) {
  std::optional<std::string_view> text;
  if (!call.string_like(env, 0, text)) return false;
  if (!text) return env.fail("invalid input: nil");
  int sum = 0, position = 0;
  for (std::size_t i = text->size(); i-- > 0;) {
    const char c = (*text)[i];
    if (c == ' ') continue;
    if (c < '0' || c > '9') return env.fail("invalid digit in " + std::string(*text));
    int digit = c - '0';
    if (position++ % 2 == 1 && (digit *= 2) > 9) digit -= 9;
    sum += digit;
  }
  return yes(out, position > 0 && sum % 10 == 0);
}

template <class T, class Make>
bool or_nil(const std::optional<T>& value, Any& out, Make make) {
  out = value ? make(*value) : Any();
  return true;
}
bool to_bool(const Call& call, Env& env, Any& out) {
  std::optional<bool> value;
  return call.bool_like(env, 0, value) && or_nil(value, out, &Any::boolean);
}
bool to_int(const Call& call, Env& env, Any& out) {
  std::optional<std::int64_t> value;
  return call.int_like(env, 0, value) && or_nil(value, out, &Any::integer);
}
bool to_double(const Call& call, Env& env, Any& out) {
  std::optional<double> value;
  return call.real_like(env, 0, value) && or_nil(value, out, &Any::real);
}
bool to_string(const Call& call, Env& env, Any& out) {
  std::optional<std::string_view> value;
  return call.string_like(env, 0, value) && or_nil(value, out, &Any::string);
}
bool parse_int_fn(const Call& call, Env& env, Any& out) {
  std::string_view text;
  std::int64_t base = 0, number = 0;
  if (!call.string(env, 0, text)) return false;
  if (text.empty()) return env.fail("invalid target value for ParseInt function, target cannot be empty");
  if (!call.integer(env, 1, base)) return false;
  if (base < 0)
    return env.fail("invalid base value: " + std::to_string(base) +
                    " for ParseInt function, base cannot be negative");
  const auto flaw = parse_int(text, base > 36 ? 37 : static_cast<int>(base), number);
  if (flaw != NumberFlaw::none)
    return env.fail("parsing \"" + std::string(text) + "\": " +
                    (flaw == NumberFlaw::range  ? "value out of range"
                     : flaw == NumberFlaw::base ? "invalid base"
                                                : "invalid syntax"));
  out = Any::integer(number);
  return true;
}
bool hex_fn(const Call& call, Env& env, Any& out) {
  std::string_view bytes;
  if (!call.bytes_like(env, 0, bytes)) return false;
  out = Any::string(env.keep(pdata::hex(bytes)));
  return true;
}

struct Base64Form {
  bool url = false, padded = true;
};
bool base64_form(std::string_view name, Base64Form& out) {
  if (name == "base64")
    out = {false, true};
  else if (name == "base64-raw")
    out = {false, false};
  else if (name == "base64-url")
    out = {true, true};
  else if (name == "base64-raw-url")
    out = {true, false};
  else
    return false;
  return true;
}
bool base64_encode(const Call& call, Env& env, Any& out) {
  std::string_view text, variant = "base64";
  if (!call.string(env, 0, text) || (call.given(1) && !call.string(env, 1, variant))) return false;
  Base64Form form;
  if (!base64_form(variant, form)) return env.fail("unsupported base64 variant: " + std::string(variant));
  std::string made = pdata::base64(text);
  if (form.url)
    for (char& c : made) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (!form.padded && !made.empty() && made.back() == '=') made.pop_back();
  out = Any::string(env.keep(made));
  return true;
}
/// Strict as Go's decoders: the alphabet and the padding must be those of the form; line breaks are skipped.
bool base64_decode(Env& env, std::string_view text, Base64Form form, Any& out) {
  std::string clean;
  for (const char c : text)
    if (c != '\n' && c != '\r') clean += c;
  const auto pad = clean.find('=');
  const std::size_t body = pad == std::string::npos ? clean.size() : pad;
  const bool padding = form.padded ? clean.size() % 4 == 0 && clean.size() - body <= 2 : body == clean.size();
  std::string bytes;
  if (clean.find_first_of(form.url ? "+/" : "-_") != std::string::npos || !padding ||
      clean.find_first_not_of('=', body) != std::string::npos || !pdata::unbase64(clean, bytes))
    return env.fail("illegal base64 data");
  out = Any::string(env.keep(bytes));
  return true;
}
bool base64_decode_fn(const Call& call, Env& env, Any& out) {
  std::string_view text;
  return call.string(env, 0, text) && base64_decode(env, text, {}, out);
}
bool decode(const Call& call, Env& env, Any& out) {
  Any value;
  std::string_view encoding;
  if (!call.any(env, 0, value) || !call.string(env, 1, encoding)) return false;
  if (!value.is_string() && !value.is(Any::Kind::bytes))
    return env.fail("unsupported type provided to Decode function: " + std::string(value.type()));
  Base64Form form;
  if (base64_form(encoding, form)) return base64_decode(env, value.text(), form, out);
  auto decoder = Encoding::find(encoding);
  if (!decoder) return env.fail(decoder.error().what);
  out = Any::string(decoder->decode(value.text(), *env.arena));
  return true;
}
Result<> prepare_decode(Call& call) {
  const auto encoding = call.constant_string(1);
  Base64Form form;
  if (!encoding || base64_form(*encoding, form)) return {};
  auto decoder = Encoding::find(*encoding);
  if (!decoder) return fail(std::move(decoder.error()));
  return {};
}

}  // namespace

std::span<const Function> conversion_functions() {
  static constexpr Function kRows[] = {
      {"IsBool", {{{"Target", Param::boolean}}}, is_kind<Any::Kind::boolean>},
      {"IsDouble", {{{"Target", Param::real}}}, is_kind<Any::Kind::real>},
      {"IsInt", {{{"Target", Param::integer}}}, is_kind<Any::Kind::integer>},
      {"IsString", {{{"Target", Param::string}}}, is_kind<Any::Kind::string>},
      {"IsMap", {{{"Target", Param::map}}}, is_kind<Any::Kind::map>},
      {"IsList", {{{"Target", Param::any}}}, is_list_fn},
      {"IsEmpty", {{{"Target", Param::any}}}, is_empty},
      {"IsMatch", {{{"Target", Param::string_like}, {"Pattern", Param::string}}}, is_match, prepare_regex},
      {"IsValidLuhn", {{{"Target", Param::string_like}}}, is_valid_luhn},
      {"Bool", {{{"Target", Param::bool_like}}}, to_bool},
      {"Int", {{{"Target", Param::int_like}}}, to_int},
      {"Double", {{{"Target", Param::real_like}}}, to_double},
      {"String", {{{"Target", Param::string_like}}}, to_string},
      {"ParseInt", {{{"Target", Param::string}, {"Base", Param::integer}}}, parse_int_fn},
      {"Hex", {{{"Target", Param::bytes_like}}}, hex_fn},
      {"Base64Encode", {{{"Target", Param::string}, {"Variant", Param::string, true}}}, base64_encode},
      {"Base64Decode", {{{"Target", Param::string}}}, base64_decode_fn},
      {"Decode", {{{"Target", Param::any}, {"Encoding", Param::string}}}, decode, prepare_decode},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
