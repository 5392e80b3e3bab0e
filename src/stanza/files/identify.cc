#include "stanza/files/identify.h"

#include <algorithm>

namespace gleaner::stanza::files {

void Memories::add(Memory memory) {
  if (memory.position.fingerprint.empty()) return drop(memory);
  std::erase_if(all_, [&](const Memory& m) {
    const bool same =
        m.position.fingerprint == memory.position.fingerprint && m.position.anchor == memory.position.anchor;
    if (same) drop(m);
    return same;
  });
  all_.push_back(std::move(memory));
  if (all_.size() <= most_) return;
  drop(all_.front());
  all_.pop_front();
}

void Memories::restore(std::vector<Kept> kept, TimePoint now, Duration copies) {
  most_ += kept.size();
  for (auto& one : kept) {
    Memory memory;
    memory.position = std::move(one.position);
    if (one.fate == Kept::Fate::truncated) {
      memory.truncated = one.identity;
      memory.copies = now + copies;
    } else {
      memory.identity = one.identity;
    }
    if (one.fate == Kept::Fate::away)
      memory.copies = archive_ > Duration{0} ? now + archive_ : TimePoint::min();
    all_.push_back(std::move(memory));
  }
}

Memories::Match Memories::match(const Memory& memory, const File& file, TimePoint time) {
  const Position& was = memory.position;
  const auto& now = file.position.fingerprint;
  if (memory.truncated == file.identity) return Match::no;  // its own past
  // Programs that write the same text every day make new files, not copies of old ones.
  if (time > memory.copies && !memory.is(file.identity)) return Match::no;
  const std::size_t common = std::min(now.size(), was.fingerprint.size());
  if (now.compare(0, common, was.fingerprint, 0, common) != 0) return Match::no;
  if (file.size < was.offset) return Match::later;
  if (now.size() < was.fingerprint.size()) return Match::no;
  if (peek(file, was.offset - was.anchor.size(), was.anchor.size()) != was.anchor) return Match::no;
  return Match::yes;
}

std::optional<Position> Memories::claim(const File& file, TimePoint now, bool& waiting) {
  auto found = all_.rend();
  // Itself first: others may have the same content.
  for (auto memory = all_.rbegin(); memory != all_.rend() && found == all_.rend(); ++memory)
    if (memory->is(file.identity) && match(*memory, file, now) == Match::yes) found = memory;
  for (auto memory = all_.rbegin(); memory != all_.rend() && found == all_.rend(); ++memory) {
    const Match how = match(*memory, file, now);
    if (how == Match::yes) found = memory;
    waiting |= how == Match::later;
  }
  if (found == all_.rend()) return std::nullopt;
  Position position = std::move(found->position);
  if (found->source == 0) --most_;
  all_.erase(std::next(found).base());
  return position;
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
