#pragma once
// Which bytes of which source are on their way: handed on and not yet delivered, persisted or dropped.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "stanza/entry.h"

namespace gleaner::stanza::files {

/// Bounded by what the pipelines behind it hold: one small note a batch and source.
class InFlight {
 public:
  using Token = std::uint64_t;

  /// Notes a batch. @return what settled() wants to be told
  Token add(const EntryList& entries, const std::vector<Origin>& also = {}) {
    auto& note = notes_[++last_];
    for (const auto& entry : entries) add(note, entry.origin);
    for (const auto& origin : also) add(note, origin);
    for (const auto& [source, spot] : note) spots_.emplace(source, spot);
    return last_;
  }
  /// @return the sources of the batch, whose lowest() may be another now
  std::vector<std::uint32_t> settled(Token token) {
    std::vector<std::uint32_t> sources;
    const auto note = notes_.find(token);
    for (const auto& one : note->second) {
      spots_.erase(spots_.find(one));
      sources.push_back(one.first);
    }
    notes_.erase(note);
    return sources;
  }

  /// The first record of `source` that is on its way.
  std::optional<Spot> lowest(std::uint32_t source) const {
    const auto first = spots_.lower_bound({source, Spot{}});
    if (first == spots_.end() || first->first != source) return std::nullopt;
    return first->second;
  }
  std::size_t batches() const { return notes_.size(); }

 private:
  using Note = std::vector<std::pair<std::uint32_t, Spot>>;
  static void add(Note& note, const Origin& origin) {
    const Spot spot{origin.begin, origin.number};
    if (!note.empty() && note.back().first == origin.source) {
      note.back().second = std::min(note.back().second, spot);
      return;
    }
    const auto there =
        std::find_if(note.begin(), note.end(), [&](const auto& n) { return n.first == origin.source; });
    if (there == note.end())
      note.emplace_back(origin.source, spot);
    else
      there->second = std::min(there->second, spot);
  }

  std::map<Token, Note> notes_;
  std::multiset<std::pair<std::uint32_t, Spot>> spots_;  ///< of all notes
  Token last_ = 0;
};

}  // namespace gleaner::stanza::files
