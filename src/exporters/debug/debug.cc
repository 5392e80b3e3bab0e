#include <cstdio>

#include "exporters/debug/config.h"
#include "exporters/debug/text.h"

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

template <class S>
class Input : public Consumer<S> {
 public:
  Input(const Config& config, const Context& context)
      : config_(config),
        logger_(context.logger.with({{old_ ? "data_type" : "otelcol.signal", S::name}}).unsampled()),
        counts_(config, context.loop),
        texts_(config, context.loop) {}

  Task<Result<>> consume(Batch<S>& batch) override {
    count(batch.data);
    const bool wanted = config_.verbosity == "detailed" || (config_.verbosity == "normal" && !old_);
    if (wanted && texts_.admit()) {
      const auto& records = batch.data.records();
      print(config_.verbosity == "normal" ? normal_text(records) : detailed_text(records));
    }
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }

 private:
  void count(Payload<S>& data) {
    if (!counts_.admit()) return;
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
  void line(std::string_view message, log::Fields fields) {
    if (config_.use_internal_logger) return logger_.info(message, fields);
    std::string text(message);
    for (const auto& field : fields) text += " " + field.key + "=" + field.json;
    print(text + "\n");
  }
  void print(const std::string& text) {
    if (config_.use_internal_logger) return logger_.info(text);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  const bool old_ = config::is_0_102();
  const Config config_;
  const log::Logger logger_;
  Sampler counts_, texts_;
};

class Debug : public Exporter {
 public:
  Debug(const Config& config, const Context& context)
      : logs_(config, context), metrics_(config, context), traces_(config, context) {}
  Consumers inputs() override { return {&logs_, &metrics_, &traces_}; }

 private:
  Input<Logs> logs_;
  Input<Metrics> metrics_;
  Input<Traces> traces_;
};

}  // namespace

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  return std::make_unique<Debug>(config, context);
}

}  // namespace gleaner::exporters::debug
