#include "service/print_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/write.h"
#include "config/yaml.h"

namespace gleaner::service {
namespace {

std::string redacted(const std::string& yaml) {
  auto tree = *config::parse_yaml(yaml, "g.yaml");
  redact(tree);
  return config::to_yaml(tree);
}

TEST(Redact, HidesWhatTheTablesCallSecret) {
  EXPECT_EQ(redacted("exporters: {otlphttp: {endpoint: 'http://h', headers: {authorization: Bearer x}, "
                     "tls: {key_pem: k, key_file: /f}}}"),
            "exporters:\n    otlphttp:\n        endpoint: http://h\n        headers:\n"
            "            authorization: \"[REDACTED]\"\n        tls:\n            key_file: /f\n"
            "            key_pem: \"[REDACTED]\"\n");
  EXPECT_EQ(redacted("exporters: {otlp/x: {headers: [{name: a, value: b}]}}"),
            "exporters:\n    otlp/x:\n        headers:\n            - name: a\n"
            "              value: \"[REDACTED]\"\n");
}

TEST(Redact, HidesWhatNoTableDescribes) {
  EXPECT_EQ(redacted("exporters: {nosuch: {a: [b, {c: d}]}, otlp: {auth: {x: y}, typo: z}}"),
            "exporters:\n    nosuch:\n        a:\n            - \"[REDACTED]\"\n"
            "            - c: \"[REDACTED]\"\n    otlp:\n        auth:\n            x: \"[REDACTED]\"\n"
            "        typo: \"[REDACTED]\"\n");
}

TEST(Redact, LooksIntoListsAndMapsOfSections) {
  EXPECT_EQ(
      redacted("service: {pipelines: {logs: {receivers: [otlp]}}, telemetry: {metrics: {readers: [{pull: "
               "{exporter: {prometheus: {host: h, port: 1}}}}]}}}"),
      "service:\n    pipelines:\n        logs:\n            receivers:\n                - otlp\n"
      "    telemetry:\n        metrics:\n            readers:\n                - pull:\n"
      "                    exporter:\n                        prometheus:\n"
      "                            host: h\n                            port: 1\n");
}

}  // namespace
}  // namespace gleaner::service
