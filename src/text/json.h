#pragma once
// JSON text to values, as tolerant as the collector's parser is, and back with indentation.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pdata/value.h"
#include "text/json_foresight.h"

namespace gleaner::text {

struct JsonOptions {
  /// Whole numbers become integers (others doubles), and text behind the value is ignored; otherwise every
  /// number is a double and text behind the value is an error.
  bool parse_ints = false;
  /// Go's encoding/json instead of goccy/go-json: refuses leading zeros, control characters in strings and
  /// other slips, and replaces bytes that are not UTF-8.
  bool strict = false;
};

/// Reads JSON into an arena. Keep one and reuse it: its scratch memory stays. Not for several threads at
/// once.
///
/// Strings without escapes are views into the text, which must live as long as the arena. Duplicate keys: the
/// last one wins. Nesting deeper than 1000 is an error. Without `strict`, accepted as the collector 0.159
/// does: leading zeros, raw control characters in strings, bytes that are not UTF-8; lone surrogates become
/// U+FFFD. Source: golden/filelog/json-*, measured against goccy/go-json 0.10.6.
class JsonReader {
 public:
  static constexpr int kMaxDepth = 1000;

  explicit JsonReader(const JsonOptions& options = {}) : options_(options) {}

  /// Any value. @return Fault::permanent in the parser's words
  Result<pdata::Value> read(std::string_view text, Arena& arena);
  /// An object, or null, which gives an empty map.
  Result<pdata::Map> read_object(std::string_view text, Arena& arena);
  /// The same without a map of their own: the pairs stay until the next call.
  Result<std::span<const pdata::KeyValue>> read_pairs(std::string_view text, Arena& arena);

 private:
  enum class Flaw : std::uint8_t {
    none,
    value,
    not_object,
    empty,
    colon,
    comma,
    end,
    string_end,
    escape,
    literal,
    number,
    range,
    tail,
    depth,
    list,
    control,
  };
  bool start(std::string_view text, Arena& arena);
  bool value(pdata::Value& out, int depth);
  bool pairs(int depth);
  pdata::Map map_of(std::span<const pdata::KeyValue> pairs);
  bool new_key(std::string_view& out, std::uint8_t place);
  static std::uint64_t mark(std::string_view key);
  bool replaced(std::size_t from, std::size_t slot);
  bool array(pdata::Value& out, int depth);
  bool string(std::string_view& out);
  const char* plain_string_end(const char* at) const;
  bool escaped(const char* from, std::string_view& out);
  bool plain_number(pdata::Value& out);
  bool number(pdata::Value& out);
  bool literal(std::string_view rest, const char* as);
  bool finish();
  static const char* skip_blanks(const char* at, const char* end) {
    return at<end&& static_cast<unsigned char>(*at)> ' ' ? at : skip_more(at, end);
  }
  static const char* skip_more(const char* at, const char* end);
  void blanks() { at_ = skip_blanks(at_, end_); }
  bool fail_at(Flaw flaw) {
    flaw_ = flaw;
    return false;
  }
  bool fail_at(const char* at, Flaw flaw) {
    at_ = at;
    return fail_at(flaw);
  }
  void drop_duplicates(std::size_t from);
  tl::unexpected<Error> error() const;

  JsonOptions options_;
  Arena* arena_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  JsonForesight foresight_;
  std::vector<pdata::KeyValue> pairs_;  ///< of the objects being read
  std::vector<pdata::Value> items_;     ///< of the arrays being read
  Flaw flaw_ = Flaw::none;
  const char* as_ = "";
  std::string_view word_;
};

/// The value as Go's json.MarshalIndent(value, "", "  ") writes it: keys sorted, <, > and & escaped, bytes in
/// base64. @return false for NaN and infinities, which JSON cannot hold
bool append_json_pretty(std::string& out, const pdata::Value& value);

}  // namespace gleaner::text
