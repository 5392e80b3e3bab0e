#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "exporters/debug/config.h"
#include "exporters/debug/text.h"
#include "otlp/scan.h"
#include "pipeline/sending_lanes.h"

namespace gleaner::exporters::debug {
namespace {

/// Prints the first messages of each second and then every n-th.
class Sampler {
 public:
  Sampler(const Config& config, Loop& loop) : config_(config), loop_(loop) {}
  bool admit() {
    const TimePoint now = loop_.now();
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      count_ = 0;
    }
    ++count_;
    if (count_ <= config_.sampling_initial) return true;
    return config_.sampling_thereafter &&
           (count_ - config_.sampling_initial) % config_.sampling_thereafter == 0;
  }

 private:
  const Config config_;
  Loop& loop_;
  TimePoint second_{};
  std::uint32_t count_ = 0;
};

/// Where text goes without the internal logger: standard output, standard error, files. Shared by the
/// signals.
struct Outputs {
  const Config config;
  const Context context;
  std::vector<Fd> files = {};
  std::vector<int> all = {};

  Result<> open() {
    if (config.use_internal_logger) return {};
    const auto& paths = config.output_paths;
    for (const auto& path : paths.empty() ? std::vector<std::string>{"stdout"} : paths) {
      if (path == "stdout" || path == "stderr") {
        all.push_back(path == "stdout" ? STDOUT_FILENO : STDERR_FILENO);
        continue;
      }
      files.emplace_back(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
      if (!files.back()) return fail_errno("open sink \"" + path + "\"");
      all.push_back(files.back().get());
    }
    return {};
  }
  void print(std::string_view text) const {
    for (const int fd : all)
      for (std::string_view rest = text; !rest.empty();) {
        const ssize_t n = ::write(fd, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;  // a debugging aid: what its reader does not take is not worth stopping for
        rest.remove_prefix(static_cast<std::size_t>(n));
      }
  }
};

template <class S>
class Printer final : public Sender<S> {
 public:
  explicit Printer(Outputs& outputs)
      : outputs_(outputs),
        config_(outputs.config),
        logger_(outputs.context.logger.with({{old_ ? "data_type" : "otelcol.signal", S::name}}).unsampled()),
        counts_(config_, outputs.context.loop),
        texts_(config_, outputs.context.loop) {}

  Task<Result<>> send(Payload<S>& data, const Client*, Duration) override {
    if (counts_.admit()) count(data);
    // 0.102 knew no normal verbosity.
    const bool wanted = config_.verbosity == "detailed" || (config_.verbosity == "normal" && !old_);
    if (wanted && texts_.admit()) line(text(data), {});
    co_return Result<>();
  }

 private:
  void count(Payload<S>& data) {
    if constexpr (S::kind == SignalKind::profiles) {
      const auto found = otlp::scan(S::kind, data.wire().flat().view());
      line("Profiles", {{"resource profiles", found.resources}, {"sample records", data.items()}});
    } else {
      const auto& records = data.records();
      const std::size_t resources = records.resources.size();
      if constexpr (S::kind == SignalKind::logs) {
        line(old_ ? "LogsExporter" : "Logs", {{"resource logs", resources}, {"log records", data.items()}});
      } else if constexpr (S::kind == SignalKind::traces) {
        line(old_ ? "TracesExporter" : "Traces", {{"resource spans", resources}, {"spans", data.items()}});
      } else {
        std::size_t metrics = 0;
        for (const auto& resource : records.resources)
          for (const auto& scope : resource.scopes) metrics += scope.records.size();
        line(old_ ? "MetricsExporter" : "Metrics",
             {{"resource metrics", resources}, {"metrics", metrics}, {"data points", data.items()}});
      }
    }
  }
  std::string text(Payload<S>& data) const {
    const bool normal = config_.verbosity == "normal";
    if constexpr (kHasRecords<S>) {
      return normal ? normal_text(data.records()) : detailed_text(data.records());
    } else {
      const Bytes request = data.wire().flat();
      return normal ? normal_text(request.view()) : detailed_text(request.view());
    }
  }
  void line(std::string_view message, log::Fields fields) {
    if (config_.use_internal_logger) return logger_.info(message, fields);
    std::string text(message);
    std::string_view between = "\t{";
    for (const auto& field : fields) {
      text += between;
      log::append_json_string(text, field.key);
      text += ": " + field.json;
      between = ", ";
    }
    outputs_.print(text + (fields.size() ? "}\n" : "\n"));
  }

  const bool old_ = config::is_0_102();
  const Outputs& outputs_;
  const Config& config_;
  const log::Logger logger_;
  Sampler counts_, texts_;
};

class Debug final : public Exporter {
 public:
  Debug(const Config& config, const Context& context)
      : outputs_{config, context}, lanes_(sending(config), outputs_.context, outputs_) {}
  Task<Result<>> start() override {
    auto ok = outputs_.open();
    if (ok) ok = co_await lanes_.start(outputs_.context, "debug");
    co_return ok;
  }
  Task<Result<>> stop() override {
    co_await lanes_.stop();
    co_return Result<>();
  }
  Consumers inputs() override { return lanes_.inputs(); }

 private:
  static SendingConfig sending(const Config& config) {
    return {.timeout = Duration{0}, .queue = config.queue, .retry = std::nullopt};
  }
  Outputs outputs_;
  SendingLanes<Printer, Outputs> lanes_;
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (use_internal_logger && check.written("output_paths"))
    check.error("output_paths", "output_paths is not supported when use_internal_logger is true");
  if (!use_internal_logger && check.written("output_paths") && output_paths.empty())
    check.error("output_paths", "output_paths must not be empty when use_internal_logger is false");
}

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  if (auto storage = queue_storage({.queue = config.queue}, context); !storage)
    return fail(std::move(storage.error()));
  return std::make_unique<Debug>(config, context);
}

}  // namespace gleaner::exporters::debug
