#pragma once
// Joining parts of records that belong together, per source. Used by recombine and by container.
#include <chrono>
#include <string>
#include <unordered_map>

#include "stanza/field.h"
#include "stanza/operator.h"

namespace gleaner::stanza {

/// Holds one unfinished record per source. Limits bound every one of them and their number.
class Joiner {
 public:
  struct Options {
    Field field;  ///< whose texts are joined
    std::string with = "\n";
    bool newest = false;                    ///< the last part gives all other fields, not the first
    std::size_t max_parts = 1000;           ///< 0 = no limit
    std::size_t max_unmatched_parts = 100;  ///< as long as no part matched; 0 = no limit
    std::size_t max_bytes = 0;              ///< given out once it has more; 0 = no limit
    std::size_t max_sources = 1000;
    Duration period = std::chrono::seconds(5);
  };
  Joiner(Options options, Loop& loop, log::Logger logger)
      : options_(std::move(options)), loop_(loop), logger_(std::move(logger)) {}

  /// Adds a part; what a limit ends goes to `out`. `matched` marks first or last parts.
  void add(std::string_view source, const Entry& part, bool matched, EntryList& out, Flow& flow);
  /// Gives out what is held of a source.
  void finish(std::string_view source, EntryList& out, Flow& flow);
  /// To be called at the end of each batch: what stays held gets memory of its own.
  void settle();

  void flush(TimePoint now, bool all, EntryList& out, Flow& flow);
  std::optional<TimePoint> due() const;
  bool empty() const { return held_.empty(); }
  bool holds(std::string_view source) const { return held_.find(source) != held_.end(); }
  std::uint64_t held() const;
  std::optional<Spot> held_from(std::uint32_t source) const;

 private:
  struct Held {
    Arena arena;  ///< of `base`, once settled
    Entry base;
    bool settled = false;
    bool matched = false;
    std::size_t parts = 0;
    std::string text;
    Origin origin;
    std::vector<Origin> others;  ///< first parts of other sources, where one identifier stands for several
    TimePoint since{};
    std::uint64_t sequence = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, Held, Hash, std::equal_to<>>;
  static void cover(Held& held, const Origin& part);
  void give(Map::iterator held, EntryList& out, Flow& flow);

  Options options_;
  Loop& loop_;
  log::Logger logger_;
  Map held_;
  std::uint64_t sequence_ = 0;
};

}  // namespace gleaner::stanza
