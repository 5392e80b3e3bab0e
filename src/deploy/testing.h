#pragma once
// What the room's tests share.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "deploy/collector.h"
#include "deploy/spans.h"
#include "deploy/tree.h"

namespace gleaner::deploy {

inline std::string data(const std::string& name) {
  std::ifstream file(std::string(GLEANER_TEST_DATA) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}
inline std::vector<Node> read_all(const std::string& stream) {
  std::vector<Node> out;
  for (const Piece& piece : documents(stream)) {
    auto parsed =
        parse(std::string_view(stream).substr(piece.begin, piece.end - piece.begin), "test", piece.line);
    EXPECT_TRUE(parsed) << parsed.error().what;
    if (parsed && !parsed->tree.is_null()) out.push_back(std::move(parsed->tree));
  }
  return out;
}
inline Collector collector_of(const std::string& yaml, const Cluster& cluster = {}) {
  auto parsed = parse(yaml, "cr.yaml");
  EXPECT_TRUE(parsed) << parsed.error().what;
  auto made = read_collector(parsed->tree, cluster, "cr.yaml");
  EXPECT_TRUE(made) << made.error().what;
  return made ? std::move(*made) : Collector{};
}
inline std::string refusal_of(const std::string& yaml) {
  auto parsed = parse(yaml, "cr.yaml");
  if (!parsed) return parsed.error().what;
  auto made = read_collector(parsed->tree, {}, "cr.yaml");
  return made ? "" : made.error().what;
}

/// Without what the API server takes for absent or fills in (nulls, empty maps and lists, zero times,
/// status), and without the order of keys.
inline Node plain(Node node) {
  if (node.is_map()) {
    Node out = Node::map({});
    for (auto& entry : node.entries()) {
      Node value = plain(std::move(entry.value));
      if (is_empty(&value) || entry.key == "creationTimestamp" || entry.key == "divisor" ||
          entry.key == "status")
        continue;
      if (entry.key == "targetPort" && value.text() == "0") continue;
      if (entry.key == "shareProcessNamespace" && value.text() == "false") continue;
      out[entry.key] = std::move(value);
    }
    return sorted(std::move(out));
  }
  for (auto& item : node.items()) item = plain(std::move(item));
  return node;
}

}  // namespace gleaner::deploy
