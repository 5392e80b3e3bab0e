#pragma once
// Helpers for tests of everything that handles batches.
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "otlp/json.h"
#include "otlp/scan.h"
#include "pipeline/component.h"

namespace gleaner::testing_support {

/// A batch of `count` log records whose bodies are "prefix0", "prefix1", ...
inline Batch<Logs> log_batch(int count, const std::string& prefix = "r", Ticket* ticket = nullptr) {
  std::string records;
  for (int i = 0; i < count; ++i)
    records +=
        (i ? "," : "") + std::string(R"({"body":{"stringValue":")") + prefix + std::to_string(i) + "\"}}";
  auto wire = otlp::parse_json(SignalKind::logs,
                               R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" + records + "]}]}]}");
  return Batch<Logs>(Payload<Logs>(std::move(*wire), static_cast<std::size_t>(count)), ticket);
}

/// The bodies of a batch's records, in order.
inline std::vector<std::string> bodies(Payload<Logs>& data) {
  std::vector<std::string> out;
  for (auto& resource : data.records().resources)
    for (auto& scope : resource.scopes)
      for (auto& record : scope.records) out.push_back(pdata::as_text(record.body));
  return out;
}

/// Takes or refuses what comes, and remembers it.
class Catcher : public Consumer<Logs> {
 public:
  explicit Catcher(bool mutating = false) : mutating_(mutating) {}
  std::vector<std::vector<std::string>> batches;
  Result<> answer;
  Task<Result<>> consume(Batch<Logs>& batch) override {
    if (!answer) co_return answer;
    batches.push_back(bodies(batch.data));
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
  bool mutates() const override { return mutating_; }
  std::size_t items() const {
    std::size_t total = 0;
    for (const auto& batch : batches) total += batch.size();
    return total;
  }

 private:
  bool mutating_;
};

/// A sink that prints nothing.
class Quiet : public log::Sink {
 public:
  std::vector<std::string> lines;

 protected:
  void put(std::string_view line) override { lines.emplace_back(line); }
};

/// A loop whose clock the test moves, and everything a component wants.
struct Bench {
  Loop loop{Loop::Clock::manual};
  Quiet sink;
  metrics::Registry metrics;
  Budget memory{64 << 20};
  Context context{loop,         log::Logger(sink),
                  metrics,      memory,
                  "test",       "0",
                  [](Error) {}, [](const std::string&) { return nullptr; }};
};

}  // namespace gleaner::testing_support
