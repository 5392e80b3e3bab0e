#include "stanza/files/identify.h"

#include <algorithm>

namespace gleaner::stanza::files {

void Memories::add(Memory memory) {
  if (memory.position.fingerprint.empty()) return;
  std::erase_if(all_, [&](const Memory& m) {
    return m.position.fingerprint == memory.position.fingerprint &&
           m.position.anchor == memory.position.anchor;
  });
  all_.push_back(std::move(memory));
  if (all_.size() > most_) all_.pop_front();
}

void Memories::restore(std::vector<Position> positions) {
  most_ += positions.size();
  for (auto& position : positions) {
    Memory memory;
    memory.position = std::move(position);
    add(std::move(memory));
  }
}

std::optional<Position> Memories::claim(const File& file, TimePoint now_is, bool& waiting) {
  for (auto memory = all_.rbegin(); memory != all_.rend(); ++memory) {
    const Position& was = memory->position;
    const auto& now = file.position.fingerprint;
    if (memory->truncated == file.identity) continue;  // its own past
    // Programs that write the same text every day make new files, not copies of old ones.
    if (now_is > memory->copies && !(memory->identity == file.identity)) continue;
    const std::size_t common = std::min(now.size(), was.fingerprint.size());
    if (now.compare(0, common, was.fingerprint, 0, common) != 0) continue;
    if (file.size < was.offset) {
      waiting = true;
      continue;
    }
    if (now.size() < was.fingerprint.size()) continue;
    if (peek(file, was.offset - was.anchor.size(), was.anchor.size()) != was.anchor) continue;
    Position found = was;
    all_.erase(std::next(memory).base());
    return found;
  }
  return std::nullopt;
}

Kind compare(const File& file, const std::vector<std::unique_ptr<File>>& files) {
  const auto& mine = file.position.fingerprint;
  Kind kind = Kind::fresh;
  for (const auto& other : files) {
    const auto& theirs = other->position.fingerprint;
    if (other.get() == &file || !other->identified || other->duplicate || theirs.size() < mine.size())
      continue;
    if (theirs.compare(0, mine.size(), mine) != 0) continue;
    // Equal beginnings. A copy is equal to its end, too; files that merely start alike are not.
    const std::uint64_t end = file.size;
    const std::size_t tail = std::min<std::uint64_t>(end, Position::kAnchor);
    const std::string there = peek(*other, end - tail, tail);
    if (there.size() < tail || there != peek(file, end - tail, tail)) continue;
    if (theirs.size() == mine.size()) return Kind::duplicate;
    kind = Kind::unclear;
  }
  return kind;
}

}  // namespace gleaner::stanza::files
