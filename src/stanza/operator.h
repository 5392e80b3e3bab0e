#pragma once
// What an operator is, and the loop most of them share.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "stanza/entry.h"
#include "stanza/on_error.h"
#include "text/expr/expr.h"

namespace gleaner::stanza {

/// One step. It takes whole batches in their order and passes on what comes out; everything happens on one
/// thread, at once, except for what an operator holds back and gives out in flush().
class Operator {
 public:
  Operator(std::string id, std::string type, const log::Logger& logger)
      : logger_(logger.with({{"operator_id", id}, {"operator_type", type}})),
        id_(std::move(id)),
        type_(std::move(type)) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  /// Takes a batch and sends on what becomes of it.
  virtual void consume(EntryList& list, Flow& flow) {
    process(list, flow);
    forward(list, flow);
  }
  /// Changes the batch in place: drops, changes and adds records.
  virtual void process(EntryList& list, Flow& flow) = 0;

  /// Records held back that are due at `now` (or all of them) move to `list`; the caller forwards them.
  virtual void flush(TimePoint now, bool all, EntryList& list, Flow& flow) {
    (void)now, (void)all, (void)list, (void)flow;
  }
  /// When flush() has something to do next.
  virtual std::optional<TimePoint> due() const { return std::nullopt; }
  /// Records held back.
  virtual std::uint64_t held() const { return 0; }
  /// The first record of `source` that is held back.
  virtual std::optional<Spot> held_from(std::uint32_t source) const {
    (void)source;
    return std::nullopt;
  }

  /// Hands a batch to the outputs; all but the last get a deep copy.
  void forward(EntryList& list, Flow& flow) { send(list, flow, outputs_); }

  const std::string& id() const { return id_; }
  const std::string& type() const { return type_; }
  const log::Logger& logger() const { return logger_; }

  // For the pipeline that wires it up.
  /// The ids of all outputs wanted; empty = the next operator in the list.
  virtual std::vector<std::string> wanted_outputs() const { return output_ids_; }
  virtual bool takes_default_output() const { return output_ids_.empty(); }
  virtual void connect(const std::vector<Operator*>& outputs) { outputs_ = outputs; }
  void set_output_ids(std::vector<std::string> ids) { output_ids_ = std::move(ids); }
  const std::vector<Operator*>& outputs() const { return outputs_; }

 protected:
  static void send(EntryList& list, Flow& flow, const std::vector<Operator*>& outputs);
  log::Logger logger_;

 private:
  std::string id_, type_;
  std::vector<std::string> output_ids_;
  std::vector<Operator*> outputs_;
};

/// What `if` and `on_error` mean, for every operator that has them.
class Conditional : public Operator {
 public:
  struct Options {
    OnError on_error = OnError::send;
    std::optional<text::expr::Program> condition;
  };
  Conditional(std::string id, std::string type, const log::Logger& logger, Options options)
      : Operator(std::move(id), std::move(type), logger), options_(std::move(options)) {}

 protected:
  enum class Gate : std::uint8_t { run, pass, failed };
  /// Evaluates `if`. On `failed`, error_ says why.
  Gate gate(const Entry& entry);
  /// Ends an operation with words; always false.
  bool fail(std::string what) {
    error_ = std::move(what);
    return false;
  }
  /// The same for the few failures that drop a record whatever on_error says.
  bool fail_and_drop(std::string what) {
    drop_ = true;
    return fail(std::move(what));
  }
  /// The error routine with error_; whether the record goes on.
  bool handle(const Entry& entry, Flow& flow, const std::string& reported = {}) {
    const OnError mode = std::exchange(drop_, false) ? OnError::drop : options_.on_error;
    return handle_error(mode, logger_, entry, error_, flow, reported);
  }
  /// Runs an expression over an entry; texts it makes live until the next call unless `arena` is given.
  Result<bool> test(const text::expr::Program& program, const Entry& entry);
  static text::expr::Environment environment(const Entry& entry);

  Options options_;
  std::string error_;

 private:
  bool drop_ = false;
  Arena scratch_;  ///< of conditions; thrown away when it has grown
};

/// The loop of operators that treat one record at a time. Derived has `bool apply(Entry&, Flow&)`, which ends
/// with fail(words) when it cannot. One virtual call a batch.
template <class Derived>
class Transformer : public Conditional {
 public:
  using Conditional::Conditional;
  void process(EntryList& list, Flow& flow) final {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Entry& entry = list[i];
      const Gate gate_says = options_.condition ? gate(entry) : Gate::run;
      bool keep = true;
      if (gate_says == Gate::failed ||
          (gate_says == Gate::run && !static_cast<Derived*>(this)->apply(entry, flow)))
        keep = handle(entry, flow);
      if (!keep) continue;
      if (kept != i) list[kept] = entry;
      ++kept;
    }
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(kept), list.end());
  }
};

}  // namespace gleaner::stanza
