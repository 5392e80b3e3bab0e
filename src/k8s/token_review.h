#pragma once
// Asking the API server whose a service account's token is: authentication.k8s.io/v1, TokenReview.
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::k8s {

inline constexpr std::string_view kTokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews";

/// The document to POST there. @param audience empty: the API server's own
std::string token_review(std::string_view token, std::string_view audience);

/// Whom the API server recognised. Texts live in the arena given to the reader.
struct TokenOwner {
  bool authenticated = false;
  std::string_view error;       ///< why not, in the API server's words
  std::string_view name_space;  ///< of the service account; empty when it is another kind of user
  /// Of the pod that the token was made for; empty when it was made for none. The node: Kubernetes 1.30 and
  /// later.
  std::string_view pod, pod_uid, node;
};
/// Reads its answer. @return Fault::permanent when it is none
Result<TokenOwner> read_token_review(std::string_view json, Arena& arena);

/// Whether a text can be a bearer token (RFC 6750, 2.1) of a length that anybody uses.
bool may_be_token(std::string_view text) noexcept;

}  // namespace gleaner::k8s
