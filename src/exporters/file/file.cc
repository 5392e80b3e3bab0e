#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/fd.h"
#include "exporters/file/config.h"
#include "otlp/json.h"
#include "pipeline/sending_lanes.h"

namespace gleaner::exporters::file {
namespace {

constexpr std::size_t kFlushAt = 64 << 10;  // bytes

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

  /// Takes the data or, when what is waiting cannot be written, refuses it.
  template <class S>
  Result<> add(Payload<S>& data) {
    if (waiting_.size() >= kFlushAt)
      if (auto ok = flush(); !ok) return ok;
    if (config_.format == "json") {
      otlp::append_json(waiting_, S::kind, data.wire().flat().view());
      waiting_ += '\n';
    } else {
      const auto size = static_cast<std::uint32_t>(data.wire().size());
      for (int shift = 24; shift >= 0; shift -= 8) waiting_ += static_cast<char>(size >> shift);
      for (const auto& part : data.wire().parts()) waiting_ += part.view();
    }
    if (waiting_.size() >= kFlushAt || config_.flush_interval == Duration{0}) {
      flush_and_tell();
    } else if (!timer_.running()) {
      timer_.start(context_.loop.now() + config_.flush_interval, [this](bool came) {
        if (came) flush_and_tell();
      });
    }
    return {};
  }

  /// Writes everything or keeps what could not be written.
  Result<> flush() {
    std::size_t done = 0;
    while (done < waiting_.size()) {
      const ssize_t n = ::write(fd_.get(), waiting_.data() + done, waiting_.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        auto error = fail_errno(fmt::format("write {}", config_.path));
        waiting_.erase(0, done);
        return error;
      }
      done += static_cast<std::size_t>(n);
    }
    waiting_.clear();
    if (waiting_.capacity() > 2 * kFlushAt) waiting_.shrink_to_fit();
    return {};
  }

 private:
  void flush_and_tell() {
    if (auto ok = flush(); !ok)
      context_.logger.error("Writing the file failed", {{"error", ok.error().what}});
  }
  const Config config_;
  const Context context_;
  Fd fd_;
  std::string waiting_;
  Timer timer_;
};

template <class S>
class Input final : public Sender<S> {
 public:
  explicit Input(Writer& writer) : writer_(writer) {}
  Task<Result<>> send(Payload<S>& data, const Client*, Duration) override {
    auto ok = writer_.add(data);
    if (!ok) ok.error().fault = Fault::retryable;
    co_return ok;
  }

 private:
  Writer& writer_;
};

class File final : public Exporter {
 public:
  File(const Config& config, const Context& context)
      : writer_(config, context),
        lanes_({.timeout = Duration{0}, .queue = std::nullopt, .retry = std::nullopt}, context, writer_) {}
  Task<Result<>> start() override { co_return writer_.open(); }
  Task<Result<>> stop() override {
    co_await lanes_.stop();
    co_return writer_.flush();
  }
  Consumers inputs() override { return lanes_.inputs(); }

 private:
  Writer writer_;
  SendingLanes<Input, Writer> lanes_;
};

}  // namespace

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  return std::make_unique<File>(config, context);
}

}  // namespace gleaner::exporters::file
