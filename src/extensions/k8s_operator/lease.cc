#include "extensions/k8s_operator/lease.h"

#include <fmt/format.h>

#include <utility>

#include "config/yaml.h"
#include "deploy/tree.h"
#include "extensions/k8s_operator/documents.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using namespace std::chrono_literals;
using deploy::text_at;

constexpr std::int64_t kSeconds = 15;  // others wait so long for a sign of life
constexpr Duration kLast = 10s;        // and the holder stops working that long after its last one
constexpr Duration kAgain = 4s, kPatience = 4s;

}  // namespace

Lease::Lease(Loop& loop, k8s::Client& api, log::Logger logger, std::string name, std::string name_space,
             std::string holder)
    : loop_(loop),
      api_(api),
      logger_(logger),
      name_(std::move(name)),
      name_space_(std::move(name_space)),
      holder_(std::move(holder)),
      folder_(fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases", name_space_)),
      timer_(loop) {}

void Lease::cancel() {
  stopping_ = true;
  timer_.cancel();
}

Task<> Lease::run() {
  while (!stopping_) {
    const bool had = held();
    auto ok = co_await round();
    if (!ok && std::exchange(trouble_, ok.error().what) != ok.error().what)
      logger_.warn("The lease cannot be had", {{"error", trouble_}});
    if (ok) trouble_.clear();
    if (held() != had) logger_.info(had ? "Another replica works now" : "This replica works now");
    if (!stopping_) (void)co_await timer_.sleep(kAgain);
  }
  if (held()) (void)co_await round();
}

/// Takes it, keeps it, looks who has it, or gives it back.
Task<Result<>> Lease::round() {
  const TimePoint begun = loop_.now();
  auto answer = co_await api_.ask_for(folder_ + "/" + name_, begun + kPatience);
  if (!answer) co_return fail(std::move(answer.error()));
  std::string version;
  const std::string_view said = answer->body.view();
  if (answer->status == 200) {
    const auto parsed = config::parse_yaml(said, "lease");
    if (!parsed) co_return fail(Fault::permanent, parsed.error().what);
    version = text_at(*parsed, "metadata.resourceVersion");
    const std::string other = text_at(*parsed, "spec.holderIdentity");
    if (seen_ != version) {
      seen_ = version;
      seen_at_ = begun;
    }
    const bool mine = other == holder_;
    if (!mine && !other.empty() && begun - seen_at_ < std::chrono::seconds(kSeconds)) {
      held_until_ = {};
      co_return Result<>();
    }
    if (stopping_ && !mine) co_return Result<>();
  } else if (answer->status != 404) {
    co_return fail(Fault::retryable, fmt::format("{} {}", answer->status, said.substr(0, 512)));
  }
  const std::string body = lease(name_, name_space_, stopping_ ? "" : holder_, kSeconds,
                                 static_cast<std::int64_t>(unix_nanos() / 1'000'000'000), version);
  auto taken =
      co_await api_.send(version.empty() ? "POST" : "PUT", version.empty() ? folder_ : folder_ + "/" + name_,
                         "application/json", body, begun + kPatience);
  if (!taken) co_return fail(std::move(taken.error()));
  if (taken->status == 409) {  // another one was faster
    held_until_ = {};
    co_return Result<>();
  }
  if (taken->status >= 300)
    co_return fail(Fault::retryable, fmt::format("{} {}", taken->status, taken->body.view().substr(0, 512)));
  held_until_ = stopping_ ? TimePoint{} : begun + kLast;
  co_return Result<>();
}

}  // namespace gleaner::extensions::k8s_operator
