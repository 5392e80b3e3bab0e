#include "text/ottl/grok.h"

#include "text/go_format.h"
#include "text/ottl/numbers.h"

namespace gleaner::text::ottl {
namespace {

constexpr std::size_t kMostExpanded = 256 << 10;  // bytes
constexpr int kMostUses = 2000;                   // definitions may name themselves

bool word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// %{SYNTAX}, %{SYNTAX:id}, %{SYNTAX:id:type}
struct Use {
  std::size_t begin = 0, end = 0;
  std::string_view syntax, id, type;
};
bool next_use(std::string_view text, std::size_t from, Use& out) {
  for (std::size_t at; (at = text.find("%{", from)) != std::string_view::npos; from = at + 1) {
    std::size_t i = at + 2;
    const auto part = [&](bool dots) {
      const std::size_t start = i;
      while (i < text.size() && (word(text[i]) || (dots && (text[i] == '.' || text[i] == '+')))) ++i;
      return text.substr(start, i - start);
    };
    Use use{at, 0, part(false), {}, {}};
    bool ok = !use.syntax.empty();
    if (ok && i < text.size() && text[i] == ':') {
      ++i;
      use.id = part(true);
      ok = !use.id.empty();
      if (ok && i < text.size() && text[i] == ':') {
        ++i;
        use.type = part(false);
        ok = !use.type.empty();
      }
    }
    if (!ok || i >= text.size() || text[i] != '}') continue;
    use.end = i + 1;
    out = use;
    return true;
  }
  return false;
}

bool typed(std::string_view text, std::string_view type, pdata::Value& out, std::string& why) {
  std::int64_t number = 0;
  double real = 0;
  if (type == "string") return true;
  if (type == "int" || type == "long") {
    if (parse_int(text, 10, number) == NumberFlaw::none) {
      out = pdata::Value::integer(number);
      return true;
    }
  } else if (type == "float" || type == "double") {
    if (parse_real(text, real)) {
      out = pdata::Value::real(real);
      return true;
    }
  } else if (type == "bool" || type == "boolean") {
    const bool yes =
        text == "true" || text == "TRUE" || text == "True" || text == "t" || text == "T" || text == "1";
    const bool no =
        text == "false" || text == "FALSE" || text == "False" || text == "f" || text == "F" || text == "0";
    if (yes || no) {
      out = pdata::Value::boolean(yes);
      return true;
    }
  } else {
    why = "type " + std::string(type) + " is not one of int, long, float, double, bool, boolean, string";
    return false;
  }
  why = go_quote(text) + " is not of type " + std::string(type);
  return false;
}

}  // namespace

Result<> Grok::compile(std::string_view pattern, bool named_only) {
  parts_.clear();
  std::map<std::string, std::string> types;  // by the name of the part, as in the reference
  std::string text(pattern);
  Use use;
  // Every use gets a group of its own: RE2 groups have unique names.
  std::map<std::string, std::string, std::less<>> names;
  for (int uses = 0; next_use(text, 0, use); ++uses) {
    if (uses >= kMostUses) return fail(Fault::config, "grok definitions refer to themselves");
    const std::string syntax(use.syntax), id = use.id.empty() ? syntax : std::string(use.id);
    const auto own = own_.find(syntax);
    const std::string_view* known = grok_pattern(syntax);
    if (own == own_.end() && !known)
      return fail(Fault::config, "pattern definition " + go_quote(syntax) + " unknown: parsing failed");
    const std::string definition(own != own_.end() ? std::string_view(own->second) : *known);
    if (!use.type.empty()) types[id] = use.type;
    std::string group = "(" + definition + ")";
    if (!named_only || !use.id.empty()) {
      const std::string unique = "grok_" + std::to_string(uses);
      names[unique] = id;
      group = "(?P<" + unique + ">" + definition + ")";
    }
    text.replace(use.begin, use.end - use.begin, group);
    if (text.size() > kMostExpanded) return fail(Fault::config, "grok pattern expands past 256 KiB");
  }
  auto made = Regex::compile(text);
  if (!made) return fail(std::move(made.error()));
  if (named_only && made->names().empty())
    return fail(Fault::config, "at least 1 named capture group must be supplied in the given regex");
  for (const auto& name : made->names()) {
    const auto own = names.find(name.name);
    const std::string& id = own == names.end() ? name.name : own->second;
    parts_.push_back({id, types[id], name.group});
  }
  regex_ = std::move(*made);
  return {};
}

bool Grok::parse(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) const {
  std::vector<std::string_view> groups(static_cast<std::size_t>(regex_->groups()) + 1);
  if (!regex_->match(text, groups)) return true;
  for (const auto& part : parts_) {
    const auto match = groups[static_cast<std::size_t>(part.group)];
    if (match.empty()) continue;
    pdata::Value value = pdata::Value::string(match);
    if (!part.type.empty() && !typed(match, part.type, value, why)) return false;
    out.set(arena, arena.copy(part.name), value);
  }
  return true;
}

}  // namespace gleaner::text::ottl
