// A configuration is a tree whose every place lies inside the text, or an error that names its place;
// references and keys with "::" resolve or fail with words. Nothing outside (files, network) is reached.
#include <algorithm>
#include <cstdlib>

#include "config/problems.h"
#include "config/sources.h"
#include "config/yaml.h"

namespace {
using namespace gleaner;
using namespace gleaner::config;

std::size_t nodes = 0;

void look(const Node& node, std::uint32_t lines, int depth) {
  if (++nodes > 1'000'000 || depth > 64) std::abort();  // the limits of parse_yaml()
  if (node.mark().line > lines) std::abort();
  for (const auto& entry : node.entries()) {
    if (entry.mark.line == 0 || entry.mark.line > lines || entry.mark.column == 0) std::abort();
    look(entry.value, lines, depth + 1);
  }
  for (const auto& item : node.items()) look(item, lines, depth + 1);
  if (node.is_scalar()) {
    (void)node.boolean();
    (void)node.integer();
    (void)node.real();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto tree = parse_yaml(text, "f.yaml");
  if (!tree) {
    if (!tree.error().what.starts_with("f.yaml:")) std::abort();
    return 0;
  }
  const auto breaks = std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  // YAML 1.1 also breaks lines at NEL, LS and PS; each has the byte 0x85, 0xA8 or 0xA9 in it.
  const auto exotic = std::count_if(text.begin(), text.end(),
                                    [](char c) { return c == '\x85' || c == '\xa8' || c == '\xa9'; });
  nodes = 0;
  look(*tree, static_cast<std::uint32_t>(breaks + exotic) + 2, 0);

  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "U") return std::nullopt;
    if (name == "R") return "${env:A}-${R}";  // refers to itself
    if (name == "L") return "[1, {a: b}]";
    return "value";
  };
  environment.read_file = [](const std::string&) -> Result<std::string> {
    return fail(Fault::config, "no file");
  };
  environment.fetch = [](const std::string&) -> Result<std::string> {
    return fail(Fault::config, "no network");
  };
  Problems problems;
  if (auto done = expand(*tree, environment, problems); !done && done.error().what.empty()) std::abort();
  if (auto done = nest_keys(*tree); !done && done.error().what.empty()) std::abort();
  return 0;
}
