#include "receivers/k8spodlogs/log_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::receivers::k8spodlogs {
namespace {
using testing::ElementsAre;

TEST(LogFiles, HaveTheirNames) {
  EXPECT_EQ(log_file_named("0.log"), (LogFile{"0.log", 0, "", false}));
  EXPECT_EQ(log_file_named("12.log.20260102-150405"),
            (LogFile{"12.log.20260102-150405", 12, "20260102-150405", false}));
  EXPECT_EQ(log_file_named("3.log.20260102-150405.gz"),
            (LogFile{"3.log.20260102-150405.gz", 3, "20260102-150405", true}));
  for (const char* other :
       {"", ".log", "a.log", "0.txt", "0.log.", "0.log.gz", "0.log.20260102-150405.tmp",
        "0.log.20260102-150405.gz.tmp", "0.log.2026", "-1.log", "99999999999.log", "+1.log"})
    EXPECT_FALSE(log_file_named(other)) << other;
}

TEST(LogFiles, AreReadOldestFirst) {
  std::vector<std::string> names;
  for (const auto& file :
       log_files({"1.log", "0.log", "0.log.20260102-000002", "sub/", "0.log.20260102-000001.gz",
                  "0.log.20260102-000002.gz", "0.log.20260102-000003.tmp"}))
    names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("0.log.20260102-000001.gz", "0.log.20260102-000002", "0.log", "1.log"));
}

TEST(LogFiles, AreFoundInAListing) {
  EXPECT_THAT(listed_names("<!doctype html>\n<pre>\n<a href=\"0.log\">0.log</a>\n"
                           "<a href=\"/api/v1/nodes/n/proxy/logs/a%26b/\">a&amp;b/</a>\n</pre>\n"),
              ElementsAre("0.log", "a&b/"));
  EXPECT_THAT(listed_names("<a href=\"x\">cut"), ElementsAre());
  EXPECT_THAT(listed_names("<a "), ElementsAre());
}

TEST(FilePlace, KnowsTheBytesBeforeIt) {
  FilePlace place;
  EXPECT_TRUE(place.none());
  place.pass("ab\n");
  EXPECT_EQ(place, (FilePlace{0, 3, "ab\n"}));
  place.pass(std::string(100, 'x'));
  EXPECT_EQ(place, (FilePlace{0, 103, std::string(64, 'x')}));
  place.pass("y");
  EXPECT_EQ(place.tail, std::string(63, 'x') + "y");
}

TEST(FilePlace, IsReadBack) {
  const FilePlace place{7, 1ull << 40, "2026-01-02T15:04:05.1Z stdout F x\n"};
  EXPECT_EQ(decode_file_place(encode(place)), place);
  EXPECT_FALSE(decode_file_place(""));
  EXPECT_FALSE(decode_file_place("\x01" + encode(place).substr(1))) << "a place in a stream";
  EXPECT_FALSE(decode_file_place(encode(place) + std::string(64, 'x')));
  EXPECT_FALSE(decode_file_place(encode(FilePlace{0, 2, "longer than that"})));
}

}  // namespace
}  // namespace gleaner::receivers::k8spodlogs
