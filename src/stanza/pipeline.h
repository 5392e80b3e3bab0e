#pragma once
// The operators of one receiver, wired up.
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "stanza/config.h"

namespace gleaner::stanza {

/// Takes batches of entries through operators. Everything runs on the loop's thread, to its end, inside
/// process(); only what recombine and container hold back comes later, by a timer that exists while something
/// is held.
class Pipeline {
 public:
  /// Where finished batches go. Never called with an empty one.
  using Sink = std::function<void(Entries&&)>;

  /// @param operators the `operators:` list; null or empty = records pass as they are
  /// Problems go to `problems`; the pipeline must not be used when there are errors.
  static std::unique_ptr<Pipeline> build(const config::Node& operators, const std::string& path,
                                         config::Problems& problems, const log::Logger& logger, Loop& loop,
                                         Sink sink);
  ~Pipeline();

  /// build() and start_at() in one, for a configuration that was checked.
  /// @param output  the receiver's own key; empty = the first operator
  static Result<std::unique_ptr<Pipeline>> make(const config::Node& operators,
                                                const std::vector<std::string>& output,
                                                const log::Logger& logger, Loop& loop, Sink sink);
  /// A trial without a word in the log: operators say all that is wrong with them, each with its place.
  static void check(const config::Node& operators, const std::vector<std::string>& output,
                    config::Check& check);

  /// Where the receiver's own `output` key points; default: the first operator.
  /// @return Fault::config when an id is unknown
  Result<> start_at(const std::vector<std::string>& ids);

  /// Takes a batch through. @return what failed, for the reader's log line; at most Flow::kMaxErrors
  std::vector<std::string> process(Entries&& entries);
  /// Flushes everything held back. After it, process() must not be called.
  void stop();

  /// Records held back now, and the first of `source` among them: what a reader may not yet forget.
  std::uint64_t held() const;
  std::optional<Spot> held_from(std::uint32_t source) const;
  const Tally& tally() const { return tally_; }
  std::size_t size() const { return operators_.size(); }

 private:
  class Emitter;
  Pipeline(Loop& loop, Sink sink);
  void flush(bool all);
  void arm();
  bool wire(const config::Node& operators, const std::string& path, config::Problems& problems);

  Loop& loop_;
  Sink sink_;
  Tally tally_;
  std::vector<std::unique_ptr<Operator>> operators_;  ///< in topological order once wired
  std::unique_ptr<Operator> emitter_;
  std::vector<Operator*> first_;
  Timer timer_;
  TimePoint armed_{};
  bool stopped_ = false;
};

}  // namespace gleaner::stanza
