// What an API server might post to the operator's webhook: whatever it is, the answer is one or a reason; a
// pod that got a sidecar is still the pod it was and gets no second one.
#include <cstdlib>

#include "extensions/k8s_operator/admission.h"
#include "extensions/k8s_operator/testing.h"
#include "k8s/json_cursor.h"

using namespace gleaner;
using namespace gleaner::extensions::k8s_operator;

namespace {

const deploy::Collector& sidecar() {
  static const auto made = deploy::read_collector(
      deploy::doc(
          "{apiVersion: opentelemetry.io/v1beta1, kind: OpenTelemetryCollector, metadata: {name: s, "
          "namespace: shop}, spec: {mode: sidecar, image: gleaner, config: {receivers: {otlp: {protocols: "
          "{grpc: {}}}}, exporters: {debug: }, service: {pipelines: {logs: {receivers: [otlp], exporters: "
          "[debug]}}}}}}"),
      {}, "fuzz");
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto review = read_review(text);
  if (!review) return review.error().what.empty() ? (std::abort(), 0) : 0;
  deploy::InjectOptions options;
  using Placement = deploy::InjectOptions::Placement;
  options.placement = size % 2 ? Placement::native : Placement::container;
  Knowledge knowledge;
  knowledge.sidecars = {&sidecar()};
  knowledge.by_namespace = size % 3 ? "shop/s" : "";
  knowledge.options = &options;
  const Verdict verdict = judge(*review, knowledge);
  Arena arena;
  const std::string said = answer(review->uid, verdict);
  k8s::JsonCursor json(said, arena);
  if (!json.skip() || !json.finish()) std::abort();
  (void)regarding(*review);
  if ((verdict.kind == Verdict::Kind::injected) != !verdict.patch.empty()) std::abort();
  if (verdict.patch.empty()) return 0;
  review->pod = patched(std::move(review->pod), verdict.patch);
  if (!review->pod.is_map()) std::abort();
  if (!judge(*review, knowledge).patch.empty()) std::abort();
  return 0;
}
