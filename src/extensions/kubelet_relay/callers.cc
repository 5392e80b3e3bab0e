#include "extensions/kubelet_relay/callers.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "k8s/api_objects.h"
#include "k8s/token_review.h"

namespace gleaner::extensions::kubelet_relay {
namespace {
using namespace std::chrono_literals;

constexpr Duration kTrust = 60s;  // the kubelet's own cache of such answers is twice that
constexpr Duration kDistrust = 10s;
constexpr std::size_t kMostKnown = 8192;
constexpr std::string_view kBearer = "Bearer ";

tl::unexpected<Error> refuse(int status, std::string why) {
  return fail(Fault::permanent, std::move(why), status);
}

/// What an answer that is none of the expected ones says, for people.
std::string said(const k8s::Client::Answer& answer) {
  return fmt::format("{} {}", answer.status, answer.body.view().substr(0, 512));
}

}  // namespace

Task<Result<Caller>> Callers::who(std::string authorization, TimePoint deadline) {
  if (!authorization.starts_with(kBearer)) co_return refuse(401, "a bearer token is needed");
  std::string token = authorization.substr(kBearer.size());
  if (!k8s::may_be_token(token)) co_return refuse(401, "this is no token");
  Digest digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  if (const auto* known = recall(digest)) co_return *known;
  co_await turns_.take();
  const auto* known = recall(digest);  // by whoever asked for the same meanwhile
  auto caller = known ? *known : co_await review(std::move(token), deadline);
  turns_.give();
  if (!known && (caller || caller.error().sys != 502)) remember(digest, caller);
  co_return caller;
}

Task<Result<Caller>> Callers::review(std::string token, TimePoint deadline) {
  const std::string question = k8s::token_review(token, audience_);
  auto answer = co_await api_.post(std::string(k8s::kTokenReviews), question, deadline);
  if (!answer) co_return refuse(502, "asking whose token it is: " + answer.error().what);
  if (answer->status != 201 && answer->status != 200)
    co_return refuse(502, fmt::format("asking whose token it is (the relay needs create on tokenreviews): {}",
                                      said(*answer)));
  Arena arena;
  const auto owner = k8s::read_token_review(answer->body.view(), arena);
  if (!owner) co_return refuse(502, "asking whose token it is: " + owner.error().what);
  if (!owner->authenticated) co_return refuse(401, "the API server does not know this token");
  if (owner->name_space.empty() || owner->pod.empty() || owner->pod_uid.empty())
    co_return refuse(403, "this token was not made for a pod: use the one that Kubernetes mounts into it");
  Caller caller{std::string(owner->name_space), std::string(owner->pod), std::string(owner->pod_uid),
                std::string(owner->node), ""};
  if (caller.node.empty() || addresses_)
    if (auto ok = co_await locate(caller, deadline); !ok) co_return fail(std::move(ok.error()));
  co_return caller;
}

/// Asks where the pod runs.
Task<Result<>> Callers::locate(Caller& caller, TimePoint deadline) {
  const std::string path = fmt::format("/api/v1/namespaces/{}/pods/{}", caller.name_space, caller.pod);
  auto answer = co_await api_.ask_for(path, deadline);
  if (!answer) co_return refuse(502, "asking where the pod runs: " + answer.error().what);
  if (answer->status == 404) co_return refuse(403, "there is no such pod any more");
  if (answer->status != 200)
    co_return refuse(
        502, fmt::format("asking where the pod runs (the relay needs get on pods): {}", said(*answer)));
  Arena arena;
  const auto place = k8s::read_pod_place(answer->body.view(), arena);
  if (!place) co_return refuse(502, "asking where the pod runs: " + place.error().what);
  if (place->uid != caller.uid) co_return refuse(403, "the pod that this token was made for is gone");
  if (place->node.empty()) co_return refuse(502, "the pod has no node yet");
  caller.node = place->node;
  caller.address = place->host_ip;
  co_return Result<>();
}

const Result<Caller>* Callers::recall(const Digest& digest) const {
  const auto found = known_.find(digest);
  return found != known_.end() && loop_.now() < found->second.until ? &found->second.caller : nullptr;
}

void Callers::remember(const Digest& digest, const Result<Caller>& caller) {
  const TimePoint now = loop_.now();
  if (known_.size() >= kMostKnown)
    std::erase_if(known_, [&](const auto& one) { return one.second.until <= now; });
  if (known_.size() >= kMostKnown) known_.clear();  // strangers at work: all prove themselves again
  known_.insert_or_assign(digest, Known{caller, now + (caller ? kTrust : kDistrust)});
}

}  // namespace gleaner::extensions::kubelet_relay
