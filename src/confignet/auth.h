#pragma once
// `auth: {authenticator: ID}`: which extension checks, or proves, who somebody is. Source: spec/collector.md
// 8.2, 8.3.
#include <string>
#include <vector>

#include "config/field.h"

namespace gleaner::confignet {

struct AuthConfig {
  std::string authenticator;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&AuthConfig::authenticator>("authenticator", "the extension's id, as it is listed"),
    };
    return kTable;
  }
};

/// Of HTTP servers.
struct HttpServerAuthConfig {
  AuthConfig common;
  std::vector<std::string> request_params;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&HttpServerAuthConfig::common>(),
        config::field<&HttpServerAuthConfig::request_params>(
            "request_params", "parameters of the URL that count as headers of that name"),
    };
    return kTable;
  }
};

}  // namespace gleaner::confignet
