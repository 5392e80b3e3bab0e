#include "stanza/operator_test.h"

namespace gleaner::stanza {
namespace {
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The rows of spec/filelog.md 19.5.

std::string recombine(const std::string& keys) {
  return "[{type: recombine, combine_field: body, " + keys + "}]";
}
/// An entry of a file.
std::string of(const char* path, const char* body, int ts = 0) {
  return std::string(R"(@{"body":")") + body + R"(","path":")" + path + R"(","ts":)" + std::to_string(ts) +
         "}";
}
Texts of(const char* path, std::initializer_list<const char*> bodies) {
  Texts out;
  for (const char* body : bodies) out.push_back(of(path, body));
  return out;
}
std::string joined(const char* path, const char* body, const char* more = "") {
  return std::string("\"") + body + R"(" {"log.file.path":")" + path + "\"}" + more;
}
constexpr const char *kFirst = "is_first_entry: \"body == 'test1'\"",
                     *kLast = "is_last_entry: \"body == 'test1'\"";
constexpr const char *kT1 = " ts=1970-01-01T00:00:01", *kT2 = " ts=1970-01-01T00:00:02";

class Recombine : public OperatorTest, public testing::WithParamInterface<Row> {};
TEST_P(Recombine, Joins) { check(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Operators, Recombine,
    testing::Values(
        Row{"RC1", recombine("is_last_entry: 'true'"), {of("f", "test", 1)}, {joined("f", "test", kT1)}},
        Row{"RC2",
            recombine("is_last_entry: \"body == 'test2'\""),
            {of("f", "test1", 1), of("f", "test2", 2)},
            {joined("f", R"(test1\ntest2)", kT1)}},
        Row{"RC3",
            recombine(std::string(kFirst) + ", overwrite_with: newest"),
            {of("f", "test1", 1), of("f", "test2", 2), of("f", "test1", 3)},
            {joined("f", R"(test1\ntest2)", kT2), joined("f", "test1", " ts=1970-01-01T00:00:03")}},
        Row{"RC4",
            recombine(std::string(kFirst) + ", overwrite_with: oldest"),
            {of("f", "test1", 1), of("f", "test2", 2), of("f", "test1", 3)},
            {joined("f", R"(test1\ntest2)", kT1), joined("f", "test1", " ts=1970-01-01T00:00:03")}},
        Row{"RC7",
            recombine("combine_with: '', is_last_entry: \"body == 'test2'\""),
            {of("f", "test1", 1), of("f", "test2", 2)},
            {joined("f", "test1test2", kT1)}},
        Row{"RC8",
            recombine(R"(is_first_entry: 'body matches "^[^\\s]"')"),
            of("f", {"before", "java.lang.Exception: x", " at a", " at b", "after"}),
            {joined("f", "before"), joined("f", R"(java.lang.Exception: x\n at a\n at b)"),
             joined("f", "after")}},
        Row{"RC9",
            "[{type: recombine, combine_field: body.message, combine_with: '', overwrite_with: newest, "
            "is_last_entry: \"body.logtag == 'F'\"}]",
            {R"(@{"body":{"message":"one","logtag":"F"},"path":"f"})",
             R"(@{"body":{"message":"a","logtag":"P"},"path":"f"})",
             R"(@{"body":{"message":"b","logtag":"P"},"path":"f"})",
             R"(@{"body":{"message":"c","logtag":"F"},"path":"f"})"},
            {R"({"logtag":"F","message":"one"} {"log.file.path":"f"})",
             R"({"logtag":"F","message":"abc"} {"log.file.path":"f"})"}},
        Row{"RC10",
            recombine("max_sources: 1, is_last_entry: \"body == 'end2'\""),
            {of("f1", "start1"), of("f1", "middle1"), of("f2", "start2"), of("f2", "middle2"),
             of("f2", "end2")},
            {joined("f1", R"(start1\nmiddle1)"), joined("f2", R"(start2\nmiddle2\nend2)")}},
        Row{"RC11",
            recombine("max_batch_size: 2, is_last_entry: \"body == 'end'\""),
            {of("f1", "f1e1"), of("f2", "f2e1"), of("f1", "end"), of("f2", "f2e2"), of("f2", "end")},
            {joined("f1", R"(f1e1\nend)"), joined("f2", R"(f2e1\nf2e2)"), joined("f2", "end")}},
        Row{"RC12",
            recombine("max_log_size: 5B, is_last_entry: \"body == 'end'\""),
            of("f", {"file1", "file1", "file2", "end"}),
            {joined("f", R"(file1\nfile1)"), joined("f", R"(file2\nend)")}},
        Row{"RC13",
            recombine("max_log_size: 12B, is_first_entry: \"body == 'start'\""),
            of("f", {"start", "content1", "content2", "content3", "content4", "content5", "start", "start"}),
            {joined("f", R"(start\ncontent1)"), joined("f", R"(content2\ncontent3)"),
             joined("f", R"(content4\ncontent5)"), joined("f", "start"), joined("f", "start")}},
        Row{"RC14",
            recombine("max_batch_size: 5, is_first_entry: \"body == 'start'\""),
            of("f", {"start", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"}),
            {joined("f", R"(start\nc1\nc2\nc3\nc4)"), joined("f", R"(c5\nc6\nc7\nc8\nc9)")}},
        Row{"RC15",
            recombine(std::string("max_unmatched_batch_size: 2, ") + kFirst),
            of("f", {"2", "3", "4", "5", "6", "test1", "7", "8", "test1", "9", "10"}),
            {joined("f", R"(2\n3)"), joined("f", R"(4\n5)"), joined("f", "6"), joined("f", R"(test1\n7\n8)"),
             joined("f", R"(test1\n9\n10)")}},
        Row{"RC16",
            recombine(std::string("max_unmatched_batch_size: 2, ") + kLast),
            of("f", {"2", "3", "4", "5", "test1", "6", "7", "test1"}),
            {joined("f", R"(2\n3)"), joined("f", R"(4\n5)"), joined("f", "test1"), joined("f", R"(6\n7)"),
             joined("f", "test1")}},
        Row{"RC17",
            recombine(std::string("max_unmatched_batch_size: 3, ") + kLast),
            of("f", {"2", "3", "4", "5", "test1", "6", "7", "test1"}),
            {joined("f", R"(2\n3\n4)"), joined("f", R"(5\ntest1)"), joined("f", R"(6\n7\ntest1)")}},
        Row{"RC18",
            recombine(std::string("max_unmatched_batch_size: 1, ") + kFirst),
            of("f", {"test2", "test3"}),
            {joined("f", "test2"), joined("f", "test3")}},
        Row{"RC19", recombine(kFirst), {of("f", "test1", 1)}, {joined("f", "test1", kT1)}},
        Row{"expression_fails",
            recombine("is_first_entry: \"body.x == 1\""),
            of("f", {"text"}),
            {joined("f", "text")},
            {""}},
        Row{"expression_fails_drop",
            recombine("on_error: drop, is_first_entry: \"body.x == 1\""),
            of("f", {"text"}),
            {},
            {""}}),
    RowName());

// Stack traces of containers: a line an entry, both streams in one file.
std::string from_container(const char* stream, const std::string& body, int ts) {
  std::string json;
  log::append_json_string(json, body);
  return R"(@{"body":)" + json + R"(,"attributes":{"log.file.path":"f","log.iostream":")" + stream +
         R"("},"ts":)" + std::to_string(ts) + "}";
}
std::string out_of_container(const char* stream, const std::string& body, int ts) {
  std::string json;
  log::append_json_string(json, body);
  return json + R"( {"log.file.path":"f","log.iostream":")" + stream + "\"} ts=1970-01-01T00:00:0" +
         std::to_string(ts);
}

INSTANTIATE_TEST_SUITE_P(
    Presets, Recombine,
    testing::Values(
        Row{"streams_are_told_apart",
            "[{type: recombine, preset: java}]",
            {from_container("stderr", "10:00 ERROR failed", 1), from_container("stdout", "GET /", 2),
             from_container("stderr", "java.lang.Error: x", 3), from_container("stdout", "GET /2", 4),
             from_container("stderr", "\tat a.B.c(B.java:1)", 5),
             from_container("stderr", "Caused by: y.Z: w", 6), from_container("stderr", "10:01 INFO", 7)},
            {out_of_container("stdout", "GET /", 2),
             out_of_container(
                 "stderr", "10:00 ERROR failed\njava.lang.Error: x\n\tat a.B.c(B.java:1)\nCaused by: y.Z: w",
                 1),
             out_of_container("stdout", "GET /2", 4), out_of_container("stderr", "10:01 INFO", 7)}},
        Row{"behind_container",
            "[{type: container, add_metadata_from_filepath: false}, {type: recombine, preset: python}]",
            {"2024-05-05T05:05:05Z stderr F Traceback (most recent call last):",
             "2024-05-05T05:05:05Z stderr F   File \"a.py\", line 1, in f",
             "2024-05-05T05:05:05Z stderr F     return x", "2024-05-05T05:05:05Z stderr F KeyError: 'a'",
             "2024-05-05T05:05:06Z stderr F next"},
            {R"("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    return x\nKeyError: 'a'")"
             R"( {"log.iostream":"stderr","logtag":"F"} ts=2024-05-05T05:05:05)",
             R"("next" {"log.iostream":"stderr","logtag":"F"} ts=2024-05-05T05:05:06)"}},
        Row{"limits_are_those_of_the_user",
            "[{type: recombine, preset: go, max_batch_size: 3, combine_with: '|'}]",
            {"panic: x", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:1", "ok"},
            {R"x("panic: x|goroutine 1 [running]:|main.main()")x", R"("\t/app/main.go:1")", R"("ok")"}}),
    RowName());

TEST_F(OperatorTest, RecombinedTracesThatNeverEndAreBounded) {
  ASSERT_EQ(build("[{type: recombine, preset: java}]"), "");
  const std::string frame = "\tat com.example.Deep.down(Deep.java:1)" + std::string(10'000, 'x');
  feed({"java.lang.StackOverflowError"});
  for (int i = 0; i < 300; ++i) feed({frame});
  EXPECT_EQ(out.size(), 2u) << "1 MiB each";
  EXPECT_LT(pipeline->held(), 110u);
  pipeline->stop();
  EXPECT_EQ(out.size(), 3u);
}

TEST_F(OperatorTest, RecombineWaitsForMore) {  // RC5
  ASSERT_EQ(build(recombine("force_flush_period: 10ms, is_first_entry: 'false'")), "");
  feed(of("f", {"test2", "test3", "test4"}));
  EXPECT_EQ(pipeline->held(), 3u);
  loop.advance(9ms);
  EXPECT_THAT(out, IsEmpty());
  loop.advance(1ms);
  EXPECT_THAT(out, ElementsAre(joined("f", R"(test2\ntest3\ntest4)")));
}

TEST_F(OperatorTest, RecombineTellsFilesApart) {  // RC6
  ASSERT_EQ(build(recombine("force_flush_period: 10ms, is_first_entry: \"body == 'start'\"")), "");
  feed({of("f1", "start"), of("f2", "more2a"), of("f1", "more1a"), of("f1", "start"), of("f2", "more2b"),
        of("f1", "more1b"), of("f1", "start")});
  EXPECT_THAT(out, ElementsAre(joined("f1", R"(start\nmore1a)"), joined("f1", R"(start\nmore1b)")));
  out.clear();
  loop.advance(10ms);
  EXPECT_THAT(out, ElementsAre(joined("f2", R"(more2a\nmore2b)"), joined("f1", "start")));
}

TEST_F(OperatorTest, RecombineKnowsWhatItHolds) {
  ASSERT_EQ(build(recombine(kFirst)), "");
  Entries entries;
  for (const std::uint64_t begin : {70u, 80u}) {
    Entry entry;
    entry.body = pdata::Value::string("x");
    entry.origin = {3, static_cast<std::uint32_t>(begin / 10), begin, begin + 10};
    entries.list.push_back(entry);
  }
  (void)pipeline->process(std::move(entries));
  EXPECT_EQ(pipeline->held(), 2u);
  EXPECT_EQ(pipeline->held_from(3), (Spot{70, 7}));
  EXPECT_FALSE(pipeline->held_from(4));
  pipeline->stop();
  EXPECT_FALSE(pipeline->held_from(3));
}

TEST_F(OperatorTest, RecombineKnowsTheFilesItPools) {
  ASSERT_EQ(build(recombine(kFirst)), "");
  Entries entries;
  for (const std::uint32_t source : {3u, 4u, 4u}) {
    Entry entry;
    entry.body = pdata::Value::string("x");
    entry.origin = {source, 1, 10 * source, 10 * source + 10};
    entries.list.push_back(entry);
  }
  (void)pipeline->process(std::move(entries));
  EXPECT_EQ(pipeline->held_from(3), (Spot{30, 1}));
  EXPECT_EQ(pipeline->held_from(4), (Spot{40, 1}));
  pipeline->stop();
  ASSERT_EQ(also.size(), 1u);
  EXPECT_EQ(also[0].source, 4u);
  EXPECT_EQ(also[0].begin, 40u);
}

TEST_F(OperatorTest, RecombineConfig) {
  EXPECT_THAT(build("[{type: recombine, combine_field: body}]"), HasSubstr("must be set"));
  EXPECT_THAT(build(recombine("is_first_entry: 'true', is_last_entry: 'true'")), HasSubstr("only one"));
  EXPECT_THAT(build("[{type: recombine, is_first_entry: 'true'}]"), HasSubstr("combine_field"));
  EXPECT_THAT(build(recombine("is_first_entry: 'true', overwrite_with: middle")),
              HasSubstr("overwrite_with"));
}

}  // namespace
}  // namespace gleaner::stanza
