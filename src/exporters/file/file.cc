#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "exporters/file/config.h"
#include "otlp/json.h"
#include "pipeline/trouble.h"

namespace gleaner::exporters::file {
namespace {

constexpr std::size_t kFlushAt = 64 << 10;            // bytes
constexpr Duration kRetry = std::chrono::seconds(1);  // after a failure, at least

/// The file, and what waits to be written. One for all signals of the exporter.
class Writer {
 public:
  Writer(const Config& config, const Context& context)
      : config_(config), context_(context), timer_(context.loop) {}

  Result<> open() {
    if (config_.create_directory) {
      std::error_code error;
      std::filesystem::create_directories(std::filesystem::path(config_.path).parent_path(), error);
    }
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (config_.append ? O_APPEND : O_TRUNC);
    fd_ = Fd(::open(config_.path.c_str(), flags, 0644));
    if (!fd_) return fail_errno(fmt::format("open {}", config_.path));
    return {};
  }

  /// Takes the batch, which counts as delivered once it is written, or refuses it while what waits cannot be.
  template <class S>
  Result<> add(Batch<S>& batch) {
    if (waiting_.size() >= kFlushAt)
      if (auto ok = flush(); !ok) {
        troubles_.refused(context_.loop.now(), ok.error().what.c_str());
        return ok;
      }
    troubles_.took();
    append(batch.data);
    batch.data = Payload<S>();
    batch.memory.clear();
    receipts_.append(std::move(batch.receipt));
    if (waiting_.size() >= kFlushAt || config_.flush_interval == Duration{0}) {
      flush_and_tell();
    } else if (!timer_.running()) {
      timer_.start(context_.loop.now() + config_.flush_interval, [this](bool came) {
        if (came) flush_and_tell();
      });
    }
    return {};
  }

  template <class S>
  void append(Payload<S>& data) {
    if (config_.format == "json") {
      otlp::append_json(waiting_, S::kind, data.wire().flat().view());
      waiting_ += '\n';
    } else {
      const auto size = static_cast<std::uint32_t>(data.wire().size());
      for (int shift = 24; shift >= 0; shift -= 8) waiting_ += static_cast<char>(size >> shift);
      for (const auto& part : data.wire().parts()) waiting_ += part.view();
    }
  }

  /// Writes everything or keeps what could not be written.
  Result<> flush() {
    std::size_t done = 0;
    while (done < waiting_.size()) {
      const ssize_t n = ::write(fd_.get(), waiting_.data() + done, waiting_.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        auto error = fail_errno(fmt::format("write {}", config_.path));
        troubles_.failed(context_.loop.now(), error.value());
        waiting_.erase(0, done);
        return error;
      }
      done += static_cast<std::size_t>(n);
    }
    troubles_.worked();
    waiting_.clear();
    if (waiting_.capacity() > 2 * kFlushAt) waiting_.shrink_to_fit();
    receipts_.settle(Outcome::delivered);
    return {};
  }

  /// The last flush. What cannot be written then never will be.
  Result<> close() {
    timer_.cancel();
    auto ok = flush();
    receipts_.settle(Outcome::dropped, Drop::shutdown);
    return ok;
  }

  const Troubles& troubles() const { return troubles_; }

 private:
  void flush_and_tell() {
    auto ok = flush();
    if (ok) return;
    context_.logger.error("Writing the file failed", {{"error", ok.error().what}});
    timer_.start(context_.loop.now() + std::max<Duration>(config_.flush_interval, kRetry), [this](bool came) {
      if (came) flush_and_tell();
    });
  }
  const Config config_;
  const Context context_;
  Fd fd_;
  std::string waiting_;
  Receipt receipts_;  ///< of what waits
  Troubles troubles_;
  Timer timer_;
};

template <class S>
class Input final : public Consumer<S>, public Troubled {
 public:
  Input(Writer& writer, const Context& context)
      : Troubled{&writer.troubles()},
        writer_(writer),
        sent_(context.metrics.counter(
            fmt::format("exporter_sent_{}", S::items), {{"exporter", context.id}},
            fmt::format("Number of {} successfully sent to destination.", S::items))) {}
  Task<Result<>> consume(Batch<S>& batch) override {
    const std::size_t items = batch.data.items();
    if (auto ok = writer_.add(batch); !ok) {
      ok.error().fault = Fault::retryable;
      co_return ok;
    }
    sent_.add(items);
    co_return Result<>();
  }

 private:
  Writer& writer_;
  metrics::Counter& sent_;
};

class File final : public Exporter {
 public:
  File(const Config& config, const Context& context) : writer_(config, context) {
    open(logs_, context), open(metrics_, context), open(traces_, context), open(profiles_, context);
  }
  Task<Result<>> start() override { co_return writer_.open(); }
  Task<Result<>> stop() override { co_return writer_.close(); }
  Consumers inputs() override { return {logs_.get(), metrics_.get(), traces_.get(), profiles_.get()}; }

 private:
  template <class S>
  void open(std::unique_ptr<Input<S>>& input, const Context& context) {
    if (context.signals & bit(S::kind)) input = std::make_unique<Input<S>>(writer_, context);
  }
  Writer writer_;
  std::unique_ptr<Input<Logs>> logs_;
  std::unique_ptr<Input<Metrics>> metrics_;
  std::unique_ptr<Input<Traces>> traces_;
  std::unique_ptr<Input<Profiles>> profiles_;
};

}  // namespace

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  return std::make_unique<File>(config, context);
}

}  // namespace gleaner::exporters::file
