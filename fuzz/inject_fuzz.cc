// Foreign manifests: what inject() takes, uninject() turns back into the same bytes; twice is once; and a
// stream without a sidecar of ours goes through uninject() unchanged.
#include <cstdlib>

#include "deploy/inject.h"
#include "deploy/tree.h"

using namespace gleaner;

namespace {

deploy::InjectOptions options_for(unsigned bits) {
  static const auto sidecar = deploy::sidecar_of(
      deploy::doc(
          "{receivers: {otlp: {protocols: {grpc: {}}}}, exporters: {debug: }, service: {pipelines: {traces: "
          "{receivers: [otlp], exporters: [debug]}}}}"),
      {}, "fuzz");
  deploy::InjectOptions options;
  options.sidecars = {*sidecar};
  options.all = true;
  options.exec = bits & 1;
  options.pod_logs = bits & 2;
  using Placement = deploy::InjectOptions::Placement;
  options.placement = bits & 4 ? Placement::native : Placement::container;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string stream(reinterpret_cast<const char*>(data), size);
  if (const auto back = deploy::uninject(stream, "fuzz");
      back && back->notes.empty() && back->text != stream &&
      stream.find("gleaner/injected") == std::string::npos)
    std::abort();
  const auto options = options_for(static_cast<unsigned>(size));
  const auto once = deploy::inject(stream, "fuzz", options);
  if (!once) return once.error().what.empty() ? (std::abort(), 0) : 0;
  const auto twice = deploy::inject(once->text, "fuzz", options);
  if (!twice || twice->text != once->text) std::abort();
  const auto back = deploy::uninject(once->text, "fuzz");
  if (!back) std::abort();
  if (stream.find("gleaner/injected") == std::string::npos && back->text != stream) std::abort();
  return 0;
}
