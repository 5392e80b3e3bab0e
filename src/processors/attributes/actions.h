#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "match/match.h"
#include "pipeline/batch.h"
#include "processors/attributes/config.h"
#include "text/regex.h"

namespace gleaner::processors::attributes {

/// A compiled list of actions.
class Actions {
 public:
  static Result<Actions> compile(const std::vector<ActionConfig>& configs);
  /// Applies every action to `map`. New strings live in `arena`, or in this object for configured values.
  void apply(Arena& arena, pdata::Map& map, const Client* client) const;

 private:
  enum class Kind : std::uint8_t { insert, update, upsert, erase, hash, extract, convert };
  struct Action {
    Kind kind{};
    std::string key, from_attribute, from_context, converted_type;
    std::optional<pdata::Value> value, fallback;
    std::optional<text::Regex> pattern;
  };
  static void apply_one(const Action& action, Arena& arena, pdata::Map& map, const Client* client);
  std::unique_ptr<Arena> arena_ =
      std::make_unique<Arena>();  // a batch may outlive a pass, never the processor
  std::vector<Action> actions_;
};

}  // namespace gleaner::processors::attributes
