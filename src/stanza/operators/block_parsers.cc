// time_parser, severity_parser, trace_parser, scope_name_parser: the blocks as operators of their own.
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

template <class Keys>
struct WithKeys {
  TransformerConfig transformer;
  Keys keys;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&WithKeys::transformer>(),
        config::squash<&WithKeys::keys>(),
    };
    return kTable;
  }
};

template <class Block>
class BlockParser : public Transformer<BlockParser<Block>> {
 public:
  BlockParser(const Build& build, std::string type, Conditional::Options options, Block block)
      : Transformer<BlockParser>(build.id, std::move(type), build.logger, std::move(options)),
        block_(std::move(block)) {}

  bool apply(Entry& entry, Flow& flow) {
    if constexpr (requires { block_.apply(entry, flow.arena, this->error_); })
      return block_.apply(entry, flow.arena, this->error_);
    else
      return block_.apply(entry, this->error_);
  }

 private:
  Block block_;
};

template <class Block>
std::unique_ptr<Operator> with(const Build& build, const char* type, Conditional::Options options,
                               std::optional<Block> block) {
  if (!block) return nullptr;
  return std::make_unique<BlockParser<Block>>(build, type, std::move(options), std::move(*block));
}

}  // namespace

std::span<const config::Field> time_parser_fields() { return WithKeys<TimeConfig>::fields(); }
std::span<const config::Field> severity_parser_fields() { return WithKeys<SeverityConfig>::fields(); }
std::span<const config::Field> trace_parser_fields() { return WithKeys<TraceConfig>::fields(); }
std::span<const config::Field> scope_name_parser_fields() { return WithKeys<FromConfig>::fields(); }

std::unique_ptr<Operator> make_time_parser(const Build& build) {
  const auto config = build.decode<WithKeys<TimeConfig>>();
  return with(build, "time_parser", build.options(config.transformer), build.time(config.keys));
}
std::unique_ptr<Operator> make_severity_parser(const Build& build) {
  const auto config = build.decode<WithKeys<SeverityConfig>>();
  return with(build, "severity_parser", build.options(config.transformer), build.severity(config.keys));
}
std::unique_ptr<Operator> make_trace_parser(const Build& build) {
  const auto config = build.decode<WithKeys<TraceConfig>>();
  return with<TraceBlock>(build, "trace_parser", build.options(config.transformer),
                          Build::trace(config.keys));
}
std::unique_ptr<Operator> make_scope_name_parser(const Build& build) {
  const auto config = build.decode<WithKeys<FromConfig>>();
  return with(build, "scope_name_parser", build.options(config.transformer), build.scope(config.keys));
}

}  // namespace gleaner::stanza
