#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pipeline/testing.h"
#include "receivers/filelog/config.h"
#include "stanza/files/testing.h"

namespace gleaner::receivers::filelog {
namespace {
using namespace std::chrono_literals;
using stanza::files::testing_support::Folder;
using stanza::files::testing_support::LineSink;
using stanza::files::testing_support::Texts;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

/// What is behind the receiver: takes, refuses or keeps.
class Pipeline : public Consumer<Logs> {
 public:
  std::optional<Error> answer;
  bool keeping = false;
  int attempts = 0;
  Texts got;
  std::vector<Batch<Logs>> kept;
  Task<Result<>> consume(Batch<Logs>& batch) override {
    ++attempts;
    if (answer) co_return fail(Error(*answer));
    for (auto& text : testing_support::bodies(batch.data)) got.push_back(std::move(text));
    if (keeping)
      kept.push_back(std::move(batch));
    else
      batch.settle(Outcome::delivered);
    co_return Result<>();
  }
};

class FilelogTest : public testing::Test {
 protected:
  Folder folder;
  Loop loop;
  LineSink log;
  metrics::Registry metrics;
  Budget memory{64 << 20};
  Context context{loop,         log::Logger(log),
                  metrics,      memory,
                  "filelog",    "0",
                  [](Error) {}, [](const std::string&) { return nullptr; }};
  Pipeline pipeline;
  std::unique_ptr<Receiver> receiver;

  ~FilelogTest() override {
    pipeline.kept.clear();
    if (receiver) stop();
  }
  /// @param yaml  more keys of the receiver
  void start(const std::string& yaml = "") {
    config::Problems problems;
    const auto node = config::parse_yaml(
        "include: ['" + folder.path("*.log") + "']\nstart_at: beginning\nforce_flush_period: 20ms\n" + yaml,
        "test.yaml");
    ASSERT_TRUE(node) << node.error().what;
    const auto config = config::decode<Config>(*node, "receivers::filelog", problems);
    ASSERT_FALSE(problems.any_errors()) << problems.errors_text();
    auto made = make(config, context, Consumers{.logs = &pipeline});
    ASSERT_TRUE(made) << made.error().what;
    receiver = std::move(*made);
    ASSERT_TRUE(loop.run_until_done(receiver->start()));
  }
  void stop() {
    EXPECT_TRUE(loop.run_until_done(receiver->stop()));
    EXPECT_EQ(memory.used(), 0u);
    receiver.reset();
  }
  bool until(std::function<bool()> condition) { return loop.run_until_done(wait(condition)); }
  bool got(std::size_t records) {
    return until([&] { return pipeline.got.size() >= records; });
  }
  bool logged(std::string_view part) {
    return until([&] { return log.count(part) > 0; });
  }
  /// A counter by its name without "otelcol_".
  std::string metric(const std::string& name) const {
    const std::string text = metrics.text();
    const auto at = text.find("\notelcol_" + name + '{');
    if (at == std::string::npos) return "(none)";
    const auto end = text.find('\n', at + 1);
    const auto blank = text.rfind(' ', end);
    return text.substr(blank + 1, end - blank - 1);
  }
  static Texts numbered(int count) {
    Texts out;
    for (int i = 0; i < count; ++i) out.push_back("line " + std::to_string(i));
    return out;
  }
  static std::string joined(const Texts& texts) {
    std::string out;
    for (const auto& text : texts) out += text + '\n';
    return out;
  }

