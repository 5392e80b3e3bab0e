#include "processors/transform/config.h"

namespace gleaner::processors::transform {

namespace ottl = text::ottl;

Result<ottl::Options> group_options(const GroupTexts& group, ottl::ContextSet candidates) {
  ottl::Options options{.functions = ottl::kTransform};
  if (group.context.empty()) {
    auto inferred = ottl::infer_context(group.statements, group.conditions, candidates, ottl::kTransform);
    if (!inferred) return fail(std::move(inferred.error()));
    options.context = *inferred;
    options.prefixed = true;
    return options;
  }
  std::string name = group.context;
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (int i = 0; i < 8; ++i) {
    if (name != ottl::kContextNames[i] || !(candidates & 1u << i)) continue;
    options.context = static_cast<ottl::Context>(i);
    return options;
  }
  return fail(Fault::config, "unknown context " + group.context);
}

void check_group(config::Check& check, const GroupTexts& group, ottl::ContextSet candidates) {
  // Syntax first: a text that cannot be read has no context either.
  std::size_t before = check.problems().errors();
  auto options = group_options(group, candidates);
  ottl::Options own = options ? *options : ottl::Options{};
  const auto all = [&](std::string_view key, const Texts& texts, auto compile) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto made = compile(texts[i]);
      const bool says_something =
          !made && (options || made.error().what.find("invalid syntax") != std::string::npos);
      if (says_something) config::error_at_text(check, key, i, made.error().what);
    }
  };
  all("statements", group.statements,
      [&](const std::string& text) { return ottl::Statement::compile(text, own); });
  own.functions = ottl::kFilter;
  all("conditions", group.conditions,
      [&](const std::string& text) { return ottl::Condition::compile(text, own); });
  if (!options && check.problems().errors() == before) check.error(options.error().what);
}

}  // namespace gleaner::processors::transform
