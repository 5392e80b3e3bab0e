#pragma once
// Which bytes of which source are on their way: handed on and not yet delivered, persisted or dropped.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "stanza/entry.h"

namespace gleaner::stanza::files {

/// Bounded by what the pipelines behind it hold: one small note a batch.
class InFlight {
 public:
  using Token = std::uint64_t;

  /// Notes a batch. @return what settled() wants to be told
  Token add(const EntryList& entries) {
    auto& note = notes_[++last_];
    for (const auto& entry : entries) {
      if (!note.empty() && note.back().first == entry.origin.source) {
        note.back().second = std::min(note.back().second, entry.origin.begin);
        continue;
      }
      const auto there = std::find_if(note.begin(), note.end(),
                                      [&](const auto& n) { return n.first == entry.origin.source; });
      if (there == note.end())
        note.emplace_back(entry.origin.source, entry.origin.begin);
      else
        there->second = std::min(there->second, entry.origin.begin);
    }
    return last_;
  }
  void settled(Token token) { notes_.erase(token); }

  /// The first byte of `source` that is on its way.
  std::optional<std::uint64_t> lowest(std::uint32_t source) const {
    std::optional<std::uint64_t> found;
    for (const auto& [_, note] : notes_)
      for (const auto& [of, begin] : note)
        if (of == source && (!found || begin < *found)) found = begin;
    return found;
  }
  std::size_t batches() const { return notes_.size(); }

 private:
  std::map<Token, std::vector<std::pair<std::uint32_t, std::uint64_t>>> notes_;
  Token last_ = 0;
};

}  // namespace gleaner::stanza::files
