#include "config/sources.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/yaml.h"

namespace gleaner::config {
namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Result<std::string> read_whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail_errno(fmt::format("unable to read the file {}", path));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail_errno(fmt::format("unable to read the file {}", path));
  return text.str();
}

bool valid_variable(std::string_view name) {
  if (name.empty() || !(is_alpha(name[0]) || name[0] == '_')) return false;
  for (const char c : name)
    if (!is_alpha(c) && c != '_' && !(c >= '0' && c <= '9')) return false;
  return true;
}

Result<Node> read_variable(std::string_view opaque, const Environment& environment, const std::string& name) {
  std::optional<std::string> fallback;
  if (const auto at = opaque.find(":-"); at != std::string_view::npos) {
    fallback = std::string(opaque.substr(at + 2));
    opaque = opaque.substr(0, at);
  }
  const std::string variable(opaque);
  if (!valid_variable(variable))
    return fail(Fault::config, fmt::format("environment variable \"{}\" has invalid name: must match regex "
                                           "^[a-zA-Z_][a-zA-Z0-9_]*$",
                                           variable));
  auto value = environment.variable(variable);
  if (!value && !fallback) {
    Node node = Node::null({});
    node.unset_reference = true;
    return node;
  }
  const std::string text = value ? *value : *fallback;
  auto node = parse_yaml(text, name);
  if (!node) node = Node::scalar(text, false, {});
  node->set_verbatim(text);
  return node;
}

}  // namespace

Environment Environment::process() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value) return std::nullopt;
    return value;
  };
  environment.read_file = read_whole_file;
  environment.fetch = [](const std::string& uri) -> Result<std::string> {
    return fail(Fault::config, fmt::format("no network to load \"{}\"", uri));
  };
  return environment;
}

Uri parse_uri(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon < 2 || !is_alpha(text[0])) return {"file", text};
  for (std::size_t i = 1; i < colon; ++i) {
    const char c = text[i];
    if (!is_alpha(c) && !(c >= '0' && c <= '9') && c != '+' && c != '.' && c != '-') return {"file", text};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<Node> retrieve(const Uri& uri, const std::string& name, const Environment& environment,
                      bool inside_reference) {
  std::string text;
  std::string source = name;
  if (uri.scheme == "env") {
    auto node = read_variable(uri.opaque, environment, name);
    if (!node || inside_reference) return node;
    if (node->unset_reference) return Node::null({std::make_shared<const std::string>(name), 0, 0});
    text = node->verbatim();
  } else if (uri.scheme == "yaml") {
    text = uri.opaque;
  } else if (uri.scheme == "file") {
    auto content = environment.read_file(uri.opaque);
    if (!content) return fail(std::move(content.error()));
    text = std::move(*content);
    source = uri.opaque;
  } else if (uri.scheme == "http" || uri.scheme == "https") {
    auto content = environment.fetch(uri.scheme + ":" + uri.opaque);
    if (!content) return fail(std::move(content.error()));
    text = std::move(*content);
  } else {
    return fail(Fault::config,
                inside_reference
                    ? fmt::format("scheme \"{}\" is not supported for uri \"{}\"{}", uri.scheme, name,
                                  uri.opaque.starts_with('-')
                                      ? fmt::format(" (a variable with a default is ${{env:{}:{}}})",
                                                    uri.scheme, uri.opaque)
                                      : std::string())
                    : fmt::format("unsupported scheme on URI \"{}\" (file, env, yaml, http, https)", name));
  }
  auto node = parse_yaml(text, source);
  if (inside_reference) {
    if (!node) node = Node::scalar(text, false, {});
    node->set_verbatim(text);
  }
  return node;
}

void merge(Node& base, Node over) {
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  for (auto& entry : over.entries()) {
    bool found = false;
    for (auto& there : base.entries()) {
      if (there.key != entry.key) continue;
      there.mark = entry.mark;
      merge(there.value, std::move(entry.value));
      found = true;
      break;
    }
    if (!found) base.entries().push_back(std::move(entry));
  }
}

Result<> nest_keys(Node& node) {
  for (auto& item : node.items())
    if (auto ok = nest_keys(item); !ok) return ok;
  if (!node.is_map()) return {};
  Node nested = Node::map(node.mark());
  for (auto& entry : node.entries()) {
    if (auto ok = nest_keys(entry.value); !ok) return ok;
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t at; (at = entry.key.find("::", begin)) != std::string::npos; begin = at + 2)
      parts.push_back(entry.key.substr(begin, at - begin));
    parts.push_back(entry.key.substr(begin));
    Node value = std::move(entry.value);
    for (std::size_t i = parts.size(); i-- > 1;) {
      Node outer = Node::map(entry.mark);
      outer.entries().push_back({parts[i], entry.mark, std::move(value)});
      value = std::move(outer);
    }
    Node one = Node::map(entry.mark);
    one.entries().push_back({parts[0], entry.mark, std::move(value)});
    merge(nested, std::move(one));
  }
  node.entries() = std::move(nested.entries());
  return {};
}

Result<Node> load(const std::vector<std::string>& uris, const std::vector<std::string>& sets,
                  const Environment& environment, Problems& problems) {
  Node root = Node::null({});
  const auto lay = [&](Node next, const std::string& name) -> Result<> {
    if (next.kind() == Node::Kind::null || (next.is_scalar() && next.type() == ScalarType::null))
      next = Node::map(next.mark());
    if (!next.is_map())
      return fail(
          Fault::config,
          fmt::format("{}: a {} cannot be used as a configuration: it must be a map with receivers, "
                      "exporters, service and so on",
                      next.mark().source ? next.mark().text() : name, next.is_list() ? "list" : "text"));
    if (auto ok = nest_keys(next); !ok) return ok;
    if (root.is_map())
      merge(root, std::move(next));
    else
      root = std::move(next);
    return {};
  };
  std::vector<std::string> broken;
  for (const auto& text : uris) {
    auto node = retrieve(parse_uri(text), text, environment, false);
    Result<> ok;
    if (node)
      ok = lay(std::move(*node), text);
    else
      ok = fail(std::move(node.error()));
    if (!ok) broken.push_back(std::move(ok.error().what));
  }
  if (!broken.empty()) return fail(Fault::config, fmt::format("{}", fmt::join(broken, "\n")));
  for (const auto& set : sets) {
    const auto equals = set.find('=');
    if (equals == std::string::npos)
      return fail(Fault::config,
                  fmt::format("invalid argument \"{}\" for \"--set\" flag: missing equal sign", set));
    std::string key = set.substr(0, equals);
    for (std::size_t at = 0; (at = key.find('.', at)) != std::string::npos; at += 2) key.replace(at, 1, "::");
    const std::string name = "--set " + set;
    auto value = parse_yaml(set.substr(equals + 1), name);
    if (!value) return value;
    Node one = Node::map(Mark{std::make_shared<const std::string>(name), 0, 0});
    one.entries().push_back({key, one.mark(), std::move(*value)});
    if (auto ok = lay(std::move(one), name); !ok) return fail(std::move(ok.error()));
  }
  if (auto ok = expand(root, environment, problems); !ok) return fail(std::move(ok.error()));
  return root;
}

}  // namespace gleaner::config
