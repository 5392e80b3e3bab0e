#include "stanza/files/identify.h"

#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using namespace testing_support;

class IdentifyTest : public testing::Test {
 protected:
  Folder folder;
  std::vector<std::unique_ptr<File>> files;

  /// An open file of this content, with what makes it comparable.
  File& open(const std::string& name, const std::string& content) {
    folder.write(name, content);
    auto file = std::make_unique<File>();
    file->fd = Fd(::open(folder.path(name).c_str(), O_RDONLY | O_CLOEXEC));
    file->identity = {1, folder.inode(name)};
    file->look(TimePoint{});
    file->position.fingerprint = peek(file->fd, 0, 1000);
    files.push_back(std::move(file));
    return *files.back();
  }
  static Position read(const std::string& content, std::size_t offset) {
    Position position;
    position.fingerprint = content.substr(0, 1000);
    move_offset(position, std::string_view(content).substr(0, offset));
    position.record_number = 7;
    return position;
  }
  static Memory memory(Position position, Identity truncated = {}, Identity identity = {},
                       TimePoint copies = TimePoint::max()) {
    return {std::move(position), truncated, identity, copies};
  }
  static constexpr TimePoint at(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }
};

TEST_F(IdentifyTest, MovesTheOffset) {
  Position position;
  move_offset(position, "abc");
  move_offset(position, "");
  move_offset(position, "def");
  EXPECT_EQ(position.anchor, "abcdef");
  move_offset(position, std::string(60, 'x'));
  EXPECT_EQ(position.offset, 66u);
  EXPECT_EQ(position.anchor, "cdef" + std::string(60, 'x'));
  move_offset(position, std::string(100, 'y'));
  EXPECT_EQ(position.anchor, std::string(64, 'y'));
}

TEST_F(IdentifyTest, ReadsInPieces) {
  const auto& file = open("a", "0123456789");
  EXPECT_EQ(peek(file.fd, 3, 4), "3456");
  EXPECT_EQ(peek(file.fd, 8, 4), "89");
  EXPECT_EQ(peek(file.fd, 20, 4), "");
  Loop loop;
  Buffer buffer(8);
  EXPECT_EQ(*loop.run_until_done(read_at(loop, file.fd, 2, 8, buffer)), 8u);
  EXPECT_EQ(buffer.view(), "23456789");
  Buffer behind(8);
  EXPECT_EQ(*loop.run_until_done(read_at(loop, file.fd, 8, 8, behind)), 2u);
  Buffer none(8);
  const Fd closed;
  EXPECT_FALSE(loop.run_until_done(read_at(loop, closed, 0, 8, none)));
}

