#pragma once
// From --config and --set to one tree: providers, merging, ${...}.
// Source: spec/collector.md 2.1-2.5.
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/problems.h"

namespace gleaner::config {

/// What the outside world is asked for. Tests put their own in.
struct Environment {
  /// The variable's value, or nothing when it is unset.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<Result<std::string>(const std::string& path)> read_file;
  /// GET of an http(s) URI; the body of a 200.
  std::function<Result<std::string>(const std::string& uri)> fetch;

  /// The process's environment and files; `fetch` is left to whoever has a network.
  static Environment process();
};

/// Reads every URI in order, merges them, then `sets` ("a.b=c"), then expands all references.
/// Warnings (unset variables, `$X` without braces) go to `problems`; errors come back, located.
Result<Node> load(const std::vector<std::string>& uris, const std::vector<std::string>& sets,
                  const Environment& environment, Problems& problems);

/// Lays `over` on `base`: maps merge, null erases, everything else replaces.
void merge(Node& base, Node over);

/// Replaces every ${...} in values (never in keys) and turns $$ into $.
Result<> expand(Node& root, const Environment& environment, Problems& problems);

/// Turns keys that contain "::" into nested maps.
Result<> nest_keys(Node& root);

/// Splits "scheme:rest"; no scheme (or one letter, as in C:\x) means a file.
struct Uri {
  std::string scheme, opaque;
};
Uri parse_uri(const std::string& text);

/// The content behind a URI as a tree. Text that is no YAML is a string when `inside_reference`.
Result<Node> retrieve(const Uri& uri, const std::string& name, const Environment& environment,
                      bool inside_reference);

}  // namespace gleaner::config
