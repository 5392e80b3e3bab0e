#include "k8s/token_review.h"

#include <algorithm>

#include "base/log.h"
#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

constexpr std::size_t kLongestToken = 16u << 10;  // bytes; projected ones have 1 to 2 KiB
constexpr std::string_view kAccount = "system:serviceaccount:";

/// The first text of a list.
bool first(JsonCursor& json, std::string_view& out) {
  bool seen = false;
  return json.array([&] { return std::exchange(seen, true) ? json.skip() : json.text(out); });
}

bool read_extra(JsonCursor& json, TokenOwner& owner) {
  return json.object([&](std::string_view key) {
    if (key == "authentication.kubernetes.io/pod-name") return first(json, owner.pod);
    if (key == "authentication.kubernetes.io/pod-uid") return first(json, owner.pod_uid);
    if (key == "authentication.kubernetes.io/node-name") return first(json, owner.node);
    return json.skip();
  });
}

}  // namespace

std::string token_review(std::string_view token, std::string_view audience) {
  std::string out = R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":)";
  log::append_json_string(out, token);
  if (!audience.empty()) {
    out += R"(,"audiences":[)";
    log::append_json_string(out, audience);
    out += ']';
  }
  return out + "}}";
}

Result<TokenOwner> read_token_review(std::string_view text, Arena& arena) {
  JsonCursor json(text, arena);
  TokenOwner owner;
  std::string_view user;
  const auto read_user = [&](std::string_view key) {
    if (key == "username") return json.text(user);
    if (key == "extra") return read_extra(json, owner);
    return json.skip();
  };
  const auto read_status = [&](std::string_view key) {
    if (key == "authenticated") return json.boolean(owner.authenticated);
    if (key == "error") return json.text(owner.error);
    if (key == "user") return json.object(read_user);
    return json.skip();
  };
  const bool ok = json.object(
      [&](std::string_view key) { return key == "status" ? json.object(read_status) : json.skip(); });
  if (!ok || !json.finish()) return json.error();
  if (user.starts_with(kAccount)) {
    user.remove_prefix(kAccount.size());
    owner.name_space = user.substr(0, user.find(':'));
  }
  return owner;
}

bool may_be_token(std::string_view text) noexcept {
  constexpr std::string_view kMarks = "-._~+/=";
  return !text.empty() && text.size() <= kLongestToken && std::all_of(text.begin(), text.end(), [&](char c) {
    const char l = static_cast<char>(c | 0x20);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace gleaner::k8s
