#include "stanza/operator_test.h"

namespace gleaner::stanza {
namespace {
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The rows of spec/filelog.md 19.1, as the newest reference behaves.

const std::string kPath =
    "/var/log/pods/some_kube-scheduler-kind-control-plane_49cc7c1fd3702c40b2686ea7486091d3/kube-scheduler44/"
    "1.log";
const std::string kResource =
    R"( resource={"k8s.container.name":"kube-scheduler44","k8s.container.restart_count":"1","k8s.namespace.name":"some",)"
    R"("k8s.pod.name":"kube-scheduler-kind-control-plane","k8s.pod.uid":"49cc7c1fd3702c40b2686ea7486091d3"})";
const std::string kPathText = R"("log.file.path":")" + kPath + '"';

std::string quoted(const std::string& text) {
  std::string out;
  log::append_json_string(out, text);
  return out;
}
/// An entry read from `path`.
std::string from(const std::string& body, const std::string& path = kPath) {
  return "@{\"body\":" + quoted(body) + ",\"path\":" + quoted(path) + "}";
}
std::string plain(const char* more = "") {
  return std::string("[{type: container, add_metadata_from_filepath: false") + more + "}]";
}

const std::string kDocker =
    R"({"log":"INFO: log line here","stream":"stdout","time":"2029-03-30T08:31:20.545192187Z"})";
const std::string kDockerOut =
    R"("INFO: log line here" {"log.iostream":"stdout"} ts=2029-03-30T08:31:20.545192187)";
const std::string kT = "2024-04-13T07:59:37.505201169", kTs = " ts=2024-04-13T07:59:37.505201169",
                  kTs10 = " ts=2024-04-13T17:59:37.505201169";

std::string cri(const char* tag, const std::string& body, const char* stream = "stdout") {
  return quoted(body) + R"( {"log.iostream":")" + stream + R"(","logtag":")" + tag + "\"}";
}
std::string pod_cri(const char* tag, const std::string& body, const std::string& ts) {
  return quoted(body) + " {" + kPathText + R"(,"log.iostream":"stdout","logtag":")" + tag + "\"}" +
         kResource + ts;
}

