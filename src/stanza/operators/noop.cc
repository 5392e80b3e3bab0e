// Does nothing: a place for other operators to point at.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

class Noop : public Operator {
 public:
  using Operator::Operator;
  void process(EntryList&, Flow&) override {}
};

}  // namespace

std::span<const config::Field> noop_fields() { return TransformerConfig::fields(); }

std::unique_ptr<Operator> make_noop(const Build& build) {
  build.options(build.decode<TransformerConfig>());
  return std::make_unique<Noop>(build.id, "noop", build.logger);
}

}  // namespace gleaner::stanza
