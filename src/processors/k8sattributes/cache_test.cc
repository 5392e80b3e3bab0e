#include "processors/k8sattributes/cache.h"

#include <fmt/format.h>

#include "processors/k8sattributes/testing.h"

namespace gleaner::processors::k8sattributes {
namespace {
using namespace testing_support;
using namespace std::chrono_literals;

std::string packed(std::string_view uid, std::string_view address, Arena& arena) {
  Facts facts;
  facts.uid = uid;
  facts.ip = address;
  std::string id;
  start_id(id, kByAddress);
  add_to_id(id, address);
  facts.ids.push_back(arena, arena.copy(id));
  return pack(facts);
}
std::string id_of(std::string_view address) {
  std::string id;
  start_id(id, kByAddress);
  add_to_id(id, address);
  return id;
}
const TimePoint kNow{};

class CacheTest : public testing::Test {
 protected:
  void put(std::string_view uid, std::string_view address, std::uint64_t started) {
    EXPECT_TRUE(cache.put(Kind::pod, uid, packed(uid, address, arena), started));
  }
  std::string at(std::string_view address) {
    const auto found = cache.pod(id_of(address));
    return found ? std::string(unpack(*found, arena).uid) : "";
  }
  Arena arena;
  Cache cache;
};

TEST_F(CacheTest, AnAddressBelongsToTheNewerPod) {
  put("old", "10.0.0.1", 100);
  put("new", "10.0.0.1", 200);
  EXPECT_EQ(at("10.0.0.1"), "new");
  put("old", "10.0.0.1", 100);  // word of the old one comes late
  EXPECT_EQ(at("10.0.0.1"), "new");
  cache.remove(Kind::pod, "old", kNow);
  (void)cache.sweep(kNow + 1s);
  EXPECT_EQ(at("10.0.0.1"), "new") << "the old one's end does not take it away";
}

TEST_F(CacheTest, AChangedAddressLeadsNowhere) {
  put("a", "10.0.0.1", 100);
  put("a", "10.0.0.2", 100);
  EXPECT_EQ(at("10.0.0.1"), "");
  EXPECT_EQ(at("10.0.0.2"), "a");
}

TEST_F(CacheTest, DeletedPodsStayForAWhile) {
  put("a", "10.0.0.1", 100);
  cache.remove(Kind::pod, "a", kNow + 10s);
  EXPECT_EQ(cache.sweep(kNow + 9s), kNow + 10s);
  EXPECT_EQ(at("10.0.0.1"), "a");
  EXPECT_EQ(cache.sweep(kNow + 10s), std::nullopt);
  EXPECT_EQ(at("10.0.0.1"), "");
  EXPECT_EQ(cache.size(Kind::pod), 0u);
}

TEST_F(CacheTest, AListForgetsWhatIsNotInIt) {
  put("a", "10.0.0.1", 100);
  put("b", "10.0.0.2", 100);
  Facts node;
  node.name = "n";
  EXPECT_TRUE(cache.put(Kind::node, "n", pack(node), 0));
  cache.begin_list(Kind::pod);
  put("b", "10.0.0.2", 100);
  cache.end_list(Kind::pod, kNow + 1s);
  (void)cache.sweep(kNow + 2s);
  EXPECT_EQ(at("10.0.0.1"), "");
  EXPECT_EQ(at("10.0.0.2"), "b");
  EXPECT_TRUE(cache.find(Kind::node, "n")) << "another kind's list";
  cache.begin_list(Kind::node);
  cache.end_list(Kind::node, kNow);
  EXPECT_FALSE(cache.find(Kind::node, "n"));
}

TEST_F(CacheTest, APodThatComesBackIsNotForgotten) {
  put("a", "10.0.0.1", 100);
  cache.remove(Kind::pod, "a", kNow + 1s);
  put("a", "10.0.0.1", 100);
  (void)cache.sweep(kNow + 2s);
  EXPECT_EQ(at("10.0.0.1"), "a");
}

TEST_F(CacheTest, WithoutAKeyNothingIsKept) {
  EXPECT_FALSE(cache.put(Kind::pod, "", "x", 0));
  EXPECT_FALSE(cache.put(Kind::pod, "uid", "no such text", 0));
}

// 5,000 pods with the default rules and two labels: 5 MiB. ASan's heap cannot tell, so bytes are counted by
// hand: what is packed, and 250 a pod for the nodes of three hash tables and the shared count (measured with
// glibc's heap: 214).
TEST_F(CacheTest, IsSmall) {
  const auto rules = Rules::compile(config_of("extract: {labels: [{key: app}, {key: tier}]}"));
  Arena one;
  const auto object = k8s::read_object(kPod, one);
  const std::string text = pack(gather(*rules, Kind::pod, *object, one));
  EXPECT_LT(text.size() + 250, 5u * 1024 * 1024 / 5000);
}

}  // namespace
}  // namespace gleaner::processors::k8sattributes
