#include "stanza/emit.h"
#include "stanza/operator_test.h"

namespace gleaner::stanza {
namespace {
using namespace testing_support;

// What operators do with --compat 0.102; the recorded cases of flavour 102 cover the rest.

class Compat : public OperatorTest, public testing::WithParamInterface<Row> {
  const config::WithCompat old_{config::Compat::v0_102};
};
TEST_P(Compat, IsAsItWas) { check(GetParam()); }

const std::string kPods = "/var/log/pods/ns_pod_0a-1b/app/3.log";
const std::string kNames =
    R"("k8s.container.name":"app","k8s.container.restart_count":"3","k8s.namespace.name":"ns",)"
    R"("k8s.pod.name":"pod","k8s.pod.uid":"0a-1b","log.file.path":")" +
    kPods + '"';

INSTANTIATE_TEST_SUITE_P(
    Operators, Compat,
    testing::Values(
        Row{"container_puts_names_into_attributes",
            "[{type: container}]",
            {R"(@{"body":"2024-05-05T05:05:05Z stdout F a","path":")" + kPods + "\"}",
             R"(@{"body":"2024-05-05T05:05:05+00:00 stderr F b","path":")" + kPods + "\"}"},
            {R"("a" {)" + kNames +
                 R"(,"log.iostream":"stdout","logtag":"F","time":"2024-05-05T05:05:05Z"} ts=2024-05-05T05:05:05)",
             R"("b" {)" + kNames +
                 R"(,"log.iostream":"stderr","logtag":"F","time":"2024-05-05T05:05:05+00:00"} ts=2024-05-05T05:05:05)"}},
        Row{"container_the_long_way",
            "[{type: container, severity: {parse_from: attributes.stream, mapping: {error: stderr}}}]",
            {R"(@{"body":"2024-05-05T05:05:05Z stderr F a","path":")" + kPods + "\"}"},
            {R"("a" {)" + kNames +
             R"(,"log.iostream":"stderr","logtag":"F","time":"2024-05-05T05:05:05Z"} ts=2024-05-05T05:05:05 sev=17/stderr)"}},
        Row{"container_attributes_can_be_moved",
            R"([{type: container}, {type: move, from: 'attributes["k8s.pod.name"]', to: 'resource["k8s.pod.name"]'},
                {type: retain, fields: ['body']}])",
            {R"(@{"body":"2024-05-05T05:05:05Z stdout F a","attributes":{"log.file.path":")" + kPods +
             "\"}}"},
            {R"("a" {)" + kNames.substr(0, kNames.find("\"k8s.pod.name\"")) +
             kNames.substr(kNames.find("\"k8s.pod.uid\"")) +
             R"(,"log.iostream":"stdout","logtag":"F","time":"2024-05-05T05:05:05Z"} resource={"k8s.pod.name":"pod"} ts=2024-05-05T05:05:05)"}},
        Row{"retain_wipes_severity",
            "[{type: severity_parser, parse_from: body}, {type: retain, fields: [body]}]",
            {"error"},
            {R"("error")"}},
        Row{"syslog_has_no_facility_text",
            "[{type: syslog_parser, protocol: rfc5424}]",
            {"<34>1 2024-10-11T22:14:15Z h su - - - x"},
            {R"("<34>1 2024-10-11T22:14:15Z h su - - - x" {"appname":"su","facility":4,"hostname":"h","message":"x","priority":34,"version":1} ts=2024-10-11T22:14:15 sev=18/crit)"}}),
    RowName());

TEST(CompatEmit, SpellsOutNil) {
  for (const bool old : {false, true}) {
    Entries entries;
    Entry entry;
    text::JsonReader reader;
    entry.attributes = *reader.read_object(R"({"a":null,"b":[null,{"c":null}]})", entries.arena);
    entries.list.push_back(entry);
    const auto out = emit(std::move(entries), old);
    const auto& record = out.resources[0].scopes[0].records[0];
    EXPECT_TRUE(record.body.is_empty()) << "an empty body stays empty";
    std::string json;
    pdata::append_json(json, pdata::Value::map(const_cast<pdata::Map*>(&record.attributes)));
    EXPECT_EQ(json,
              old ? R"({"a":"<nil>","b":["<nil>",{"c":"<nil>"}]})" : R"({"a":null,"b":[null,{"c":null}]})");
  }
}

}  // namespace
}  // namespace gleaner::stanza
