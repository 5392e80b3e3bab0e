#pragma once
// What every component is, and what it is given.
#include <functional>
#include <memory>
#include <string>

#include "base/budget.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/task.h"
#include "pipeline/consumer.h"

namespace gleaner {

/// Lifecycle. start() once; stop() at most once, also after a failed or missing start(). stop() means, in
/// this order: refuse new work, wait for work in flight, release.
class Component {
 public:
  virtual ~Component() = default;
  virtual Task<Result<>> start() { co_return Result<>(); }
  virtual Task<Result<>> stop() { co_return Result<>(); }
};

/// The consumers behind a receiver, one per signal that some pipeline wants; nullptr for the others.
struct Consumers {
  Consumer<Logs>* logs = nullptr;
  Consumer<Metrics>* metrics = nullptr;
  Consumer<Traces>* traces = nullptr;
  Consumer<Profiles>* profiles = nullptr;

  template <class S>
  Consumer<S>*& of() {
    if constexpr (S::kind == SignalKind::logs)
      return logs;
    else if constexpr (S::kind == SignalKind::metrics)
      return metrics;
    else if constexpr (S::kind == SignalKind::traces)
      return traces;
    else
      return profiles;
  }
  template <class S>
  Consumer<S>* of() const {
    return const_cast<Consumers*>(this)->of<S>();
  }
};

class Receiver : public Component {};

/// One per (configuration, pipeline).
template <class S>
class Processor : public Component, public Consumer<S> {
 public:
  explicit Processor(Consumer<S>& next) : next_(next) {}

 protected:
  Consumer<S>& next_;
};

/// One per configuration, serving every signal it is used for.
class Exporter : public Component {
 public:
  /// Where batches go in; nullptr for a signal it does not take.
  virtual Consumers inputs() = 0;
};

/// Something beside the pipelines.
class Extension : public Component {
 public:
  virtual void pipelines_ready() {}
  virtual void pipelines_stopping() {}
};

/// Where a component runs: `lane` of `lanes`. Each lane has its own instance of every component.
struct Place {
  std::size_t lane = 0, lanes = 1;
};

/// What gleaner gives a component. Everything outlives it.
struct Context {
  Loop& loop;
  log::Logger logger;  ///< already carries the component's id, kind and (for processors) pipeline
  metrics::Registry& metrics;
  Budget& memory;       ///< bytes of data the process may hold before receivers refuse
  std::string id;       ///< as the user wrote it: "otlp/backend"
  std::string version;  ///< gleaner's own
  /// Reports that the component cannot go on: gleaner shuts down (exit code 0, as the reference).
  std::function<void(Error)> fatal;
  /// The extension of this id that was configured and listed, or nullptr.
  std::function<Extension*(const std::string& id)> extension;
  /// The signals that pipelines use the component for: an exporter makes no queue for the others.
  SignalSet signals = kAllSignals;
  Place place = {};
};

}  // namespace gleaner
