#include <fmt/format.h>

#include "service/config.h"
#include "tools/docs/docs.h"

namespace gleaner::tools {
namespace {
using config::Field;
using Shape = config::TypeOps::Shape;

constexpr std::string_view kNote = "<!-- made by ./dev docs from the field tables: change those -->\n";
constexpr int kMaxDepth = 12;

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string meaning(const Field& field) {
  std::string out = cell(field.doc);
  if (!field.choices.empty()) {
    std::string words;
    for (const auto choice : field.choices)
      words += fmt::format("{}{}", words.empty() ? "" : ", ",
                           choice.empty() ? "\"\"" : fmt::format("`{}`", choice));
    out += ": " + words;
  }
  if (field.is_required) out += " (required)";
  if (!field.type) out += " (known, not acted on yet: a warning)";
  return out;
}

void rows(std::string& out, std::span<const Field> fields, void* object, const std::string& path, int depth) {
  for (const auto& field : fields) {
    std::shared_ptr<void> keep;
    if (field.squashed) {
      rows(out, field.type->nested(), nested_object(field, object, keep), path, depth);
      continue;
    }
    const std::string key = path + std::string(field.key);
    std::string shown = default_of(field, object);
    if (!shown.empty()) shown = "`" + cell(shown) + "`";
    out += fmt::format("| `{}` | {} | {} | {} |\n", key, field.type ? field.type->name : "", shown,
                       meaning(field));
    if (!field.type || !field.type->nested || depth == kMaxDepth) continue;
    const std::string_view step = field.type->shape == Shape::list   ? "[]"
                                  : field.type->shape == Shape::dict ? "::*"
                                                                     : "";
    rows(out, field.type->nested(), nested_object(field, object, keep), fmt::format("{}{}::", key, step),
         depth + 1);
  }
}

std::string table(std::span<const Field> fields, void* object) {
  std::string out = "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  rows(out, fields, object, "", 0);
  return out;
}

std::string signals_of(const FactoryBase& factory) {
  std::string out;
  for (const auto signal : kSignals)
    if (factory.signals & bit(signal))
      out += fmt::format("{}{}", out.empty() ? "" : ", ", signal_name(signal));
  return out;
}

}  // namespace

void add_markdown(Files& files) {
  std::string index = fmt::format(
      "{}# Components\n\n| Kind | Name | Also called | Signals | What it does |\n|---|---|---|---|---|\n",
      kNote);
  for_each_component([&](std::string_view kind, const FactoryBase& factory) {
    const std::string one(kind.substr(0, kind.size() - 1));
    const std::string file = fmt::format("{}-{}.md", one, factory.type);
    const std::string also = factory.alias.empty() ? "" : fmt::format("`{}`", factory.alias);
    const std::string signals = signals_of(factory);
    index += fmt::format("| {} | [`{}`]({}) | {} | {} | {} |\n", one, factory.type, file, also, signals,
                         factory.about);
    config::Problems ignored;  // required keys are missing, of course
    const auto object = factory.decode(config::Node::map({}), "", ignored);
    std::string page =
        fmt::format("{}# {} `{}`\n\n{}{}.", kNote, one, factory.type,
                    static_cast<char>(std::toupper(static_cast<unsigned char>(factory.about[0]))),
                    factory.about.substr(1));
    if (!also.empty()) page += fmt::format(" Also called {}.", also);
    if (!signals.empty()) page += fmt::format(" Signals: {}.", signals);
    page += "\n\n";
    // Made by decode() as a plain object; the table's accessors want it mutable.
    if (factory.fields().empty())
      page += "It has no keys.\n";
    else
      page += table(factory.fields(), const_cast<void*>(object.get()));
    files["components/" + file] = std::move(page);
  });
  index += "\nThe `service` section has [its own page](service.md).\n";
  files["components/README.md"] = std::move(index);
  service::ServiceConfig defaults;
  files["components/service.md"] = fmt::format("{}# The `service` section\n\n{}", kNote,
                                               table(service::ServiceConfig::fields(), &defaults));
}

}  // namespace gleaner::tools
