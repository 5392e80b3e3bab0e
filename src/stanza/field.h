#pragma once
// Places in an entry as configurations name them: body.a, attributes["x.y"], resource.z.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "stanza/entry.h"

namespace gleaner::stanza {

/// A compiled path. Source: spec/filelog.md 10.
class Field {
 public:
  enum class Root : std::uint8_t { body, attributes, resource };

  Field() = default;  ///< body
  explicit Field(Root root, const std::vector<std::string>& keys = {});

  /// `body`, `body.a.b` (nested maps), `attributes["a.b"]["c"]` (keys with dots).
  /// @param allow_root  whether `attributes` and `resource` may stand alone
  /// @return Fault::config: unknown prefix, unclosed bracket or quote, text behind a bracket
  static Result<Field> parse(std::string_view text, bool allow_root = false);

  /// nullptr when a step is missing or no map. The body itself is always there; attributes and resource are
  /// there when they are not empty. The value of a root map lives until the next call.
  const pdata::Value* get(const Entry& entry) const;
  /// Writes a value. Maps are merged key by key, new ones win; steps that are no maps become maps; a body
  /// that is no map gives way to one. False: attributes and resource themselves can only take maps.
  bool set(Entry& entry, pdata::Value value, Arena& arena) const;
  /// Takes the value out; nothing when it is not there. A root becomes empty.
  std::optional<pdata::Value> remove(Entry& entry, Arena& arena) const;

  Root root() const { return root_; }
  bool is_root() const { return keys_.empty(); }
  const std::vector<std::string_view>& keys() const { return keys_; }
  /// The same place without its last key, and with one more, which must last as long as what it is set in.
  Field parent() const;
  Field child(std::string_view key) const;
  /// As error words name it: attributes.a.b, attributes['a.b'].
  std::string text() const;
  bool operator==(const Field&) const = default;

 private:
  Root root_ = Root::body;
  std::vector<std::string_view> keys_;  ///< lasting(): entries point at them
};

/// Puts the pairs of `from` (unique keys) into `into`; equal keys are replaced. Cost: linear when `into` is
/// small.
void merge(pdata::Map& into, std::span<const pdata::KeyValue> from, Arena& arena);

}  // namespace gleaner::stanza