 private:
  Task<bool> wait(std::function<bool()>& condition) {
    Timer timer(loop);
    const TimePoint end = loop.now() + 10s;
    while (!condition()) {
      if (loop.now() > end) co_return false;
      (void)co_await timer.sleep(1ms);
    }
    co_return true;
  }
};

const Error kBusy{Fault::retryable, "the queue is full"};
const Error kNever{Fault::permanent, "no such tenant"};
constexpr const char* kQuickRetry =
    "retry_on_failure: {enabled: true, initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 0}\n";

TEST_F(FilelogTest, ReadsAndCounts) {
  folder.write("a.log", "one\ntwo\n");
  start();
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, ElementsAre("one", "two"));
  EXPECT_EQ(metric("receiver_accepted_log_records"), "2");
  EXPECT_EQ(metric("fileconsumer_open_files"), "1");
}

/// A segment of gleaner exec: a line of stderr inside the parts of one of stdout belongs behind it.
constexpr const char* kSegment =
    "2026-12-01T02:03:04.000000001Z stdout F one\n"
    "2026-12-01T02:03:04.000000002Z stdout P tw\n"
    "2026-12-01T02:03:04.000000003Z stdout F o\n"
    "2026-12-01T02:03:04.000000004Z stderr F three\n";
const std::string kTag =
    "operators: [{type: add, field: body, value: 'EXPR(attributes[\"log.iostream\"] + \" \" + body)'}]\n";

TEST_F(FilelogTest, TakesRecordsOfGleanerExecApart) {
  folder.write(".gleaner-exec", "gleaner exec\nversion 1\n");
  folder.write("00000001.log", kSegment);
  folder.write("00000002.log", "no record\n");  // --format=raw
  start();
  ASSERT_TRUE(got(4));
  EXPECT_THAT(pipeline.got, ElementsAre("one", "two", "three", "no record"));
}

TEST_F(FilelogTest, TakesThemApartBeforeOperatorsWhenTold) {
  folder.write(".gleaner-exec", "gleaner exec\nversion 1\n");
  folder.write("00000001.log", kSegment);
  start("capture: true\n" + kTag);
  ASSERT_TRUE(got(3));
  EXPECT_THAT(pipeline.got, ElementsAre("stdout one", "stdout two", "stderr three"));
}

TEST_F(FilelogTest, LeavesThemToOperatorsOrAsTheyAre) {
  folder.write(".gleaner-exec", "gleaner exec\nversion 1\n");
  folder.write("00000001.log", "2026-12-01T02:03:04.000000001Z stdout F one\n");
  start("operators: [{type: container, add_metadata_from_filepath: false}]\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("one"));
  stop();
  pipeline.got.clear();
  start("capture: false\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("2026-12-01T02:03:04.000000001Z stdout F one"));
}

TEST_F(FilelogTest, OtherFilesAreNoSegments) {
  folder.write("00000001.log", "2026-12-01T02:03:04.000000001Z stdout F one\n");  // no mark in this folder
  start("capture: true\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("2026-12-01T02:03:04.000000001Z stdout F one"));
}

TEST_F(FilelogTest, APartWithoutItsEndIsSafeOnlyWhenItIsGivenOut) {
  folder.write(".gleaner-exec", "gleaner exec\nversion 1\n");
  folder.make(".ack");
  folder.write("00000001.log",
               "2026-12-01T02:03:04.000000001Z stdout F one\n2026-12-01T02:03:04.000000002Z stdout P tw\n");
  start();
  ASSERT_TRUE(got(1));
  const auto acknowledged = [&](const char* what) {
    return until([&] {
      std::ifstream file(folder.path(".ack/filelog"));
      return std::string(std::istreambuf_iterator<char>(file), {}) == what;
    });
  };
  EXPECT_TRUE(acknowledged("1 44\n"));
  folder.append("00000001.log", "2026-12-01T02:03:04.000000003Z stdout F o\n");
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, ElementsAre("one", "two"));
  EXPECT_TRUE(acknowledged("1 129\n"));
}

TEST_F(FilelogTest, WaitsWhileThePipelineRefuses) {
  const auto lines = numbered(50'000);  // more than one chunk
  folder.write("a.log", joined(lines));
  pipeline.answer = kBusy;
  start(kQuickRetry);
  ASSERT_TRUE(until([&] { return pipeline.attempts >= 5; }));
  EXPECT_THAT(pipeline.got, IsEmpty());
  EXPECT_LE(memory.used(), 1u << 20) << "reading goes on only when the first chunk is taken";
  EXPECT_EQ(log.count("The pipeline refuses records"), 1);
  pipeline.answer.reset();
  ASSERT_TRUE(got(lines.size()));
  EXPECT_THAT(pipeline.got, ElementsAreArray(lines));
  EXPECT_EQ(metric("receiver_accepted_log_records"), std::to_string(lines.size()));
  EXPECT_EQ(metric("receiver_refused_log_records"), "0");
}

TEST_F(FilelogTest, RetriesByDefault) {
  folder.write("a.log", "one\n");
  pipeline.answer = kBusy;
  start();
  ASSERT_TRUE(logged("The pipeline refuses records"));
  pipeline.answer.reset();
  ASSERT_TRUE(got(1));
}

TEST_F(FilelogTest, DropsWhatWillNeverPass) {
  folder.write("a.log", "one\ntwo\n");
  pipeline.answer = kNever;
  start(kQuickRetry);
  ASSERT_TRUE(logged("no such tenant"));
  EXPECT_EQ(pipeline.attempts, 1);
  EXPECT_EQ(log.count("\"dropped_items\": 2"), 1) << log.lines.back();
  EXPECT_EQ(metric("receiver_refused_log_records"), "2");
  pipeline.answer.reset();
  folder.append("a.log", "three\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("three"));
}

TEST_F(FilelogTest, DropsAtOnceWithoutRetry) {
  folder.write("a.log", "one\n");
  pipeline.answer = kBusy;
  start("retry_on_failure: {enabled: false}\n");
  ASSERT_TRUE(logged("Enable retry_on_failure"));
  EXPECT_EQ(pipeline.attempts, 1);
  EXPECT_EQ(metric("receiver_refused_log_records"), "1");
}

TEST_F(FilelogTest, GivesUpAfterTheLongestTime) {
  folder.write("a.log", "one\n");
  pipeline.answer = kBusy;
  start(
      "retry_on_failure: {enabled: true, initial_interval: 1ms, max_interval: 1ms, max_elapsed_time: "
      "20ms}\n");
  ASSERT_TRUE(logged("Max elapsed time expired. Dropping data."));
  EXPECT_GT(pipeline.attempts, 1);
  EXPECT_EQ(metric("receiver_refused_log_records"), "1");
}

TEST_F(FilelogTest, StopsWhileThePipelineRefuses) {
  folder.write("a.log", joined(numbered(50'000)));
  pipeline.answer = kBusy;
  start("retry_on_failure: {enabled: true, initial_interval: 1h, max_interval: 1h, max_elapsed_time: 0}\n");
  ASSERT_TRUE(logged("The pipeline refuses records"));
  stop();
  EXPECT_EQ(metric("receiver_refused_log_records"), "50000") << "every record is counted";
  EXPECT_EQ(log.count("Enable retry_on_failure"), 0) << "it is enabled";
}

TEST_F(FilelogTest, KeepsMemoryBookedUntilTheBatchDies) {
  pipeline.keeping = true;
  folder.write("a.log", joined(numbered(1000)));
  start();
  ASSERT_TRUE(got(1000));
  EXPECT_GT(memory.used(), 0u);
  for (auto& batch : pipeline.kept) batch.settle(Outcome::delivered);
  pipeline.kept.clear();
  EXPECT_EQ(memory.used(), 0u);
}

TEST_F(FilelogTest, LogsWhatOperatorsFailOn) {
  folder.write("a.log", "{\"a\":\"b\"}\nnot json\n");
  start("operators: [{type: json_parser}]\n");
  ASSERT_TRUE(got(2));
  EXPECT_EQ(log.count("Failed to process entry"), 1);
  EXPECT_EQ(log.count("failed to emit token"), 1);
  EXPECT_EQ(log.count("consume entries: "), 1);
}

TEST_F(FilelogTest, SaysHowManyRecordsAnExpressionCost) {
  folder.write("a.log", joined(numbered(50)));
  start("attributes: {x: 'EXPR(body.member)'}\n");
  ASSERT_TRUE(logged("failed to emit more tokens"));
  EXPECT_EQ(log.count("\"tokens\": 30"), 1);
  EXPECT_THAT(pipeline.got, IsEmpty());
}

TEST_F(FilelogTest, JoinedRecordsComeByTheirTimer) {
  folder.write("a.log", "start 1\n more\nstart 2\n more\n");
  start(
      "operators: [{type: recombine, combine_field: body, is_first_entry: 'body startsWith \"start\"', "
      "force_flush_period: 10ms}]\ninclude_file_path: true\n");
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, ElementsAre("start 1\nmore", "start 2\nmore"));
}

TEST_F(FilelogTest, GivesOutWhatIsHeldAtTheEnd) {
  folder.write("a.log", "start 1\nmore\nlast");
  start(
      "operators: [{type: recombine, combine_field: body, is_first_entry: 'body startsWith \"start\"', "
      "force_flush_period: 1h}]\ninclude_file_path: true\n");
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("start 1\nmore\nlast"));
}

TEST_F(FilelogTest, StopsBeforeItStarted) {
  start();
  stop();
  EXPECT_THAT(pipeline.got, IsEmpty());
}

TEST_F(FilelogTest, BeginsWhereOutputPoints) {
  folder.write("a.log", "one\n");
  start(
      "output: second\noperators: [{type: add, id: first, field: body, value: first}, {type: add, id: "
      "second, field: attributes.x, value: y}]\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("one"));
}

struct Wrong {
  const char* yaml;
  const char* words;
};
class FilelogConfig : public testing::TestWithParam<Wrong> {};
TEST_P(FilelogConfig, IsRefused) {
  config::Problems problems;
  const auto node = config::parse_yaml(GetParam().yaml, "test.yaml");
  ASSERT_TRUE(node);
  (void)config::decode<Config>(*node, "receivers::filelog", problems);
  EXPECT_THAT(problems.errors_text(), HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    Filelog, FilelogConfig,
    testing::Values(
        Wrong{"start_at: end", "'include' must be specified"}, Wrong{"include: ['/a/[']", "parse glob"},
        Wrong{"{include: [/a], start_at: middle}", "start_at"},
        Wrong{"{include: [/a], fingerprint_size: 10}", "at least 16 bytes"},
        Wrong{"{include: [/a], max_log_size: 0}", "'max_log_size' must be positive"},
        Wrong{"{include: [/a], encoding: utf-9}", "unsupported encoding 'utf-9'"},
        Wrong{"{include: [/a], multiline: {line_start_pattern: a, line_end_pattern: b}}", "only one of"},
        Wrong{"{include: [/a], multiline: {line_start_pattern: '('}}", "missing closing )"},
        Wrong{"{include: [/a], encoding: nop, multiline: {line_end_pattern: b}}", "nop encoding"},
        Wrong{"{include: [/a], multiline: {preset: cobol}}", "java"},
        Wrong{"{include: [/a], multiline: {preset: java, line_start_pattern: a}}", "only one of preset"},
        Wrong{"{include: [/a], multiline: {preset: java}, max_log_size_behavior: truncate}", "truncate"},
        Wrong{"{include: [/a], encoding: utf-16le, multiline: {preset: java}}", "newline is one byte"},
        Wrong{"{include: [/a], operators: [{type: recombine, preset: cobol}]}",
              "\"cobol\" is not one of java, python, go, node, dotnet, ruby"},
        Wrong{"{include: [/a], operators: [{type: recombine, preset: java, is_first_entry: 'true'}]}",
              "only one of preset"},
        Wrong{"{include: [/a], operators: [{type: recombine, is_first_entry: 'true'}]}",
              "missing required field 'combine_field'"},
        Wrong{"{include: [/a], ordering_criteria: {top_n: -1}}", "'top_n'"},
        Wrong{"{include: [/a], ordering_criteria: {sort_by: [{sort_type: numeric, regex_key: n}]}}",
              "'regex' must be specified"},
        Wrong{"{include: [/a], compression: lzma}", "compression"},
        Wrong{"{include: [/a], polls_to_archive: -1}", "polls_to_archive"},
        Wrong{"{include: [/a], delete_after_read: true, start_at: beginning}",
              "requires feature gate 'filelog.allowFileDeletion'"},
        Wrong{"{include: [/a], delete_after_read: true}", "cannot be used with 'start_at: end'"},
        Wrong{"{include: [/a], header: {pattern: a, metadata_operators: [{type: noop}]}}",
              "'header' cannot be specified with 'start_at: end'"},
        Wrong{"{include: [/a], start_at: beginning, header: {pattern: a, metadata_operators: []}}",
              "at least one operator"},
        Wrong{"{include: [/a], start_at: beginning, header: {pattern: a, metadata_operators: [{type: filter, "
              "expr: 'true'}]}}",
              "filter is not allowed"},
        Wrong{"{include: [/a], start_at: beginning, header: {pattern: '(', metadata_operators: [{type: "
              "noop}]}}",
              "failed to compile `pattern`"},
        Wrong{"{include: [/a], incldue: [/b]}", "incldue"},
        Wrong{"{include: [/a], operators: [{type: regex_parser}]}", "regex"},
        Wrong{"{include: [/a], operators: [{type: nope}]}", "unsupported type 'nope'"},
        Wrong{"{include: [/a], output: nope}", "'nope' does not exist"}));

}  // namespace
}  // namespace gleaner::receivers::filelog
