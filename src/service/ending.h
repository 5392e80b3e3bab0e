#pragma once
// How a collector ends: it lingers for data that is still coming, and watches that the drain behind it gets
// somewhere.
#include <functional>
#include <string_view>

#include "base/log.h"
#include "base/loop.h"
#include "base/task.h"
#include "service/figures.h"

namespace gleaner::service {

class Ending {
 public:
  struct Options {
    Duration linger{0};  ///< --linger: how long inputs stay open at most; 0: not at all
    Duration limit{0};   ///< --shutdown-timeout: the end, whatever is under way; 0: none
    bool while_it_moves =
        false;  ///< without a limit: the end comes once nothing moves any more and a pod's grace is over
  };
  using Ask = std::function<Task<Figures>()>;
  Ending(Loop& loop, const log::Logger& logger, const Options& options, Ask figures);

  /// The clock runs from here: long drains are reported, and cut as the options say.
  void begin();
  /// Returns when the last sender has closed its connection and nothing has come for a second; after `linger`
  /// at the latest.
  Task<> linger();
  /// The end, whatever is under way: exit code 1. What is held is reported first, if the lanes still answer.
  void at_once(std::string_view message);
  /// It is over; nothing is reported or cut any more.
  Task<> over();

 private:
  Task<> watch();
  Task<> report_held(std::string_view message);
  Task<> report_and_exit();

  Loop& loop_;
  const log::Logger logger_;
  const Options options_;
  const Ask figures_;
  Timer timer_{loop_}, last_words_{loop_};
  Gate gate_;
};

}  // namespace gleaner::service
