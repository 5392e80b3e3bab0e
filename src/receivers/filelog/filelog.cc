// Files, operators, the pipeline. Source: spec/filelog.md 9, 12.1.
#include <fmt/format.h>

#include <algorithm>

#include "config/compat.h"
#include "config/yaml.h"
#include "pipeline/find_extension.h"
#include "pipeline/hand_on.h"
#include "pipeline/unsettled.h"
#include "receivers/filelog/checkpoints.h"
#include "receivers/filelog/config.h"
#include "receivers/filelog/reference_offsets.h"
#include "stanza/emit.h"
#include "stanza/files/in_flight.h"
#include "stanza/pipeline.h"
#include "storage/storage.h"

namespace gleaner::receivers::filelog {
namespace {
namespace files = stanza::files;

constexpr Duration kAckEvery = std::chrono::seconds(1);
constexpr Duration kReferencePatience = std::chrono::seconds(1);  // for a collector that is about to end
constexpr Duration kReferencePause = std::chrono::milliseconds(50);

class Filelog final : public Receiver, public Unsettled, public files::RecordSink {
 public:
  Filelog(const Config& config, files::TailerOptions options, const Context& context, Consumer<Logs>& next,
          storage::Storage* storage)
      : config_(config),
        context_(context),
        storage_(storage),
        tailer_(std::move(options), context.loop, context.logger, context.memory, *this),
        acks_(context.id),
        hand_on_(config.retry, context, next, storage != nullptr),
        patience_(context.loop),
        ack_timer_(context.loop) {
    const metrics::Labels labels{{"receiver", context.id}};
    gauges_ = {context.metrics.gauge("fileconsumer_open_files", labels, "Number of open files",
                                     [this] { return static_cast<double>(tailer_.open_files()); }),
               context.metrics.gauge("fileconsumer_reading_files", labels,
                                     "Number of open files that are being read",
                                     [this] { return tailer_.reading() ? 1.0 : 0.0; })};
  }
  ~Filelog() override { forget_gauges(); }

  Result<> build() {
    auto made = stanza::Pipeline::make(config_.operators, config_.output, context_.logger, context_.loop,
                                       [this](stanza::Entries&& entries) { collect(std::move(entries)); });
    if (!made) return fail(std::move(made.error()));
    operators_ = std::move(*made);
    return config_.unfold() ? build_unfold() : Result<>();
  }

  Task<Result<>> start() override {
    if (storage_)
      if (auto ok = co_await restore(); !ok) co_return ok;
    tailer_.start();
    co_return Result<>();
  }

  Task<Result<>> stop() override {
    stopping_ = true;
    patience_.cancel();
    hand_on_.hurry();
    co_await tailer_.stop();
    if (unfold_) unfold_->stop();
    operators_->stop();
    co_await hand_on_.stop();
    ack_timer_.cancel();
    co_await gate_.join();
    if (config_.acknowledge()) acks_.write(progress());
    // What is still on its way may be delivered later: then settled() keeps it.
    stopped_ = true;
    if (checkpoints_) {
      tailer_.keep(*checkpoints_, unsafe_);
      checkpoints_->flush();
      store_->release();
    }
    forget_gauges();
    co_return Result<>();
  }
  bool unsettled() const override { return on_their_way_ > 0 || tailer_.holds_memory(); }

  // files::RecordSink
  Task<> take(stanza::Entries&& entries, const files::File& from, std::vector<Reservation> memory) override {
    memory_ = std::move(memory);
    auto errors = (unfold_ && from.segment ? unfold_ : operators_)->process(std::move(entries));
    for (auto& error : std::exchange(unfold_errors_, {})) errors.push_back(std::move(error));
    memory_.clear();
    if (!errors.empty())
      context_.logger.error("failed to emit token",
                            {{"component", "fileconsumer"},
                             {"path", from.path},
                             {"error", fmt::format("consume entries: {}", fmt::join(errors, "\n"))}});
    co_await hand_on_.drain();
  }
  void moved(std::uint32_t source) override {
    if (!checkpoints_) return;
    moved_.push_back(source);
    if (!stopped_ && !keeping_) gate_.spawn(keep_soon());
  }
  bool settled(const files::File& file) const override {
    return !in_flight_.lowest(file.source) && !held_from(file.source);
  }

 private:
  /// What takes gleaner exec's records apart: the operator that everybody else would configure for them. A
  /// line that is none (--format=raw) passes as it is.
  Result<> build_unfold() {
    const auto node =
        config::parse_yaml(fmt::format("[{{type: container, add_metadata_from_filepath: false, on_error: "
                                       "send_quiet, max_log_size: {}}}]",
                                       config_.max_log_size.bytes),
                           "capture");
    if (!node) return fail(Error(node.error()));
    auto made =
        stanza::Pipeline::make(*node, {}, context_.logger, context_.loop, [this](stanza::Entries&& entries) {
          for (auto& error : operators_->process(std::move(entries)))
            unfold_errors_.push_back(std::move(error));
        });
    if (!made) return fail(std::move(made.error()));
    unfold_ = std::move(*made);
    return {};
  }
  /// The first spot of a file that operators hold.
  std::optional<stanza::Spot> held_from(std::uint32_t source) const {
    const auto held = operators_->held_from(source);
    const auto parts = unfold_ ? unfold_->held_from(source) : std::nullopt;
    return parts && (!held || *parts < *held) ? parts : held;
  }

