#pragma once
// Field tables: a component states each key once (name, member, words); the table decodes, checks, documents
// and describes it.
//
//   struct Config {
//     std::vector<std::string> include;
//     Duration poll_interval = 200ms;
//     static std::span<const config::Field> fields();
//   };
//   inline std::span<const config::Field> Config::fields() {
//     static const config::Field kTable[] = {
//         config::field<&Config::include>("include", "globs of files to read; at least one"),
//         config::field<&Config::poll_interval>("poll_interval", "time between looks"),
//         config::later("max_batches", "limit of batches per poll"),   // known, not acted on yet: a warning
//     };
//     return kTable;
//   }
//
// A struct may add `void validate(config::Check& check) const` for what a table cannot say.
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/node.h"
#include "config/problems.h"

namespace gleaner::config {

/// A string that is never printed: passwords, tokens, keys.
struct Secret {
  std::string value;
};
/// Bytes; YAML may say 1048576, 1MiB, 1.5kb (stanza's spelling).
struct ByteSize {
  std::uint64_t bytes = 0;
};
/// A map in the order it was written.
template <class T>
using Dict = std::vector<std::pair<std::string, T>>;
/// HTTP headers: a map, or a list of {name, value}. Values may be secrets.
struct Headers {
  Dict<Secret> list;
};

class Check;
class Decoder;
struct Field;

/// What the table needs to know of a C++ type.
struct TypeOps {
  std::string_view name;    ///< in words, for docs and errors: "duration"
  std::string_view schema;  ///< JSON schema type(s), ready to print; empty for structs
  void (*decode)(Decoder& decoder, const Node& node, void* out);
  std::string (*show)(const void* value);        ///< the default as YAML, for docs
  std::span<const Field> (*nested)() = nullptr;  ///< fields of a struct (or of what is optional/listed)
  enum class Shape : std::uint8_t { plain, section, list, dict } shape = Shape::plain;
  /// For sections: where the struct's members are, made when an optional is empty.
  void* (*inside)(void* out) = nullptr;
  /// For sections with a validate(): calls it.
  void (*check)(Check& check, const void* object) = nullptr;
  /// For sections, and lists and maps of them: one with its defaults, for docs.
  std::shared_ptr<void> (*make)() = nullptr;
  bool optional = false;  ///< `enabled: false` inside switches it off
  bool or_texts = false;  ///< for lists: texts stand for sections, too
};

struct Field {
  std::string_view key;
  std::string_view doc;
  const TypeOps* type = nullptr;  ///< nullptr: a known key that is not acted on
  void* (*at)(void* object) = nullptr;
  std::span<const std::string_view> choices = {};
  bool is_required = false;
  bool is_secret = false;
  bool null_enables = false;  ///< `section:` with nothing behind it switches the section on
  bool squashed = false;      ///< the nested struct's keys stand on this level

  constexpr Field one_of(std::span<const std::string_view> words) const {
    Field field = *this;
    field.choices = words;
    return field;
  }
  constexpr Field enabled_by_null() const {
    Field field = *this;
    field.null_enables = true;
    return field;
  }
};

/// Where a struct says what is wrong with it beyond types.
class Check {
 public:
  Check(Problems& problems, const Node& node, std::string path)
      : problems_(problems), node_(node), path_(std::move(path)) {}
  /// An error at `key` when it was written, else at the section.
  void error(std::string_view key, std::string what);
  void error(std::string what) { error({}, std::move(what)); }
  void warning(std::string_view key, std::string what);
  /// True when the user wrote `key` (with something other than null).
  bool written(std::string_view key) const;
  const Node& node() const { return node_; }
  const std::string& path() const { return path_; }
  Problems& problems() { return problems_; }

 private:
  Problems& problems_;
  const Node& node_;
  std::string path_;
};

/// Walks a tree along field tables and collects every problem.
class Decoder {
 public:
  Decoder(Problems& problems, std::string path) : problems_(problems), path_(std::move(path)) {}

  void section(const Node& node, std::span<const Field> fields, void* object);
  void error(const Node& at, std::string what) { problems_.error(at.mark(), path_, std::move(what)); }
  void warning(const Node& at, std::string what) { problems_.warning(at.mark(), path_, std::move(what)); }
  void mismatch(const Node& node, std::string_view wanted);
  Problems& problems() { return problems_; }
  const std::string& path() const { return path_; }
  bool null_enables() const { return null_enables_; }
  /// The next section is an optional one: `enabled` is a key of it.
  void expect_enabled() { takes_enabled_ = true; }

  /// Runs `what` one level deeper.
  template <class F>
  void inside(std::string_view key, F&& what) {
    const std::size_t before = path_.size();
    if (!path_.empty()) path_ += "::";
    path_ += key;
    what();
    path_.resize(before);
  }

