#pragma once
// What keeps a part of a pipeline from its work, for those who ask how it goes.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/result.h"

namespace gleaner {

/// One that lasts; or, with an empty part, that a pipeline is there.
struct Trouble {
  std::string pipeline;
  std::string part = {};  ///< "exporter otlp"
  bool refusing = false;  ///< whether it turns data away; else what it tries fails
  std::string why = {};
  Duration since{
      0};  ///< how long it has lasted; by the monotonic clock, so that steps of the wall's do no harm
};

/// A refusal is told for so long: whoever is asked to send elsewhere because of it has nothing that ends it.
constexpr Duration kRefusalTold = std::chrono::seconds(10);

/// What went wrong every time since a moment. The reasons may be of any length: the first 200 bytes are kept,
/// as backends have a say in them.
class Troubles {
 public:
  void failed(TimePoint now, const Error& error);
  void worked() { failing_.since.reset(); }
  void refused(TimePoint now, const char* why);
  /// Data was taken, or turned away with an error: those that may be tried again are refusals.
  void answered(TimePoint now, const Result<>& result);
  void took() { refusing_.since.reset(); }
  void tell(std::vector<Trouble>& to, const std::string& pipeline, const std::string& part,
            TimePoint now) const;

 private:
  struct Streak {
    std::optional<TimePoint> since;
    TimePoint last{};
    std::string why;
  };
  static void go_on(Streak& streak, TimePoint now, std::string_view why);
  Streak failing_, refusing_;
};

/// What consumers are beside Consumer that can be in trouble.
struct Troubled {
  const Troubles* troubles;
};

using AskTroubles = std::function<Task<std::vector<Trouble>>()>;

/// What extensions are beside Extension that tell others how the pipelines do.
class TellsTroubles {
 public:
  virtual ~TellsTroubles() = default;
  /// @param ask  gives what there is on all lanes; for the first lane's loop
  virtual void tell(AskTroubles ask) = 0;
};

}  // namespace gleaner
