#include "extensions/k8s_operator/events.h"

#include <fmt/format.h>

namespace gleaner::extensions::k8s_operator {
namespace {
using namespace std::chrono_literals;

constexpr Duration kNoRepeat = 10min, kPatience = 10s;
constexpr std::size_t kMostSaid = 4096, kAtOnce = 16;

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == text.npos;
}

}  // namespace

void Events::tell(const Regarding& about, std::string_view reason, std::string_view message, bool normal) {
  if (!is_name(about.name_space)) return;  // it becomes part of a path, and came from whoever called us
  const TimePoint now = loop_.now();
  std::erase_if(said_, [&](const auto& one) { return one.second <= now; });
  const std::string key =
      fmt::format("{}/{}/{}/{}/{}", about.kind, about.name_space, about.name, reason, message);
  if (said_.count(key) || said_.size() >= kMostSaid || gate_.running() >= kAtOnce) return;
  said_[key] = now + kNoRepeat;
  logger_.info("Event", {{"object", fmt::format("{} {}/{}", about.kind, about.name_space, about.name)},
                         {"reason", reason},
                         {"message", message}});
  gate_.spawn(send(fmt::format("/api/v1/namespaces/{}/events", about.name_space),
                   event(about, reason, message, normal,
                         static_cast<std::int64_t>(unix_nanos() / 1'000'000'000), reporter_)));
}

Task<> Events::send(std::string path, std::string body) {
  auto answer = co_await api_.post(std::move(path), body, loop_.now() + kPatience);
  if (answer && answer->status < 300) co_return;
  logger_.warn("An event could not be written",
               {{"error", answer ? std::string(answer->body.view().substr(0, 512)) : answer.error().what}});
}

}  // namespace gleaner::extensions::k8s_operator
