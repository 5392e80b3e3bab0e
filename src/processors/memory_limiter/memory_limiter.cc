#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "base/cgroup.h"
#include "pipeline/trouble.h"
#include "processors/memory_limiter/config.h"

namespace gleaner::processors::memory_limiter {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

/// What the limit is held against: bytes the allocator has handed out and not got back.
std::uint64_t memory_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

template <class S>
class Limiter final : public Processor<S>, public Troubled {
 public:
  Limiter(const Config& config, const Context& context, Consumer<S>& next)
      : Processor<S>(next),
        Troubled{&troubles_},
        config_(config),
        context_(context),
        accepted_(
            counter("accepted", "Number of {} successfully pushed into the next component in the pipeline.")),
        refused_(
            counter("refused", "Number of {} that were rejected by the next component in the pipeline.")) {
    const std::uint64_t all = config.limit_mib ? 0 : memory_available();
    hard_ = config.limit_mib ? config.limit_mib * kMiB : all / 100 * config.limit_percentage;
    std::uint64_t spike =
        config.limit_mib ? config.spike_limit_mib * kMiB : all / 100 * config.spike_limit_percentage;
    if (!spike) spike = hard_ / 5;
    soft_ = hard_ - spike;
  }

  Task<Result<>> consume(Batch<S>& batch) override {
    look();
    if (refusing_) {
      refused_.add(batch.data.items());
      constexpr const char* kWhy = "data refused due to high memory usage";
      troubles_.refused(last_, kWhy);
      co_return fail(Fault::retryable, kWhy);
    }
    accepted_.add(batch.data.items());
    co_return co_await this->next_.consume(batch);
  }

 private:
  metrics::Counter& counter(std::string_view what, std::string_view help) {
    std::string words(S::items);
    std::replace(words.begin(), words.end(), '_', ' ');
    return context_.metrics.counter(fmt::format("processor_memory_limiter_{}_{}", what, S::items),
                                    {{"processor", context_.id}}, fmt::format(fmt::runtime(help), words));
  }
  /// Looks at the memory when data comes and a check_interval has passed: no timer runs while nothing
  /// happens.
  void look() {
    const TimePoint now = context_.loop.now();
    if (looked_ && now - last_ < config_.check_interval) return;
    looked_ = true;
    last_ = now;
    std::uint64_t used = memory_in_use();
    if (used >= soft_) {
      ::malloc_trim(0);
      used = memory_in_use();
    }
    const bool refuse = used >= soft_;
    if (refuse && !refusing_)
      context_.logger.warn("Memory usage is above soft limit. Refusing data.",
                           {{"cur_mem_mib", used / kMiB}});
    if (!refuse && refusing_)
      context_.logger.info("Memory usage back within limits. Resuming normal operation.",
                           {{"cur_mem_mib", used / kMiB}});
    if (!refuse) troubles_.took();
    refusing_ = refuse;
  }

  const Config config_;
  const Context context_;
  std::uint64_t hard_ = 0, soft_ = 0;
  TimePoint last_{};
  bool looked_ = false, refusing_ = false;
  Troubles troubles_;
  metrics::Counter& accepted_;
  metrics::Counter& refused_;
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (check_interval <= Duration{0})
    check.error("check_interval", "'check_interval' must be greater than zero");
  if (!limit_mib && !limit_percentage)
    check.error("'limit_mib' or 'limit_percentage' must be greater than zero");
  if (limit_percentage > 100 || spike_limit_percentage > 100)
    check.error("limit_percentage", "percentages are at most 100");
  if (limit_mib && spike_limit_mib >= limit_mib)
    check.error("spike_limit_mib", "'spike_limit_mib' must be smaller than 'limit_mib'");
  if (!limit_mib && limit_percentage && spike_limit_percentage >= limit_percentage)
    check.error("spike_limit_percentage", "'spike_limit_percentage' must be smaller than 'limit_percentage'");
}

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  return std::make_unique<Limiter<S>>(config, context, next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);
template Result<std::unique_ptr<Processor<Profiles>>> Make::make(const Config&, const Context&,
                                                                 Consumer<Profiles>&);

}  // namespace gleaner::processors::memory_limiter
