#pragma once
// The pipelines as objects: made from an Assembly, started back to front, stopped front to back.
// Source: spec/collector.md 3.2-3.4.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "pipeline/fan_out.h"
#include "pipeline/trouble.h"
#include "service/assembly.h"
#include "service/doors.h"
#include "service/outline.h"

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
  AskTroubles troubles = {};  ///< of all lanes; the first lane's only
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
  /// Goes over to `assembly`, which has the same frame: what `stay` names goes on running, receivers wait
  /// while the pipelines behind them are exchanged. What leaves is stopped before its successor starts.
  /// @return  an error of the start: everything is stopped then
  Task<Result<>> change(const Assembly& assembly, const Staying& stay);

  /// One for each pipeline there was: one that was made anew goes on counting.
  std::vector<Ledger> ledgers() const;
  /// How the pipelines do now.
  std::vector<Trouble> troubles() const;

 private:
  explicit Graph(const Host& host) : host_(host) {}
  Context context(const std::string& id, std::string_view kind, std::string_view pipeline = {}) const;

  /// A pipeline as objects.
  using Parts = std::vector<std::pair<std::string, const Troubles*>>;
  template <class S>
  struct Chain {
    std::unique_ptr<Ledger> ledger = std::make_unique<Ledger>();
    std::vector<std::unique_ptr<Consumer<S>>> owned;        ///< doors, meters and a fan-out
    std::vector<std::unique_ptr<Processor<S>>> processors;  ///< last one first
    std::vector<std::string> ids;                           ///< of the processors
    Parts parts;                                            ///< that can be in trouble
    Consumer<S>* entry = nullptr;
  };
  template <class S>
  using Chains = std::map<std::string, Chain<S>>;  ///< by pipeline
  using AllChains = std::tuple<Chains<Logs>, Chains<Metrics>, Chains<Traces>, Chains<Profiles>>;
  using Sockets = std::tuple<std::unique_ptr<Socket<Logs>>, std::unique_ptr<Socket<Metrics>>,
                             std::unique_ptr<Socket<Traces>>, std::unique_ptr<Socket<Profiles>>>;
  struct Source {
    Sockets sockets;  // outlive the receiver
    std::unique_ptr<Receiver> receiver;
  };
  struct Named {
    std::string id;
    Component* component;
  };

  // What is there already is left as it is.
  Result<> make_extensions(const Assembly& assembly);
  Result<> make_exporters(const Assembly& assembly);
  Result<> make_chains(const Assembly& assembly);
  Result<> make_receivers(const Assembly& assembly);
  Result<> make_all(const Assembly& assembly);
  template <class S>
  Result<> make_chain(const Assembly& assembly, const Pipeline& pipeline);
  /// Leads a receiver's data of one signal to its pipelines: a new socket, or one that is held.
  template <class S>
  Consumer<S>* connect(const Assembly& assembly, const std::string& receiver);
  /// Calls `f` with the chains of each signal, and with each socket.
  template <class F>
  void each_signal(F&& f) {
    std::apply([&](auto&... chains) { (f(chains), ...); }, chains_);
  }
  template <class F>
  static void each_socket(Source& source, F&& f) {
    std::apply([&](auto&... socket) { ((socket ? f(*socket) : void()), ...); }, source.sockets);
  }
  /// Holds the sockets of staying receivers behind which something changes, until nothing is on its way
  /// there.
  Task<> hold(const Staying& stay, const Assembly& assembly);
  std::set<const Component*> components(const Staying& stay);
  /// Until what receivers that leave had handed on is settled, for some seconds: their successors would read
  /// what is not settled again.
  Task<> settle(const Staying& stay);
  /// Throws away what does not stay.
  void forget(const Staying& stay);
  /// The components in the order they start.
  void arrange(const Assembly& assembly);
  Task<Result<>> start_rest();
  static Task<> stop_one(const std::string& id, Component& component, Result<>& first);
  Task<Result<>> stop_but(std::set<const Component*> staying);

  const Host host_;
  std::vector<std::pair<std::string, std::unique_ptr<Extension>>> extensions_;
  std::map<std::string, Extension*> extension_of_;
  std::vector<Ledger> past_;  ///< of pipelines that left
  std::vector<std::unique_ptr<Ledger>>
      unsettled_;                 ///< the same, but exporters that stayed still hold data of theirs
  std::vector<Source> departed_;  ///< receivers that stopped before all they had handed on was settled
  std::map<std::string, std::unique_ptr<Exporter>> exporters_;
  AllChains chains_;
  std::map<std::string, Source> receivers_;
  std::vector<Named> order_;  ///< start order; stop is the reverse
  std::set<const Component*> started_;
};

}  // namespace gleaner::service