  // The scalars. Strict first; what only the old, weak decoder took is taken with a warning.
  std::string text(const Node& node);
  std::optional<std::int64_t> integer(const Node& node, std::int64_t low, std::int64_t high,
                                      std::string_view wanted);

 private:
  Problems& problems_;
  std::string path_;
  bool null_enables_ = false;
  bool takes_enabled_ = false;
};

/// Decodes `node` (a map or null) into `object` by its table and runs its validate().
/// @param path how the section is called in messages: "receivers::otlp"
template <class T>
T decode(const Node& node, const std::string& path, Problems& problems);

/// A known key that gleaner does not act on: writing it is one warning.
constexpr Field later(std::string_view key, std::string_view doc) { return {key, doc}; }

// --- the types a field can have ---------------------------------------------------------------------------

namespace detail {

void decode_string(Decoder&, const Node&, void*);
void decode_secret(Decoder&, const Node&, void*);
void decode_bool(Decoder&, const Node&, void*);
void decode_real(Decoder&, const Node&, void*);
void decode_duration(Decoder&, const Node&, void*);
void decode_byte_size(Decoder&, const Node&, void*);
void decode_headers(Decoder&, const Node&, void*);
void decode_strings(Decoder&, const Node&, void*);
void decode_any(Decoder&, const Node&, void*);
std::string show_string(const void*);
std::string show_bool(const void*);
std::string show_real(const void*);
std::string show_duration(const void*);
std::string show_byte_size(const void*);
std::string show_strings(const void*);
std::string show_nothing(const void*);

template <class T>
struct TypeOf;

template <class I>
  requires std::is_integral_v<I>
struct TypeOf<I> {
  static void decode(Decoder& d, const Node& node, void* out) {
    const auto high =
        sizeof(I) == 8 ? std::int64_t{INT64_MAX} : static_cast<std::int64_t>(std::numeric_limits<I>::max());
    if (auto value = d.integer(node, static_cast<std::int64_t>(std::numeric_limits<I>::min()), high,
                               std::is_unsigned_v<I> ? "a whole number, 0 or more" : "a whole number"))
      *static_cast<I*>(out) = static_cast<I>(*value);
  }
  static std::string show(const void* value) { return std::to_string(*static_cast<const I*>(value)); }
  static constexpr TypeOps ops{std::is_unsigned_v<I> ? "number, 0 or more" : "number", R"("integer")",
                               &decode, &show};
};
#define GLEANER_CONFIG_TYPE(TYPE, NAME, SCHEMA, DECODE, SHOW)   \
  template <>                                                   \
  struct TypeOf<TYPE> {                                         \
    static constexpr TypeOps ops{NAME, SCHEMA, &DECODE, &SHOW}; \
  };
GLEANER_CONFIG_TYPE(bool, "true or false", R"("boolean")", decode_bool, show_bool)
GLEANER_CONFIG_TYPE(double, "number", R"("number")", decode_real, show_real)
GLEANER_CONFIG_TYPE(std::string, "text", R"("string")", decode_string, show_string)
GLEANER_CONFIG_TYPE(Secret, "secret text", R"("string")", decode_secret, show_nothing)
GLEANER_CONFIG_TYPE(std::chrono::nanoseconds, "duration", R"(["string","integer"])", decode_duration,
                    show_duration)
GLEANER_CONFIG_TYPE(ByteSize, "size in bytes", R"(["string","integer"])", decode_byte_size, show_byte_size)
GLEANER_CONFIG_TYPE(Headers, "headers", R"(["object","array"])", decode_headers, show_nothing)
GLEANER_CONFIG_TYPE(std::vector<std::string>, "list of texts", R"(["array","string"])", decode_strings,
                    show_strings)
GLEANER_CONFIG_TYPE(Node, "anything", R"(["object","array","string","number","boolean","null"])", decode_any,
                    show_nothing)
#undef GLEANER_CONFIG_TYPE

template <class T>
concept Section = requires { T::fields(); };

template <Section T>
struct TypeOf<T> {
  static void decode(Decoder& d, const Node& node, void* out) {
    if (node.is_null()) return;
    d.section(node, T::fields(), out);
    Check check(d.problems(), node, d.path());
    validate(check, out);
  }
  static void validate([[maybe_unused]] Check& check, [[maybe_unused]] const void* object) {
    if constexpr (requires(const T& t, Check& c) { t.validate(c); })
      static_cast<const T*>(object)->validate(check);
  }
  static std::span<const Field> nested() { return T::fields(); }
  static void* inside(void* out) { return out; }
  static std::shared_ptr<void> make() { return std::make_shared<T>(); }
  static constexpr TypeOps ops{"section", "",        &decode, &show_nothing, &nested, TypeOps::Shape::section,
                               &inside,   &validate, &make};
};

bool switched_off(Decoder& d, const Node& node);

template <class T>
struct TypeOf<std::optional<T>> {
  static void decode(Decoder& d, const Node& node, void* out) {
    auto& slot = *static_cast<std::optional<T>*>(out);
    if constexpr (Section<T>) {
      if (node.unset_reference) {
        slot.reset();
        return;
      }
      if (node.is_null()) {
        if (d.null_enables() && !slot) slot.emplace();
        return;
      }
      if (switched_off(d, node)) {
        slot.reset();
        return;
      }
    } else if (node.is_null()) {
      return;
    }
    if (!slot) slot.emplace();
    if constexpr (Section<T>) d.expect_enabled();
    TypeOf<T>::ops.decode(d, node, &*slot);
  }
  static std::string show(const void* value) {
    const auto& slot = *static_cast<const std::optional<T>*>(value);
    if constexpr (Section<T>) return slot ? "on" : "off";
    return slot ? TypeOf<T>::ops.show(&*slot) : std::string();
  }
  static void* inside(void* out) {
    auto& slot = *static_cast<std::optional<T>*>(out);
    if (!slot) slot.emplace();
    return &*slot;
  }
  static constexpr TypeOps ops{TypeOf<T>::ops.name,
                               TypeOf<T>::ops.schema,
                               &decode,
                               &show,
                               TypeOf<T>::ops.nested,
                               TypeOf<T>::ops.shape,
                               &inside,
                               TypeOf<T>::ops.check,
                               TypeOf<T>::ops.make,
                               Section<T>};
};

template <class T>
struct TypeOf<std::vector<T>> {
  static void decode(Decoder& d, const Node& node, void* out) {
    if (node.is_null()) return;
    if (!node.is_list()) return d.mismatch(node, "a list");
    auto& list = *static_cast<std::vector<T>*>(out);
    list.clear();
    for (std::size_t i = 0; i < node.items().size(); ++i)
      d.inside(std::to_string(i), [&] { TypeOf<T>::ops.decode(d, node.items()[i], &list.emplace_back()); });
  }
  static constexpr TypeOps ops{"list",
                               R"("array")",
                               &decode,
                               &show_nothing,
                               TypeOf<T>::ops.nested,
                               TypeOps::Shape::list,
                               nullptr,
                               nullptr,
                               TypeOf<T>::ops.make};
};

template <class T>
struct TypeOf<Dict<T>> {
  static void decode(Decoder& d, const Node& node, void* out) {
    if (node.is_null()) return;
    if (!node.is_map()) return d.mismatch(node, "a map");
    auto& dict = *static_cast<Dict<T>*>(out);
    for (const auto& entry : node.entries()) {
      std::erase_if(dict, [&](const auto& there) { return there.first == entry.key; });
      dict.emplace_back(entry.key, T{});
      d.inside(entry.key, [&] { TypeOf<T>::ops.decode(d, entry.value, &dict.back().second); });
    }
  }
  static constexpr TypeOps ops{"map",
                               R"("object")",
                               &decode,
                               &show_nothing,
                               TypeOf<T>::ops.nested,
                               TypeOps::Shape::dict,
                               nullptr,
                               nullptr,
                               TypeOf<T>::ops.make};
};

template <class C, class M>
C class_of(M C::*);
template <class C, class M>
M member_of(M C::*);

}  // namespace detail

template <auto Member>
constexpr Field field(std::string_view key, std::string_view doc) {
  using C = decltype(detail::class_of(Member));
  using M = decltype(detail::member_of(Member));
  Field field{key, doc, &detail::TypeOf<M>::ops,
              [](void* object) -> void* { return &(static_cast<C*>(object)->*Member); }};
  field.is_secret = std::is_same_v<M, Secret> || std::is_same_v<M, std::optional<Secret>> ||
                    std::is_same_v<M, std::vector<Secret>>;
  return field;
}
/// A key without which the component cannot work.
template <auto Member>
constexpr Field required(std::string_view key, std::string_view doc) {
  Field made = field<Member>(key, doc);
  made.is_required = true;
  return made;
}
/// A struct whose keys stand on this level, as Go's "squash".
template <auto Member>
constexpr Field squash() {
  Field made = field<Member>("", "");
  made.squashed = true;
  return made;
}

template <class T>
T decode(const Node& node, const std::string& path, Problems& problems) {
  T object{};
  Decoder decoder(problems, path);
  if (node.is_null()) {
    // Nothing written: defaults, but required keys and validate() still have their say.
    const Node empty = Node::map(node.mark());
    detail::TypeOf<T>::ops.decode(decoder, empty, &object);
  } else {
    detail::TypeOf<T>::ops.decode(decoder, node, &object);
  }
  return object;
}

}  // namespace gleaner::config
