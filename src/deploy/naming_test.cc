#include "deploy/naming.h"

#include <gtest/gtest.h>

namespace gleaner::deploy {
namespace {

TEST(Naming, DnsNames) {
  // Source: the operator's own table of names.
  EXPECT_EQ(dns_name({"simplest"}), "simplest");
  EXPECT_EQ(dns_name({"instance.with.dots", "-collector-headless"}), "instance-with-dots-collector-headless");
  EXPECT_EQ(dns_name({"foo-"}), "foo");
  EXPECT_EQ(dns_name({std::string(70, 'a'), "-collector"}), std::string(53, 'a') + "-collector");
  EXPECT_EQ(dns_name({"ab", "-", std::string(80, 'n'), "-cluster-role"}),
            std::string(49, 'n') + "-cluster-role");
}

TEST(Naming, Ports) {
  EXPECT_EQ(port_name("otlp-grpc", 4317), "otlp-grpc");
  EXPECT_EQ(port_name("otlp/2_a-grpc", 4317), "otlp-2-a-grpc");
  EXPECT_EQ(port_name("jaeger-thrift_compact", 6831), "port-6831");
  EXPECT_EQ(port_name("/x", 1), "port-1");
  EXPECT_TRUE(is_port_name("metrics"));
  for (const auto* bad : {"", "8080", "a--b", "-a", "a-", "UPPER", "sixteen-chars-16"})
    EXPECT_FALSE(is_port_name(bad)) << bad;
}

TEST(Naming, VersionLabels) {
  EXPECT_EQ(version_label("gleaner"), "latest");
  EXPECT_EQ(version_label("gleaner:0.1"), "0.1");
  EXPECT_EQ(version_label("registry:5000/gleaner:0.1"), "");
  EXPECT_EQ(version_label("gleaner:0.81.0@sha256:c667"), "0.81.0");
  EXPECT_EQ(version_label("a@sha256:c6671841470b83007e0553cdadbc9d05f6cfe17b3ebe9733728dc4a579a5b532").size(),
            63u);
}

}  // namespace
}  // namespace gleaner::deploy
