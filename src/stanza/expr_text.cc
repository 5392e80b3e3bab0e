#include "stanza/expr_text.h"

#include "text/go_format.h"

namespace gleaner::stanza {

Result<ExprText> ExprText::compile(std::string_view text) {
  constexpr std::string_view kOpen = "EXPR(";
  ExprText out;
  for (;;) {
    const auto open = text.find(kOpen);
    if (open == std::string_view::npos) break;
    const auto next = text.find(kOpen, open + kOpen.size());
    const auto close = text.substr(0, next).rfind(')');
    if (close == std::string_view::npos || close < open + kOpen.size()) break;
    auto program =
        text::expr::Program::compile(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    if (!program) return fail(Fault::config, "compile embedded expression: " + program.error().what);
    out.literals_.emplace_back(text.substr(0, open));
    out.programs_.push_back(std::move(*program));
    text.remove_prefix(close + 1);
  }
  out.literals_.emplace_back(text);
  return out;
}

Result<std::string_view> ExprText::render(const text::expr::Environment& environment, Arena& arena) const {
  if (programs_.empty()) return arena.copy(literals_[0]);
  std::string out;
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    out += literals_[i];
    const auto value = programs_[i].run(environment, arena);
    if (!value) return fail(Fault::permanent, "render embedded expression: " + value.error().what);
    if (!value->is_string())
      return fail(Fault::permanent, "embedded expression returned non-string " + text::go_text(*value));
    out += value->text();
  }
  return arena.copy(out += literals_.back());
}

}  // namespace gleaner::stanza
