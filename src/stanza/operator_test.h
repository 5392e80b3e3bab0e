#pragma once
// A harness for tables of operator tests: what goes in, what comes out, what is said.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/yaml.h"
#include "stanza/files/testing.h"
#include "stanza/pipeline.h"
#include "text/json.h"
#include "text/zone.h"

namespace gleaner::stanza::testing_support {
using files::testing_support::LineSink;
using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

/// One line of a table.
struct Row {
  const char* name;
  std::string operators;  ///< YAML, a list
  /// A body, or, with '@' in front, JSON with body, attributes, resource, path (log.file.path) and ts.
  Texts inputs;
  Texts outputs;      ///< as show() writes them, after a stop
  Texts errors = {};  ///< parts of what the reader is told, in order
};

/// Values as JSON with sorted keys; doubles end in `d`, so that they are told from integers, bytes begin with
/// `b`.
inline void show(std::string& out, const pdata::Value& value) {
  using Kind = pdata::Value::Kind;
  if (value.is_map()) {
    std::vector<pdata::KeyValue> items(value.as_map().begin(), value.as_map().end());
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    out += '{';
    for (const auto& item : items) {
      if (out.back() != '{') out += ',';
      log::append_json_string(out, item.key);
      out += ':';
      show(out, item.value);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const auto& item : value.as_array()) {
      if (out.back() != '[') out += ',';
      show(out, item);
    }
    out += ']';
  } else {
    if (value.kind() == Kind::bytes) out += 'b';
    pdata::append_json(out, value);
    if (value.kind() == Kind::real) out += 'd';
  }
}

/// `"body" {"attribute":1} resource={..} ts=2006-01-02T15:04:05.000000007 sev=17/ERROR scope=s trace=0a
/// span=0b flags=01`; what is empty is left out.
inline std::string show(const Entry& entry) {
  std::string out;
  show(out, entry.body);
  const auto map = [&](const char* name, pdata::Map entries) {
    if (entries.empty()) return;
    out += name;
    show(out, pdata::Value::map(&entries));
  };
  map(" ", entry.attributes);
  map(" resource=", entry.resource);
  if (entry.timestamp > 0) {
    const auto seconds = static_cast<std::int64_t>(entry.timestamp / 1'000'000'000);
    const auto date = text::civil_from_days(seconds / 86400);
    out += fmt::format(" ts={:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    if (const auto nanos = entry.timestamp % 1'000'000'000) out += fmt::format(".{:09}", nanos);
  }
  if (entry.severity || !entry.severity_text.empty())
    out += fmt::format(" sev={}/{}", entry.severity, entry.severity_text);
  if (!entry.scope_name.empty()) out += fmt::format(" scope={}", entry.scope_name);
  const auto hex = [&](const char* name, std::string_view bytes) {
    if (bytes.empty()) return;
    out += name;
    for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  };
  hex(" trace=", entry.trace_id);
  hex(" span=", entry.span_id);
  hex(" flags=", entry.trace_flags);
  return out;
}

class OperatorTest : public testing::Test {
 protected:
  Loop loop{Loop::Clock::manual};
  LineSink log;
  std::unique_ptr<Pipeline> pipeline;
  Texts out, errors;
  std::vector<Origin> also;  ///< of all batches

  /// @return what is wrong with the operators, "" when nothing is
  std::string build(const std::string& operators) {
    config::Problems problems;
    const auto node = config::parse_yaml(operators, "test.yaml");
    if (!node) return node.error().what;
    pipeline =
        Pipeline::build(*node, "operators", problems, log::Logger(log), loop, [this](Entries&& entries) {
          for (const auto& entry : entries.list) out.push_back(show(entry));
          also.insert(also.end(), entries.also.begin(), entries.also.end());
        });
    return problems.errors_text();
  }

  void feed(const Texts& inputs) {
    Entries entries;
    for (const auto& input : inputs) entries.list.push_back(entry(input, entries.arena));
    for (auto& error : pipeline->process(std::move(entries))) errors.push_back(std::move(error));
  }

  void check(const Row& row) {
    // The same must come out of one batch and of many.
    for (const bool single : {false, true}) {
      SCOPED_TRACE(single ? "one by one" : "in one batch");
      out.clear();
      errors.clear();
      ASSERT_EQ(build(row.operators), "");
      if (single)
        for (const auto& input : row.inputs) feed({input});
      else
        feed(row.inputs);
      pipeline->stop();
      EXPECT_EQ(out, row.outputs);
      ASSERT_EQ(errors.size(), row.errors.size()) << fmt::format("{}", fmt::join(errors, "\n"));
      for (std::size_t i = 0; i < errors.size(); ++i)
        EXPECT_THAT(errors[i], testing::HasSubstr(row.errors[i]));
      const Tally& tally = pipeline->tally();
      EXPECT_EQ(tally.in + tally.copied,
                tally.out + tally.dropped + tally.filtered + tally.unrouted + tally.joined)
          << "nothing gets lost";
    }
  }

 private:
  static Entry entry(const std::string& input, Arena& arena) {
    Entry out;
    if (!input.starts_with('@')) {
      out.body = pdata::Value::string(arena.copy(input));
      return out;
    }
    text::JsonReader reader({.parse_ints = true});
    const auto map = reader.read_object(arena.copy(input.substr(1)), arena);
    EXPECT_TRUE(map) << input;
    if (const auto* body = map->find("body")) out.body = *body;
    if (const auto* attributes = map->find("attributes")) out.attributes = attributes->as_map();
    if (const auto* resource = map->find("resource")) out.resource = resource->as_map();
    if (const auto* path = map->find("path")) out.attributes.set(arena, "log.file.path", *path);
    if (const auto* ts = map->find("ts"))
      out.timestamp = static_cast<std::uint64_t>(ts->as_int()) * 1'000'000'000;
    return out;
  }
};

/// For INSTANTIATE_TEST_SUITE_P.
struct RowName {
  template <class T>
  std::string operator()(const T& info) const {
    return info.param.name;
  }
};

}  // namespace gleaner::stanza::testing_support
