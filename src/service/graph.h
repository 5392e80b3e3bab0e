#pragma once
// The pipelines as objects: made from an Assembly, started back to front, stopped front to back.
// Source: spec/collector.md 3.2-3.4.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/fan_out.h"
#include "service/assembly.h"

namespace gleaner::service {

/// What the graph's components are given; outlives the graph.
struct Host {
  Loop& loop;
  log::Logger logger;
  metrics::Registry& metrics;
  Budget& memory;
  std::string version;
  std::function<void(Error)> fatal;
  Place place = {};
};

class Graph {
 public:
  /// Makes every component that a pipeline uses and every listed extension, as far as they belong on this
  /// lane. Opens nothing.
  static Result<std::unique_ptr<Graph>> build(const Assembly& assembly, const Host& host);
  ~Graph();

  /// Extensions, exporters, processors, then receivers. A failure stops what was started and comes back.
  Task<Result<>> start();
  /// Receivers, processors in flow order, exporters, then extensions. Every component is stopped; the first
  /// error comes back.
  Task<Result<>> stop();

  const std::vector<std::unique_ptr<Ledger>>& ledgers() const { return ledgers_; }

 private:
  explicit Graph(const Host& host) : host_(host) {}
  template <class S>
  Result<> build_pipeline(const Assembly& assembly, const Pipeline& pipeline);
  template <class S>
  void connect_receiver(const Assembly& assembly, const std::string& id, Consumers& into);
  Context context(const std::string& id, std::string_view kind, std::string_view pipeline = {}) const;

  template <class S>
  struct Lane {
    std::map<std::string, Consumer<S>*> entries;      ///< pipeline id -> its first consumer
    std::vector<std::unique_ptr<Consumer<S>>> owned;  ///< entries and fan-outs
    std::vector<std::unique_ptr<Processor<S>>> processors;
  };
  template <class S>
  Lane<S>& lane() {
    if constexpr (S::kind == SignalKind::logs)
      return logs_;
    else if constexpr (S::kind == SignalKind::metrics)
      return metrics_;
    else if constexpr (S::kind == SignalKind::traces)
      return traces_;
    else
      return profiles_;
  }

  struct Named {
    std::string id;
    Component* component;
  };
  const Host host_;
  std::vector<std::unique_ptr<Ledger>> ledgers_;
  std::vector<std::unique_ptr<Extension>> extensions_;
  std::map<std::string, Extension*> extension_of_;
  std::map<std::string, std::unique_ptr<Exporter>> exporters_;
  Lane<Logs> logs_;
  Lane<Metrics> metrics_;
  Lane<Traces> traces_;
  Lane<Profiles> profiles_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Named> order_;  ///< start order; stop is the reverse
  std::size_t started_ = 0;
};

}  // namespace gleaner::service
