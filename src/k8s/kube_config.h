#pragma once
// A kubeconfig file: how a user outside the cluster reaches an API server.
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::k8s {

/// What one context of the file says. Data that the file holds inline comes as PEM text, the rest as paths.
struct KubeConfig {
  std::string server;
  std::string ca_file, ca_pem;
  std::string server_name;  ///< tls-server-name
  std::string proxy_url;
  bool insecure_skip_verify = false;
  std::string token, token_file;
  std::string cert_file, cert_pem, key_file, key_pem;
  std::string username, password;

  /// @param context "" for the file's current-context
  /// @param source how the file is called in messages; relative paths in it count from its folder
  /// @return Fault::config for what is missing, and for exec and auth-provider users, which are not supported
  static Result<KubeConfig> parse(std::string_view text, const std::string& source, std::string_view context);
  /// The first file of $KUBECONFIG, else ~/.kube/config.
  static Result<KubeConfig> load(std::string_view context);
};

}  // namespace gleaner::k8s
