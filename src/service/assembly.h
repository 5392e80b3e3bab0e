#pragma once
// A configuration checked as a whole: components decoded, pipelines resolved. Nothing is made or started
// here.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/problems.h"
#include "pipeline/factory.h"
#include "service/config.h"
#include "service/id.h"

namespace gleaner::service {

template <class Factory>
struct Configured {
  Id id;
  const Factory* factory = nullptr;
  AnyConfig config;
  config::Mark mark;
  std::uint64_t fingerprint = 0;  ///< of what is written
};

struct Pipeline {
  std::string id;  ///< "logs/app"
  SignalKind signal{};
  std::vector<std::string> receivers, processors, exporters;  ///< ids, as in the component maps
  config::Mark mark;
};

struct Assembly {
  std::map<std::string, Configured<ReceiverFactory>> receivers;
  std::map<std::string, Configured<ProcessorFactory>> processors;
  std::map<std::string, Configured<ExporterFactory>> exporters;
  std::map<std::string, Configured<ExtensionFactory>> extensions;
  std::vector<std::string> extension_order;
  std::vector<Pipeline> pipelines;
  ServiceConfig service;
  std::uint64_t frame = 0;  ///< fingerprint of what everything leans on: extensions in use, own metrics
};

/// The id of something in use that there can be only one of in a process; empty when there is none.
std::string kept_on_one_lane(const Assembly& assembly);

/// Reads the merged tree. Everything wrong goes to `problems`; the result is usable only without errors.
/// @param profiles  whether pipelines of profiles are allowed: the reference has them behind a gate
Assembly assemble(const config::Node& root, config::Problems& problems, bool profiles = false);

}  // namespace gleaner::service