TEST_F(IdentifyTest, ClaimsWhatItContinues) {
  const std::string content = "one\ntwo\nthree\n";
  struct Row {
    const char* name;
    std::string content;
    bool claimed, waiting;
  };
  const Row rows[] = {
      {"the same", content, true, false},
      {"longer", content + "four\n", true, false},
      {"another", "two\n" + content, false, false},
      {"shorter", "one\ntwo\n", false, true},
      {"other bytes before the offset", "one\ntwo\nTHREE\n", false, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Memories memories;
    memories.add(memory(read(content, content.size())));
    bool waiting = false;
    const auto found = memories.claim(open("a", row.content), at(0), waiting);
    EXPECT_EQ(found.has_value(), row.claimed);
    EXPECT_EQ(waiting, row.waiting);
    EXPECT_EQ(memories.all().size(), row.claimed ? 0u : 1u) << "each is claimed once";
    if (found) EXPECT_EQ(found->record_number, 7u);
  }
}

TEST_F(IdentifyTest, ClaimsNothingOfItsOwnPast) {
  auto& file = open("a", "one\n");
  Memories memories;
  memories.add(memory(read("one\n", 4), file.identity));
  bool waiting = false;
  EXPECT_FALSE(memories.claim(file, at(0), waiting));
}

TEST_F(IdentifyTest, TakesEqualFilesForCopiesForAWhileOnly) {
  auto& file = open("a", "daily\n");
  bool waiting = false;
  Memories memories;
  memories.add(memory(read("daily\n", 6), {}, {1, 99}, at(60)));
  EXPECT_FALSE(memories.claim(file, at(61), waiting));
  EXPECT_TRUE(memories.claim(file, at(59), waiting));
  memories.add(memory(read("daily\n", 6), {}, file.identity, at(60)));
  EXPECT_TRUE(memories.claim(file, at(1000), waiting)) << "the file itself comes back";
}

TEST_F(IdentifyTest, PrefersTheNewestMemory) {
  Memories memories;
  memories.add(memory(read("one\ntwo\n", 4)));
  memories.add(memory(read("one\ntwo\n", 8)));
  bool waiting = false;
  EXPECT_EQ(memories.claim(open("a", "one\ntwo\n"), at(0), waiting)->offset, 8u);
}

TEST_F(IdentifyTest, BoundsItsMemory) {
  Memories memories;
  for (std::size_t i = 0; i < 2 * Memories::kMost; ++i) {
    const std::string text = std::to_string(i) + "\n";
    memories.add(memory(read(text, text.size())));
  }
  EXPECT_EQ(memories.all().size(), Memories::kMost);
  EXPECT_EQ(memories.all().back().position.fingerprint, std::to_string(2 * Memories::kMost - 1) + "\n");
}

TEST_F(IdentifyTest, RestoresEverythingOfAnEarlierRun) {
  std::vector<Kept> kept;
  for (std::size_t i = 0; i < 3 * Memories::kMost; ++i)
    kept.push_back({read(std::to_string(i) + "\n", 2), {}, Kept::Fate::open});
  Memories memories;
  memories.restore(std::move(kept), at(0), std::chrono::seconds(60));
  EXPECT_EQ(memories.all().size(), 3 * Memories::kMost);
}

TEST_F(IdentifyTest, KnowsWhatAnEarlierRunSaysOfFiles) {
  auto& file = open("a", "daily\n");
  struct Row {
    const char* name;
    Kept::Fate fate;
    std::uint64_t inode;
    bool claimed;
  };
  const std::uint64_t own = file.identity.inode, other = own + 1;
  const Row rows[] = {
      {"the file itself", Kept::Fate::open, own, true},
      {"renamed, copied or moved meanwhile", Kept::Fate::open, other, true},
      {"it came back", Kept::Fate::away, own, true},
      {"another with the same text", Kept::Fate::away, other, false},
      {"its own past", Kept::Fate::truncated, own, false},
      {"a copy of what was truncated", Kept::Fate::truncated, other, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Memories memories;
    memories.restore({{read("daily\n", 6), {file.identity.device, row.inode}, row.fate}}, at(0),
                     std::chrono::seconds(60));
    bool waiting = false;
    EXPECT_EQ(memories.claim(file, at(1), waiting).has_value(), row.claimed);
  }
}

TEST_F(IdentifyTest, PrefersTheFileItself) {
  auto& file = open("a", "same\nsame\n");
  Memories memories;
  memories.restore({{read("same\nsame\n", 5), file.identity, Kept::Fate::open},
                    {read("same\nsame\n", 10), {1, 99}, Kept::Fate::open}},
                   at(0), std::chrono::seconds(60));
  bool waiting = false;
  EXPECT_EQ(memories.claim(file, at(0), waiting)->offset, 5u);
}

TEST_F(IdentifyTest, SaysWhatItForgot) {
  Memories memories;
  for (std::size_t i = 1; i <= Memories::kMost + 2; ++i) {
    Position position = read(std::to_string(i) + "\n", 2);
    position.key = i;
    memories.add(memory(std::move(position)));
  }
  EXPECT_THAT(memories.take_forgotten(), testing::ElementsAre(1u, 2u));
  Position again = read("100\n", 2);
  again.key = 7000;
  memories.add(memory(std::move(again)));
  EXPECT_THAT(memories.take_forgotten(), testing::ElementsAre(100u));
}

TEST_F(IdentifyTest, ComparesWithOpenFiles) {
  const std::string big(3000, 'b');
  auto& other = open("other", "one\ntwo\n");
  auto& large = open("large", big + "1");
  other.identified = large.identified = true;
  struct Row {
    const char* name;
    std::string content;
    Kind kind;
  };
  const Row rows[] = {
      {"the same", "one\ntwo\n", Kind::duplicate},
      {"its beginning", "one\n", Kind::unclear},
      {"longer", "one\ntwo\nthree\n", Kind::fresh},
      {"another", "two\n", Kind::fresh},
      {"a copy of the large one", big + "1", Kind::duplicate},
      {"a large one that starts alike", big + "2", Kind::fresh},
      {"a large one half copied", big.substr(0, 2000), Kind::duplicate},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(compare(open("file", row.content), files), row.kind) << row.name;
    files.pop_back();
  }
  other.duplicate = true;
  EXPECT_EQ(compare(open("file", "one\ntwo\n"), files), Kind::fresh)
      << "duplicates are compared with by nobody";
}

}  // namespace
}  // namespace gleaner::stanza::files
