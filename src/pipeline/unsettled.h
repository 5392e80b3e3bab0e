#pragma once

namespace gleaner {

/// What receivers are beside Receiver whose tickets and memory lead back to them: one that was stopped has to
/// live until the last of it is settled.
class Unsettled {
 public:
  virtual ~Unsettled() = default;
  /// Whether anything it handed on is still on its way.
  virtual bool unsettled() const = 0;
};

}  // namespace gleaner
