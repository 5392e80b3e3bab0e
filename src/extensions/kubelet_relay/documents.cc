#include "extensions/kubelet_relay/documents.h"

namespace gleaner::extensions::kubelet_relay {
namespace {
constexpr std::size_t kMostKept = 32u << 20;  // bytes
}  // namespace

Task<Result<k8s::Client::Answer>> Documents::get(std::string name, TimePoint deadline, Fetch fetch) {
  forget_old();
  auto& slot = documents_[name];
  if (!slot) slot = std::make_shared<Document>();
  const auto document = slot;
  if (document->fetching) {
    co_await document->fetched.wait();
    co_return document->answer;
  }
  if (loop_.now() < document->until) co_return document->answer;
  document->fetching = true;
  co_await turns_.take();
  document->answer = co_await fetch(deadline);
  const bool good = document->answer && document->answer->status == 200;
  document->until = good ? loop_.now() + keep_ : TimePoint{};
  document->fetching = false;
  auto answer = document->answer;
  turns_.give();
  document->fetched.notify_all();
  co_return answer;
}

/// Drops what is no longer fresh; all of it when it is too much.
void Documents::forget_old() {
  const TimePoint now = loop_.now();
  std::size_t bytes = 0;
  std::erase_if(documents_, [&](const auto& one) {
    const Document& document = *one.second;
    if (document.fetching) return false;
    if (now >= document.until) return true;
    bytes += document.answer->body.size();
    return false;
  });
  if (bytes > kMostKept) std::erase_if(documents_, [](const auto& one) { return !one.second->fetching; });
}

}  // namespace gleaner::extensions::kubelet_relay
