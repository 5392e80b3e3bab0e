// What is cut out of a kubelet's documents is about the pod that asked, and reads as such a document again.
// The API server's word of a token's owner is read or refused.
#include <cstdlib>

#include "k8s/own_pod.h"
#include "k8s/pod_list.h"
#include "k8s/summary.h"
#include "k8s/token_review.h"

namespace {
using namespace gleaner;

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kUid = "u-a";
  Arena arena;
  if (const auto cut = k8s::own_summary(text, kUid, k8s::NodeShare::never)) {
    check(cut->view().find(R"("node":)") != 1);
    if (k8s::read_summary(text, arena)) {  // of the right shape: so is the part
      const auto part = k8s::read_summary(cut->view(), arena);
      check(part && part->pods.size() <= 1);
      for (const auto& pod : part->pods) check(pod.uid == kUid);
    }
  }
  if (const auto cut = k8s::own_pod_list(text, kUid); cut && k8s::read_pod_list(text, arena)) {
    const auto part = k8s::read_pod_list(cut->view(), arena);
    check(part && part->pods.size() <= 1);
    for (const auto& pod : part->pods) check(pod.uid == kUid);
  }
  if (const auto owner = k8s::read_token_review(text, arena))
    check(owner->name_space.find(':') == std::string_view::npos);
  return 0;
}
