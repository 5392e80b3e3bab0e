#pragma once
// Every component gleaner has, and the names of those it knows of and has not.
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/factory.h"

namespace gleaner::service {

std::span<const ReceiverFactory> receivers();
std::span<const ProcessorFactory> processors();
std::span<const ExporterFactory> exporters();
std::span<const ExtensionFactory> extensions();

/// Types of the reference's k8s distribution that are not built here: naming one is an error that says so.
std::span<const std::string_view> not_built();

}  // namespace gleaner::service