  /// Where earlier runs stopped: ours, or before the first one the reference's.
  Task<Result<>> restore() {
    const storage::Owner owner{"receiver", "filelog", storage::name_in(context_.id), ""};
    auto store = co_await storage_->open(owner);
    if (!store) co_return fail(std::move(store.error()).in("storage client"));
    store_ = *store;
    checkpoints_ = std::make_unique<Checkpoints>(*store_, context_.logger);
    auto kept = checkpoints_->load();
    if (store_->fresh())
      if (auto ok = co_await take_over(storage_->reference_path(owner), kept); !ok) co_return ok;
    if (checkpoints_->earlier_run() || !kept.empty()) tailer_.restore(std::move(kept));
    checkpoints_->flush();
    co_return Result<>();
  }

  /// A file that cannot be understood is said and left alone; one that is in use ends the start.
  Task<Result<>> take_over(std::string path, std::vector<files::Kept>& kept) {
    const TimePoint until = context_.loop.now() + kReferencePatience;
    for (;;) {
      std::function<Result<std::vector<files::Kept>>()> job = [&path] {
        return read_reference_offsets(path);
      };
      auto found = co_await context_.loop.blocking(std::move(job), Loop::Helper::files);
      if (found) {
        kept = std::move(*found);
        checkpoints_->adopt(kept);
        if (!kept.empty())
          context_.logger.info("Took over the offsets of the OpenTelemetry Collector",
                               {{"file", path}, {"files", kept.size()}});
        co_return Result<>();
      }
      if (found.error().fault != Fault::retryable) {
        context_.logger.warn("The offsets of the OpenTelemetry Collector cannot be taken over",
                             {{"file", path}, {"error", found.error().what}});
        co_return Result<>();
      }
      if (context_.loop.now() >= until) co_return fail(Fault::os, found.error().what);
      (void)co_await patience_.sleep(kReferencePause);
    }
  }

  /// Once in a turn of the loop, however much happened in it.
  Task<> keep_soon() {
    keeping_ = true;
    co_await context_.loop.yield();
    keeping_ = false;
    keep();
  }
  void keep() {
    std::sort(moved_.begin(), moved_.end());
    moved_.erase(std::unique(moved_.begin(), moved_.end()), moved_.end());
    tailer_.keep(*checkpoints_, unsafe_, std::exchange(moved_, {}));
    checkpoints_->flush();
  }

  /// A batch has come to its end. What is lost because there is no time left is read again by the next run.
  void settled(files::InFlight::Token token, Outcome outcome) {
    --on_their_way_;
    if (stopping_ && outcome == Outcome::dropped) return;
    for (const auto source : in_flight_.settled(token)) moved(source);
    if (stopped_ && checkpoints_ && store_->released()) keep();
    if (config_.acknowledge() && !acknowledging_ && !stopping_) gate_.spawn(acknowledge());
  }

  /// What came out of the operators, during take() or, for joined records, by their timer.
  void collect(stanza::Entries&& entries) {
    const auto token = in_flight_.add(entries.list, entries.also);
    Batch<Logs> batch(Payload<Logs>(std::make_unique<Records<Logs>>(stanza::emit(std::move(entries), old_))),
                      Ticket::make([this, token](Outcome outcome) { settled(token, outcome); }));
    ++on_their_way_;
    batch.memory = std::exchange(memory_, {});
    hand_on_.put(std::move(batch));
  }

  void forget_gauges() {
    for (const auto gauge : std::exchange(gauges_, {})) context_.metrics.remove(gauge);
  }
  std::vector<files::Progress> progress() const { return tailer_.progress(unsafe_); }

  /// Once a second while batches are settled.
  Task<> acknowledge() {
    acknowledging_ = true;
    if (co_await ack_timer_.sleep(kAckEvery)) acks_.write(progress());
    acknowledging_ = false;
  }

  const bool old_ = config::is_0_102();
  const Config config_;
  const Context context_;
  storage::Storage* storage_;
  storage::Store* store_ = nullptr;
  std::size_t on_their_way_ = 0;  ///< batches that are not settled
  std::unique_ptr<Checkpoints> checkpoints_;
  std::vector<std::uint32_t> moved_;  ///< sources to be looked at in keep(); a turn's worth
  files::InFlight in_flight_;
  /// What is on its way or held by operators.
  const files::Tailer::Unsafe unsafe_ = [this](std::uint32_t source) {
    auto first = in_flight_.lowest(source);
    if (const auto held = held_from(source); held && (!first || *held < *first)) first = held;
    return first;
  };
  files::Tailer tailer_;
  files::Acks acks_;
  std::unique_ptr<stanza::Pipeline> operators_;
  std::unique_ptr<stanza::Pipeline> unfold_;  ///< in front of them for segments of gleaner exec
  std::vector<std::string> unfold_errors_;    ///< what operators said behind it, in take() or later
  std::vector<Reservation> memory_;           ///< of the chunk in the operators now
  bool stopping_ = false, stopped_ = false, acknowledging_ = false, keeping_ = false;
  HandOn hand_on_;
  Timer patience_;
  Timer ack_timer_;
  Gate gate_;
  std::vector<std::size_t> gauges_;
};

}  // namespace

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next) {
  config::Problems problems;
  const config::Node nowhere;
  config::Check check(problems, nowhere, "");
  auto options = config.options(check);
  if (problems.any_errors()) return fail(Fault::config, problems.errors_text());
  options.header = config.header_reader("header", problems, context.logger, context.loop);
  if (problems.any_errors()) return fail(Fault::config, problems.errors_text());
  options.finder.share = {context.place.lane, context.place.lanes};
  storage::Storage* storage = nullptr;
  if (config.storage) {
    auto found = find_extension<storage::Storage>(context, *config.storage, "storage");
    if (!found) return fail(std::move(found.error()));
    storage = *found;
  }
  auto receiver = std::make_unique<Filelog>(config, std::move(options), context, *next.logs, storage);
  if (auto built = receiver->build(); !built) return fail(std::move(built.error()));
  return receiver;
}

}  // namespace gleaner::receivers::filelog
