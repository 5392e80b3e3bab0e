#include "pipeline/trouble.h"

namespace gleaner {

void Troubles::go_on(Streak& streak, TimePoint now, std::string_view why) {
  if (!streak.since) streak.since = now;
  streak.last = now;
  streak.why.assign(why.substr(0, 200));
}

void Troubles::failed(TimePoint now, const Error& error) { go_on(failing_, now, error.what); }

void Troubles::refused(TimePoint now, const char* why) {
  if (now - refusing_.last >= kRefusalTold) took();  // after a pause it is another streak
  go_on(refusing_, now, why);
}

void Troubles::answered(TimePoint now, const Result<>& result) {
  if (result)
    took();
  else if (result.error().fault == Fault::retryable || result.error().fault == Fault::os)
    refused(now, result.error().what.c_str());
}

void Troubles::tell(std::vector<Trouble>& to, const std::string& pipeline, const std::string& part,
                    TimePoint now) const {
  for (const Streak* streak : {&failing_, &refusing_}) {
    const bool refusing = streak == &refusing_;
    if (streak->since && (!refusing || now - streak->last < kRefusalTold))
      to.push_back({pipeline, part, refusing, streak->why, now - *streak->since});
  }
}

}  // namespace gleaner
