// Drops records for which an expression is true, or a part of them. Does not look at `if`; a record on which
// the expression fails is dropped too.
#include <random>

#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::string expr;
  double drop_ratio = 1;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::required<&Config::expr>("expr", "true = drop"),
        config::field<&Config::drop_ratio>("drop_ratio",
                                           "share of these that is dropped, 0 to 1, in steps of 0.001"),
    };
    return kTable;
  }
};

class Filter : public Conditional {
 public:
  Filter(const Build& build, Conditional::Options options, text::expr::Program program, double ratio)
      : Conditional(build.id, "filter", build.logger, std::move(options)),
        program_(std::move(program)),
        cutoff_(static_cast<unsigned>(ratio * 1000)) {}

  void process(EntryList& list, Flow& flow) override {
    const std::size_t before = list.size();
    std::erase_if(list, [&](const Entry& entry) {
      const auto truth = test(program_, entry);
      if (!truth) {
        ++flow.tally.failed;
        logger_.error("Running expressing returned an error",
                      {{"error", truth.error().what}});  // the reference's spelling
        return true;
      }
      return *truth && (cutoff_ >= 1000 || random_() % 1000 < cutoff_);
    });
    flow.tally.filtered += before - list.size();
  }

 private:
  text::expr::Program program_;
  unsigned cutoff_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::span<const config::Field> filter_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_filter(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  auto program = build.condition("expr", config.expr);
  if (config.drop_ratio < 0 || config.drop_ratio > 1)
    return build.error("drop_ratio", "drop_ratio must be a number between 0 and 1");
  if (!program) return nullptr;
  return std::make_unique<Filter>(build, std::move(options), std::move(*program), config.drop_ratio);
}

}  // namespace gleaner::stanza
