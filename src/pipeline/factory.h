#pragma once
// How a component is made known: one row in service/components.cc.
#include <memory>
#include <span>
#include <string_view>

#include "config/field.h"
#include "pipeline/component.h"

namespace gleaner {

/// A decoded configuration, its type known to its factory only.
using AnyConfig =
    std::shared_ptr<const void>;  // shared: a reload keeps the old one until its components are gone

/// On which lanes a component is made.
enum class Spread : std::uint8_t {
  every_lane,
  first_lane,  ///< it does little, or there must be one: scrapers, health checks
  one_lane,    ///< what it owns cannot be shared: whoever configures it gets one lane only
};

/// What all kinds of factories have.
struct FactoryBase {
  std::string_view type;   ///< today's name
  std::string_view alias;  ///< the other spelling, "" if there is one name only
  SignalSet signals = 0;
  std::string_view about;  ///< one sentence for docs
  std::span<const config::Field> (*fields)();
  AnyConfig (*decode)(const config::Node& node, const std::string& path, config::Problems& problems);
  Spread spread = Spread::every_lane;
};

struct ReceiverFactory : FactoryBase {
  Result<std::unique_ptr<Receiver>> (*make)(const AnyConfig& config, const Context& context,
                                            const Consumers& next);
};
struct ProcessorFactory : FactoryBase {
  Result<std::unique_ptr<Processor<Logs>>> (*make_logs)(const AnyConfig&, const Context&,
                                                        Consumer<Logs>& next);
  Result<std::unique_ptr<Processor<Metrics>>> (*make_metrics)(const AnyConfig&, const Context&,
                                                              Consumer<Metrics>& next);
  Result<std::unique_ptr<Processor<Traces>>> (*make_traces)(const AnyConfig&, const Context&,
                                                            Consumer<Traces>& next);
  /// nullptr when it does not take profiles
  Result<std::unique_ptr<Processor<Profiles>>> (*make_profiles)(const AnyConfig&, const Context&,
                                                                Consumer<Profiles>& next);
};
struct ExporterFactory : FactoryBase {
  Result<std::unique_ptr<Exporter>> (*make)(const AnyConfig& config, const Context& context);
};
struct ExtensionFactory : FactoryBase {
  Result<std::unique_ptr<Extension>> (*make)(const AnyConfig& config, const Context& context);
};

namespace detail {
template <class C>
constexpr FactoryBase factory_base(std::string_view type, std::string_view alias, SignalSet signals,
                                   std::string_view about, Spread spread = Spread::every_lane) {
  return {type,
          alias,
          signals,
          about,
          [] { return C::fields(); },
          [](const config::Node& node, const std::string& path, config::Problems& problems) -> AnyConfig {
            return std::make_shared<const C>(config::decode<C>(node, path, problems));
          },
          spread};
}
template <class C>
const C& as(const AnyConfig& config) {
  return *static_cast<const C*>(config.get());
}
}  // namespace detail

/// receiver<Config, &make>("filelog", ...) where `make(const Config&, const Context&, const Consumers&)`.
template <class C, auto Make>
constexpr ReceiverFactory receiver(std::string_view type, std::string_view alias, SignalSet signals,
                                   std::string_view about, Spread spread = Spread::every_lane) {
  return {detail::factory_base<C>(type, alias, signals, about, spread),
          [](const AnyConfig& config, const Context& context, const Consumers& next) {
            return Make(detail::as<C>(config), context, next);
          }};
}
template <class C, auto Make>
constexpr ExporterFactory exporter(std::string_view type, std::string_view alias, SignalSet signals,
                                   std::string_view about, Spread spread = Spread::every_lane) {
  return {
      detail::factory_base<C>(type, alias, signals, about, spread),
      [](const AnyConfig& config, const Context& context) { return Make(detail::as<C>(config), context); }};
}
template <class C, auto Make>
constexpr ExtensionFactory extension(std::string_view type, std::string_view alias, std::string_view about,
                                     Spread spread = Spread::every_lane) {
  return {
      detail::factory_base<C>(type, alias, 0, about, spread),
      [](const AnyConfig& config, const Context& context) { return Make(detail::as<C>(config), context); }};
}
/// processor<Config, Make>(...) where Make::make<S>(const Config&, const Context&, Consumer<S>&) for logs,
/// metrics and traces.
template <class C, class Make>
constexpr ProcessorFactory processor(std::string_view type, std::string_view alias, std::string_view about) {
  return {detail::factory_base<C>(type, alias, kRecordSignals, about),
          [](const AnyConfig& config, const Context& context, Consumer<Logs>& next) {
            return Make::template make<Logs>(detail::as<C>(config), context, next);
          },
          [](const AnyConfig& config, const Context& context, Consumer<Metrics>& next) {
            return Make::template make<Metrics>(detail::as<C>(config), context, next);
          },
          [](const AnyConfig& config, const Context& context, Consumer<Traces>& next) {
            return Make::template make<Traces>(detail::as<C>(config), context, next);
          },
          nullptr};
}
/// The same for what takes profiles too.
template <class C, class Make>
constexpr ProcessorFactory processor_of_all(std::string_view type, std::string_view alias,
                                            std::string_view about) {
  ProcessorFactory made = processor<C, Make>(type, alias, about);
  made.signals = kAllSignals;
  made.make_profiles = [](const AnyConfig& config, const Context& context, Consumer<Profiles>& next) {
    return Make::template make<Profiles>(detail::as<C>(config), context, next);
  };
  return made;
}

}  // namespace gleaner
