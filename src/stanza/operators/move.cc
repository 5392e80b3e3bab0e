// Moves a field to another place.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::optional<Field> from, to;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::from>("from", "what is moved"),
        config::required<&Config::to>("to", "where to"),
    };
    return kTable;
  }
};

class Move : public Transformer<Move> {
 public:
  Move(const Build& build, Conditional::Options options, Field from, Field to)
      : Transformer(build.id, "move", build.logger, std::move(options)),
        from_(std::move(from)),
        to_(std::move(to)) {}

  bool apply(Entry& entry, Flow& flow) {
    const auto value = from_.remove(entry, flow.arena);
    if (!value) return fail("move: field does not exist: " + from_.text());
    return to_.set(entry, *value, flow.arena) || fail("cannot set " + to_.text() + " root");
  }

 private:
  Field from_, to_;
};

}  // namespace

std::span<const config::Field> move_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_move(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  if (!config.from || !config.to) return nullptr;
  return std::make_unique<Move>(build, std::move(options), *config.from, *config.to);
}

}  // namespace gleaner::stanza
