#pragma once
// Who sent a batch, and what the request said beside the data.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gleaner {

/// Made once by a receiver and never changed, so that a fan-out, a queue and a retry share one. Travels with
/// the data until something merges it with another sender's. Without include_metadata and authentication it
/// is the address alone, and a receiver gives one object to all requests in a row from that address.
struct Client {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  std::string address;  ///< the peer's IP, "" when it has none
  Pairs metadata;       ///< request headers, names in lower case, if the receiver keeps them
  Pairs auth;           ///< what the authenticator learned: username, raw

  /// Every value of the header `name` (any case).
  std::vector<std::string_view> header(std::string_view name) const;
  /// The authenticator's attribute, or nullptr.
  const std::string* attribute(std::string_view name) const;
  /// Bytes of all texts.
  std::size_t bytes() const;
};

}  // namespace gleaner