class Container : public OperatorTest, public testing::WithParamInterface<Row> {};
TEST_P(Container, Reads) { check(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Operators, Container,
    testing::Values(
        Row{"C1_docker", plain(", format: docker"), {kDocker}, {kDockerOut}},
        Row{"C1_detected", plain(), {kDocker}, {kDockerOut}},
        Row{"C2_pod",
            "[{type: container}]",
            {from(kDocker)},
            {R"("INFO: log line here" {)" + kPathText + R"(,"log.iostream":"stdout"})" + kResource +
             " ts=2029-03-30T08:31:20.545192187"}},
        Row{"C3_crio",
            "[{type: container}]",
            {from(kT + "-10:00 stdout F standalone crio line which is awesome!")},
            {pod_cri("F", "standalone crio line which is awesome!", kTs10)}},
        Row{"C4_containerd",
            "[{type: container}]",
            {from(kT + "Z stdout F standalone containerd line which is awesome!")},
            {pod_cri("F", "standalone containerd line which is awesome!", kTs)}},
        Row{"C5_parts_crio",
            "[{type: container}]",
            {from(kT + "-10:00 stdout P standalone crio line which i"),
             from(kT + "-10:00 stdout F s awesome!")},
            {pod_cri("P", "standalone crio line which is awesome!", kTs10)}},
        Row{"C6_parts_containerd",
            "[{type: container}]",
            {from(kT + "Z stdout P standalone containerd line which i"), from(kT + "Z stdout F s awesome!"),
             from(kT + "Z stdout F next")},
            {pod_cri("P", "standalone containerd line which is awesome!", kTs), pod_cri("F", "next", kTs)}},
        Row{"C9_parts_over_the_limit",
            plain(", max_log_size: 8B"),
            {kT + "Z stdout P 01234", kT + "Z stdout P 56789", kT + "Z stdout F final"},
            {cri("P", "0123456789") + kTs, cri("F", "final") + kTs}},
        Row{"C10_no_limit",
            plain(", max_log_size: 0"),
            {kT + "Z stdout P 01234", kT + "Z stdout P 56789", kT + "Z stdout F final"},
            {cri("P", "0123456789final") + kTs}},
        Row{"streams_apart",
            plain(),
            {kT + "Z stdout P a", kT + "Z stderr P x", kT + "Z stdout F b", kT + "Z stderr F y"},
            {cri("P", "ab") + kTs, cri("P", "xy", "stderr") + kTs}},
        Row{"files_apart",
            plain(),
            {from(kT + "Z stdout P a", "/1"), from(kT + "Z stdout P x", "/2"),
             from(kT + "Z stdout F y", "/2"), from(kT + "Z stdout F b", "/1")},
            {R"("xy" {"log.file.path":"/2","log.iostream":"stdout","logtag":"P"})" + kTs,
             R"("ab" {"log.file.path":"/1","log.iostream":"stdout","logtag":"P"})" + kTs}},
        Row{"any_other_tag_is_a_part",
            plain(),
            {kT + "Z stdout P:x a", kT + "Z stdout F b"},
            {cri("P:x", "ab") + kTs}},
        Row{"unfinished_at_the_end", plain(), {kT + "Z stdout P a"}, {cri("P", "a") + kTs}},
        Row{"C12_neither",
            plain(),
            {"invalid container format"},
            {R"("invalid container format")"},
            {"entry cannot be parsed as container logs"}},
        Row{"C13_drop", plain(", on_error: drop"), {"invalid"}, {}, {"cannot be parsed"}},
        Row{"C13_drop_quiet", plain(", on_error: drop_quiet"), {"invalid"}, {}},
        Row{"C13_send_quiet", plain(", on_error: send_quiet"), {"invalid"}, {R"("invalid")"}},
        Row{"C14_if",
            plain(", if: 'body startsWith \"{\"'"),
            {"garbage", kDocker},
            {R"("garbage")", kDockerOut}},
        Row{"C15_no_time",
            plain(", format: docker"),
            {R"({"log":"missing time field","stream":"stdout"})"},
            {R"("{\"log\":\"missing time field\",\"stream\":\"stdout\"}" {"log":"missing time field","stream":"stdout"})"},
            {"time"}},
        Row{"C16_between_good_ones",
            plain(", format: docker, on_error: drop_quiet"),
            {kDocker, "invalid", kDocker},
            {kDockerOut, kDockerOut}},
        Row{"C17_pinned_containerd",
            plain(", format: containerd, on_error: drop"),
            {kDocker},
            {},
            {"containerd"}},
        Row{"C17_pinned_crio", plain(", format: crio, on_error: drop"), {kDocker}, {}, {"crio"}},
        // Line grammar.
        Row{"tag_and_nothing",
            plain(),
            {"2024-01-15T10:30:00.000Z stdout F"},
            {cri("F", "") + " ts=2024-01-15T10:30:00"}},
        Row{"tag_and_blank",
            plain(),
            {"2024-01-15T10:30:00.000Z stdout F "},
            {cri("F", "") + " ts=2024-01-15T10:30:00"}},
        Row{"no_such_stream", plain(", on_error: drop"), {"2024-01-15T10:30:00.000Z stdxxx F x"}, {}, {""}},
        Row{"no_time_at_all", plain(", on_error: drop"), {"stdout F message"}, {}, {""}},
        Row{"offset_minus",
            plain(", format: crio"),
            {"2024-01-15T10:30:00.000000000-05:00 stdout F x"},
            {cri("F", "x") + " ts=2024-01-15T15:30:00"}},
        Row{"bad_time", plain(", on_error: drop"), {"2024-13-15T10:30:00.000Z stdout F x"}, {}, {"time"}},
        Row{"newlines_inside",
            plain(", on_error: drop"),
            {"2024-01-15T10:30:00.000Z stdout F a\nb"},
            {},
            {"cannot be parsed"}},
        Row{"docker_newline_stays",
            plain(),
            {R"({"log":"x\n","stream":"stderr","time":"2024-01-15T10:30:00Z"})"},
            {R"("x\n" {"log.iostream":"stderr"} ts=2024-01-15T10:30:00)"}},
        Row{"docker_other_keys",
            plain(),
            {R"({"log":"x","stream":"stderr","time":"2024-01-15T10:30:00Z","attrs":{"a":"b"}})"},
            {R"("x" {"attrs":{"a":"b"},"log.iostream":"stderr"} ts=2024-01-15T10:30:00)"}},
        Row{"docker_without_stream",
            plain(),
            {R"({"log":"x","time":"2024-01-15T10:30:00Z"})"},
            {R"("x" ts=2024-01-15T10:30:00)"},
            {"stream"}},
        Row{"docker_bad_json", plain(), {"{not json"}, {R"("{not json")"}, {"docker"}},
        Row{"path_missing",
            "[{type: container}]",
            {kT + "Z stdout F x"},
            {cri("F", "x") + kTs},
            {"include_file_path"}},
        Row{"body_not_text", plain(), {R"(@{"body":{"a":1}})"}, {R"({"a":1})"}, {"map[string]interface"}}),
    RowName());

TEST_F(OperatorTest, ContainerPaths) {
  struct Path {
    const char* path;
    bool good;
  };
  const std::string pod = "/var/log/pods/default_mypod_49cc7c1fd3702c40b2686ea7486091d3/mycontainer/";
  const std::pair<std::string, bool> rows[] = {
      {pod + "0.log", true},
      {pod + "0.log.20240115-103000", true},
      {pod + "0.log.backup", false},
      {pod + "0.log.20240115", false},
      {pod + "0.log.20240115-10300", false},
      {pod + "0.log2", false},
      {pod + "0.txt", false},
      {pod + "abc.log", false},
      {"", false},
      {"0.log", false},
      {"default_mypod_49cc7c1fd3702c40b2686ea7486091d3/mycontainer/0.log", false},
      {"/var/log/pods/default_mypod_XXXX7c1fd3702c40b2686ea7486091d3/mycontainer/0.log", false},
      {"/var/log/pods/default_mypod_49cc7c1fd3702c40b2686ea7486091d3/my.container/0.log", false},
      {R"(C:\var\log\pods\default_mypod_49cc7c1fd3702c40b2686ea7486091d3\mycontainer\0.log)", true},
  };
  ASSERT_EQ(build("[{type: container}]"), "");
  for (const auto& [path, good] : rows) {
    out.clear();
    errors.clear();
    feed({from(kT + "Z stdout F x", path)});
    ASSERT_EQ(out.size(), 1u) << path;
    EXPECT_EQ(errors.empty(), good) << path;
    EXPECT_EQ(out[0].find("k8s.pod.name\":\"mypod") != std::string::npos, good) << path;
  }
}

TEST_F(OperatorTest, ContainerPartsByTheHundred) {  // C11
  ASSERT_EQ(build(plain(", max_log_size: 0")), "");
  for (int i = 0; i < 1100; ++i) feed({kT + "Z stdout P x"});
  EXPECT_EQ(pipeline->held(), 1100u);
  feed({kT + "Z stdout F y"});
  EXPECT_THAT(out, ElementsAre(cri("P", std::string(1100, 'x') + "y") + kTs));
  EXPECT_EQ(pipeline->held(), 0u);
}

TEST_F(OperatorTest, ContainerGivesOutUnfinishedParts) {
  ASSERT_EQ(build(plain()), "");
  feed({kT + "Z stdout P a"});
  loop.advance(4s);
  EXPECT_THAT(out, IsEmpty());
  loop.advance(1s);
  EXPECT_THAT(out, ElementsAre(cri("P", "a") + kTs));
}

TEST_F(OperatorTest, ContainerConfig) {  // C18
  EXPECT_THAT(build("[{type: container, format: invalid_runtime}]"), HasSubstr("invalid `format` field"));
  EXPECT_THAT(build("[{type: container, on_error: invalid_on_error}]"),
              HasSubstr("invalid `on_error` field"));
}

}  // namespace
}  // namespace gleaner::stanza
