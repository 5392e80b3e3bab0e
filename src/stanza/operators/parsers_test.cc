// regex_parser, json_parser, csv_parser, key_value_parser and others, and the blocks timestamp, severity,
// trace and scope_name. Source: spec/filelog.md 13, 15, 19.2-19.4.
#include "stanza/operator_test.h"

namespace gleaner::stanza {
namespace {
using namespace testing_support;
using testing::HasSubstr;

class Parsers : public OperatorTest, public testing::WithParamInterface<Row> {};
TEST_P(Parsers, Parse) { check(GetParam()); }

const std::string kPod =
    R"([{type: regex_parser, regex: '^(?P<pod_name>[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?P<namespace>[^_]+)_(?P<container_name>.+)-(?P<container_id>[a-z0-9]{64})\.log$'}])";
const std::string kId = "901f7510281180a402936c92f5bc0f3557f5a21ccb5a4591c5bf98f3ddbffdd6";

INSTANTIATE_TEST_SUITE_P(
    Operators, Parsers,
    testing::Values(
        // regex_parser
        Row{"X1", "[{type: regex_parser, regex: 'a=(?P<a>.*)'}]", {"a=b"}, {R"("a=b" {"a":"b"})"}},
        Row{"X1_cached",
            "[{type: regex_parser, regex: 'a=(?P<a>.*)', cache: {size: 10}}]",
            {"a=b", "a=b", "a=c"},
            {R"("a=b" {"a":"b"})", R"("a=b" {"a":"b"})", R"("a=c" {"a":"c"})"}},
        Row{"X2",
            kPod,
            {"coredns-5644d7b6d9-mzngq_kube-system_coredns-" + kId + ".log"},
            {"\"coredns-5644d7b6d9-mzngq_kube-system_coredns-" + kId + R"(.log" {"container_id":")" + kId +
             R"(","container_name":"coredns","namespace":"kube-system","pod_name":"coredns-5644d7b6d9-mzngq"})"}},
        Row{"X4",
            "[{type: regex_parser, regex: '(?P<a>.)'}]",
            {R"(@{"body":[1]})"},
            {"[1]"},
            {"cannot be parsed as regex"}},
        Row{"regex_no_match",
            "[{type: regex_parser, regex: '^(?P<a>x)$'}]",
            {"y"},
            {R"("y")"},
            {"regex pattern does not match"}},
        Row{"regex_group_not_taken",
            "[{type: regex_parser, regex: '^(?P<a>x)?(?P<b>y)$'}]",
            {"y"},
            {R"("y" {"a":"","b":"y"})"}},
        Row{"regex_from_to",
            "[{type: regex_parser, parse_from: attributes.k, parse_to: body, regex: '^(?P<a>.)(?P<b>.)'}]",
            {R"(@{"body":{"z":1},"attributes":{"k":"xy"}})"},
            {R"({"a":"x","b":"y","z":1} {"k":"xy"})"}},
        Row{"regex_from_missing",
            "[{type: regex_parser, parse_from: attributes.no, regex: '(?P<a>.)'}]",
            {"b"},
            {R"("b")"},
            {"parse_from"}},
        // json_parser
        Row{"J1", "[{type: json_parser}]", {"{}"}, {R"("{}")"}},
        Row{"J2",
            "[{type: json_parser}]",
            {R"({"superkey":"superval"})"},
            {R"("{\"superkey\":\"superval\"}" {"superkey":"superval"})"}},
        Row{"J3",
            "[{type: json_parser, parse_to: body, timestamp: {parse_from: body.timestamp, layout_type: "
            "epoch, layout: s}}]",
            {R"({"superkey":"superval","timestamp":1136214245})"},
            {R"({"superkey":"superval","timestamp":1136214245d} ts=2006-01-02T15:04:05)"}},
        Row{"J4",
            "[{type: json_parser, parse_to: body, scope_name: {parse_from: body.logger_name}}]",
            {R"({"superkey":"superval","logger_name":"logger"})"},
            {R"({"logger_name":"logger","superkey":"superval"} scope=logger)"}},
        Row{"J5",
            "[{type: json_parser, parse_to: body}]",
            {R"({"int":1,"float":1.0})"},
            {R"({"float":1d,"int":1d})"}},
        Row{"J6",
            "[{type: json_parser, parse_to: body, parse_ints: true}]",
            {R"({"int":1,"float":1.0,"mixed_array":[1,1.5,2]})"},
            {R"({"float":1d,"int":1,"mixed_array":[1,1.5d,2]})"}},
        Row{"J7",
            "[{type: json_parser, parse_to: body, parse_ints: true}]",
            {R"({"o":{"a":[{"b":1}]}})"},
            {R"({"o":{"a":[{"b":1}]}})"}},
        Row{"J8_list", "[{type: json_parser}]", {R"(@{"body":[1]})"}, {"[1]"}, {"cannot be parsed as JSON"}},
        Row{"J8_number", "[{type: json_parser}]", {R"(@{"body":7})"}, {"7"}, {"cannot be parsed as JSON"}},
        Row{"json_not_an_object",
            "[{type: json_parser, on_error: drop}]",
            {"[1]", "\"x\"", "7"},
            {},
            {"", "", ""}},
        Row{"json_null", "[{type: json_parser}]", {"null"}, {R"("null")"}},
        Row{"json_null_inside",
            "[{type: json_parser, parse_to: body}]",
            {R"({"a":null})"},
            {R"({"a":null})"}},
        Row{"json_body",
            "[{type: json_parser, body: attributes.msg}]",
            {R"({"msg":"m","x":"y"})"},
            {R"("m" {"msg":"m","x":"y"})"}},
        Row{"json_merges",
            "[{type: json_parser}]",
            {R"(@{"body":"{\"a\":\"new\"}","attributes":{"a":"old","b":"c"}})"},
            {R"("{\"a\":\"new\"}" {"a":"new","b":"c"})"}},
        // csv_parser
        Row{"csv",
            "[{type: csv_parser, header: 'a,b,c', parse_to: body}]",
            {R"(1,"x, ""y""",z)"},
            {R"({"a":"1","b":"x, \"y\"","c":"z"})"}},
        Row{"csv_too_few",
            "[{type: csv_parser, header: 'a,b'}]",
            {"1"},
            {R"("1")"},
            {"wrong number of fields: expected 2, found 1"}},
        Row{"csv_tabs",
            "[{type: csv_parser, header: \"a\\tb\", delimiter: \"\\t\", parse_to: body}]",
            {"1\t2"},
            {R"({"a":"1","b":"2"})"}},
        Row{"csv_header_attribute",
            "[{type: csv_parser, header_attribute: h, parse_to: body}]",
            {R"(@{"body":"1,2","attributes":{"h":"x,y"}})"},
            {R"({"x":"1","y":"2"} {"h":"x,y"})"}},
        Row{"csv_header_attribute_missing", "[{type: csv_parser, header_attribute: h}]", {"1,2"}, {}, {""}},
        // key_value_parser
        Row{"kv",
            "[{type: key_value_parser, parse_to: body}]",
            {R"(a=1  b='x y' c="p=q")"},
            {R"({"a":"1","b":"x y","c":"p=q"})"}},
        Row{"kv_delimiters",
            "[{type: key_value_parser, delimiter: ':', pair_delimiter: ';', parse_to: body}]",
            {"a:1; b : 2"},
            {R"({"a":"1","b":"2"})"}},
        Row{"kv_no_pair", "[{type: key_value_parser}]", {"a=1 b"}, {R"("a=1 b")"}, {""}},
        // uri_parser, json_array_parser, syslog_parser
        Row{"uri",
            "[{type: uri_parser, parse_to: body}]",
            {"https://user:secret@host:8080/a/b?x=1&x=2&y=3#frag"},
            {R"({"host":"host","path":"/a/b","port":"8080","query":{"x":["1","2"],"y":["3#frag"]},"scheme":"https","user":"user"})"}},
        Row{"json_array",
            "[{type: json_array_parser, parse_to: body}]",
            {R"([1,"x",true,null])"},
            {R"([1,"x",true,null])"}},
        Row{"json_array_header",
            "[{type: json_array_parser, header: 'a,b', parse_to: body}]",
            {R"([1,"x"])"},
            {R"({"a":1,"b":"x"})"}},
        Row{"syslog_5424",
            "[{type: syslog_parser, protocol: rfc5424}]",
            {R"(<165>1 2003-10-11T22:14:15.003Z host app 42 ID47 [x@1 a="b"] text)"},
            {R"("<165>1 2003-10-11T22:14:15.003Z host app 42 ID47 [x@1 a=\"b\"] text" {"appname":"app","facility":20,"facility_text":"local4","hostname":"host","message":"text","msg_id":"ID47","priority":165,"proc_id":"42","structured_data":{"x@1":{"a":"b"}},"version":1} ts=2003-10-11T22:14:15.003000000 sev=10/notice)"}},
        // time_parser
        Row{"time_seconds",
            "[{type: time_parser, parse_from: body, layout: '%Y-%m-%dT%H:%M:%S', location: UTC}]",
            {"2020-06-09T15:39:58"},
            {R"("2020-06-09T15:39:58" ts=2020-06-09T15:39:58)"}},
        Row{"time_offset_wins",
            "[{type: time_parser, parse_from: body, layout: '%Y-%m-%dT%H:%M:%S.%L%z', location: UTC}]",
            {"2019-11-27T09:34:32.901-1000"},
            {R"("2019-11-27T09:34:32.901-1000" ts=2019-11-27T19:34:32.901000000)"}},
        Row{"time_zone_name",
            "[{type: time_parser, parse_from: body, layout: '%a %b %e %H:%M:%S %Z %Y'}]",
            {"Mon Jan 2 15:04:05 HST 2006"},
            {R"("Mon Jan 2 15:04:05 HST 2006" ts=2006-01-03T01:04:05)"}},
        Row{"time_micro",
            "[{type: time_parser, parse_from: body, layout: '%Y-%m-%dT%H:%M:%S.%f%j'}]",
            {"2019-10-15T10:42:01.900436-10:00"},
            {R"("2019-10-15T10:42:01.900436-10:00" ts=2019-10-15T20:42:01.900436000)"}},
        Row{"time_month_any_case",
            "[{type: time_parser, parse_from: body, layout: '%d-%b-%Y %H:%M:%S', location: UTC}]",
            {"22-JUL-2019 15:16:13"},
            {R"("22-JUL-2019 15:16:13" ts=2019-07-22T15:16:13)"}},
        Row{"time_nano",
            "[{type: time_parser, parse_from: body, layout: '%Y-%m-%dT%H:%M:%S.%sZ'}]",
            {"2019-03-08T18:41:12.152531115Z"},
            {R"("2019-03-08T18:41:12.152531115Z" ts=2019-03-08T18:41:12.152531115)"}},
        Row{"time_clf",
            "[{type: time_parser, parse_from: body, layout: '%d/%b/%Y:%H:%M:%S %z'}]",
            {"05/Aug/2019:20:38:46 +0000"},
            {R"("05/Aug/2019:20:38:46 +0000" ts=2019-08-05T20:38:46)"}},
        Row{"time_one_digit",
            "[{type: time_parser, parse_from: body, layout: '%q/%g/%Y %H:%M:%S', location: UTC}]",
            {"3/4/2018 11:52:29"},
            {R"("3/4/2018 11:52:29" ts=2018-03-04T11:52:29)"}},
        Row{"time_gotime",
            "[{type: time_parser, parse_from: body, layout_type: gotime, layout: '2006-01-02 15:04:05', "
            "location: UTC}]",
            {"2020-06-09 15:39:58"},
            {R"("2020-06-09 15:39:58" ts=2020-06-09T15:39:58)"}},
        Row{"epoch_s_text",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: s}]",
            {"1136214245"},
            {R"("1136214245" ts=2006-01-02T15:04:05)"}},
        Row{"epoch_s_int",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: s}]",
            {R"(@{"body":1136214245})"},
            {"1136214245 ts=2006-01-02T15:04:05"}},
        Row{"epoch_ms",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: ms}]",
            {"1136214245123"},
            {R"("1136214245123" ts=2006-01-02T15:04:05.123000000)"}},
        Row{"epoch_ns",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: ns}]",
            {"1136214245123456789"},
            {R"("1136214245123456789" ts=2006-01-02T15:04:05.123456789)"}},
        Row{"epoch_s_ms",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: s.ms}]",
            {"1136214245.123"},
            {R"("1136214245.123" ts=2006-01-02T15:04:05.123000000)"}},
        Row{"epoch_fraction_not_scaled",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: s.ms}]",
            {"1136214245.5"},
            {R"("1136214245.5" ts=2006-01-02T15:04:05.005000000)"}},
        Row{"epoch_no_number",
            "[{type: time_parser, parse_from: body, layout_type: epoch, layout: s}]",
            {"not-a-number"},
            {R"("not-a-number")"},
            {""}},
        Row{"time_does_not_fit",
            "[{type: time_parser, parse_from: body, layout: '%Y'}]",
            {"x"},
            {R"("x")"},
            {""}},
        Row{"time_gotime_of_int",
            "[{type: time_parser, parse_from: body, layout_type: gotime, layout: '2006'}]",
            {R"(@{"body":2020})"},
            {"2020"},
            {""}},
        // trace_parser, scope_name_parser
        Row{"trace",
            "[{type: trace_parser}]",
            {R"(@{"body":{"trace_id":"480140f3d770a5ae32f0a22b6a812cff","span_id":"92c3792d54ba94f3","trace_flags":"01"}})"},
            {R"({"span_id":"92c3792d54ba94f3","trace_flags":"01","trace_id":"480140f3d770a5ae32f0a22b6a812cff"} trace=480140f3d770a5ae32f0a22b6a812cff span=92c3792d54ba94f3 flags=01)"}},
        Row{"trace_absent", "[{type: trace_parser}]", {R"(@{"body":{"x":1}})"}, {R"({"x":1})"}},
        Row{"trace_bad_hex",
            "[{type: trace_parser}]",
            {R"(@{"body":{"trace_id":"zz","span_id":"92c3792d54ba94f3"}})"},
            {R"({"span_id":"92c3792d54ba94f3","trace_id":"zz"} span=92c3792d54ba94f3)"},
            {""}},
        Row{"scope",
            "[{type: scope_name_parser, parse_from: attributes.l}]",
            {R"(@{"body":"b","attributes":{"l":"x"}})"},
            {R"("b" {"l":"x"} scope=x)"}},
        Row{"scope_no_text",
            "[{type: scope_name_parser, parse_from: attributes.l}]",
            {R"(@{"body":"b","attributes":{"l":7}})"},
            {R"("b" {"l":7})"},
            {""}},
        // All blocks run although the first fails; one failure is told.
        Row{"blocks_go_on",
            "[{type: json_parser, timestamp: {parse_from: attributes.t, layout: '%Y'}, severity: "
            "{parse_from: attributes.s}, scope_name: {parse_from: attributes.no}}]",
            {R"({"t":"never","s":"warn"})"},
            {R"("{\"t\":\"never\",\"s\":\"warn\"}" {"s":"warn","t":"never"} sev=13/warn)"},
            {"never"}}),
    RowName());

struct Severity {
  const char* sample;   ///< JSON
  const char* mapping;  ///< YAML
  const char* out;      ///< number/text; "" = an error
};
class Severities : public OperatorTest, public testing::WithParamInterface<Severity> {};
TEST_P(Severities, AreMapped) {
  const auto& row = GetParam();
  const std::string keys = *row.mapping ? std::string(", ") + row.mapping : "";
  ASSERT_EQ(build("[{type: severity_parser, parse_from: body" + keys + "}]"), "");
  feed({std::string(R"(@{"body":)") + row.sample + "}"});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(errors.empty(), *row.out != 0);
  const auto at = out[0].find(" sev=");
  EXPECT_EQ(at == std::string::npos ? "" : out[0].substr(at + 5), row.out);
}
INSTANTIATE_TEST_SUITE_P(
    Operators, Severities,
    testing::Values(
        Severity{R"("blah")", "", "0/blah"}, Severity{R"("error")", "", "17/error"},
        Severity{R"("Error")", "", "17/Error"}, Severity{R"("Error")", "overwrite_text: true", "17/ERROR"},
        Severity{R"("tRaCe3")", "", "3/tRaCe3"}, Severity{R"("dEbUg4")", "", "8/dEbUg4"},
        Severity{R"("iNFo2")", "", "10/iNFo2"}, Severity{R"("wARn")", "", "13/wARn"},
        Severity{R"("fAtAl4")", "", "24/fAtAl4"},
        Severity{R"("NOOOOOOO")", "mapping: {error: NOOOOOOO}", "17/NOOOOOOO"},
        Severity{R"("NOOOOOOO")", "mapping: {ErRoR: NOOOOOOO}", "17/NOOOOOOO"},
        Severity{"1234", "mapping: {error: 1234}", "17/1234"},
        Severity{R"("ThiS Is BaD")", "mapping: {error: [NOOOOOOO, 'this is bad', 1234]}", "17/ThiS Is BaD"},
        Severity{"6.0", "mapping: {error: 6}", "17/6"},
        Severity{R"("critical")", "mapping: {error2: critical}", "18/critical"},
        Severity{R"("error")", "mapping: {error3: [error]}", "19/error"},
        Severity{"120", "mapping: {error: {min: 120, max: 125}}", "17/120"},
        Severity{"123", "mapping: {error: {min: 125, max: 120}}", "17/123"},
        Severity{"119", "mapping: {error: {min: 120, max: 125}}", "0/119"},
        Severity{"126", "mapping: {error: {min: 120, max: 125}}", "0/126"},
        Severity{"404", "mapping: {info: 2xx, warn: 3xx, error: 4xx, fatal: 5xx}", "17/404"},
        Severity{"201", "mapping: {info: 2xx, warn: 3xx, error: 4xx, fatal: 5xx}", "9/201"},
        Severity{"555", "mapping: {info: 2xx, fatal: 5xx}", "21/555"},
        Severity{R"("")", "mapping: {fatal2: ''}", "22/"}, Severity{R"("error")", "preset: none", "0/error"},
        Severity{R"("warning")", "", "13/warning"}, Severity{R"("warning")", "preset: otel", "0/warning"},
        Severity{R"("err2")", "", "18/err2"}, Severity{"true", "", ""}, Severity{"null", "", ""},
        Severity{"1.5", "", ""}));

struct Wrong {
  const char* operators;
  const char* words;
};
class ParserConfigs : public OperatorTest, public testing::WithParamInterface<Wrong> {};
TEST_P(ParserConfigs, AreRefused) {
  const std::string words = build(GetParam().operators);
  EXPECT_NE(words, "");
  EXPECT_THAT(words, HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    Operators, ParserConfigs,
    testing::Values(
        Wrong{"[{type: regex_parser}]", "regex"},
        Wrong{"[{type: regex_parser, regex: ')('}]", "unexpected )"},
        Wrong{"[{type: regex_parser, regex: '.*'}]", "no named capture groups"},
        Wrong{"[{type: regex_parser, regex: '(.*)'}]", "no named capture groups"},
        Wrong{"[{type: json_parser, parse_to: body, body: attributes.x}]", "body"},
        Wrong{"[{type: csv_parser}]", "header"},
        Wrong{"[{type: csv_parser, header: 'a,b', header_attribute: h}]", "header"},
        Wrong{"[{type: csv_parser, header: 'a,b', lazy_quotes: true, ignore_quotes: true}]", "quotes"},
        Wrong{"[{type: key_value_parser, delimiter: ' ', pair_delimiter: ' '}]", "delimiter"},
        Wrong{"[{type: time_parser, layout: '%Y'}]", "parse_from"},
        Wrong{"[{type: time_parser, parse_from: body, layout: '%1'}]", ""},
        Wrong{"[{type: time_parser, parse_from: body, layout: '%Y', layout_type: fake}]", "fake"},
        Wrong{"[{type: time_parser, parse_from: body, layout: '%Y', location: fake}]", "fake"},
        Wrong{"[{type: time_parser, parse_from: body, layout: years, layout_type: epoch}]", "specify 's'"},
        Wrong{"[{type: severity_parser}]", "parse_from"}, Wrong{"[{type: scope_name_parser}]", "parse_from"},
        Wrong{"[{type: syslog_parser}]", "protocol"}));

}  // namespace
}  // namespace gleaner::stanza
