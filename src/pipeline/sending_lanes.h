#pragma once
// An exporter's queues: one for each signal that pipelines send to it.
#include <memory>
#include <utility>

#include "pipeline/sending.h"

namespace gleaner {

/// Makes SenderOf<S>(link) and its Sending for every signal in context.signals; the others stay without a
/// queue and without metrics. `link` is what the senders share, and outlives this.
template <template <class> class SenderOf, class Link>
class SendingLanes {
 public:
  SendingLanes(const SendingConfig& config, const Context& context, Link& link) {
    open(logs_, config, context, link);
    open(metrics_, config, context, link);
    open(traces_, config, context, link);
    open(profiles_, config, context, link);
  }
  Consumers inputs() {
    return {logs_.sending.get(), metrics_.sending.get(), traces_.sending.get(), profiles_.sending.get()};
  }
  /// @param type  of the exporter: what its files are called after, whatever spelling the user chose
  Task<Result<>> start(const Context& context, std::string_view type) {
    auto ok = co_await start(logs_, context, type);
    if (ok) ok = co_await start(metrics_, context, type);
    if (ok) ok = co_await start(traces_, context, type);
    if (ok) ok = co_await start(profiles_, context, type);
    co_return ok;
  }
  Task<> stop() {
    if (logs_.sending) (void)co_await logs_.sending->stop();
    if (metrics_.sending) (void)co_await metrics_.sending->stop();
    if (traces_.sending) (void)co_await traces_.sending->stop();
    if (profiles_.sending) (void)co_await profiles_.sending->stop();
  }

 private:
  template <class S>
  struct Lane {
    std::unique_ptr<SenderOf<S>> sender;
    std::unique_ptr<Sending<S>> sending;
  };
  template <class S>
  static Task<Result<>> start(Lane<S>& lane, const Context& context, std::string_view type) {
    if (!lane.sending) co_return Result<>();
    co_return co_await lane.sending->open(context, type);
  }
  template <class S>
  void open(Lane<S>& lane, const SendingConfig& config, const Context& context, Link& link) {
    if (!(context.signals & bit(S::kind))) return;
    lane.sender = std::make_unique<SenderOf<S>>(link);
    lane.sending = std::make_unique<Sending<S>>(config, context, *lane.sender);
  }
  Lane<Logs> logs_;
  Lane<Metrics> metrics_;
  Lane<Traces> traces_;
  Lane<Profiles> profiles_;
};

}  // namespace gleaner
