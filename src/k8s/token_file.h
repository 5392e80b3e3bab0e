#pragma once
// A bearer token in a file that somebody else keeps fresh.
#include <string>
#include <string_view>

#include "base/secret_file.h"

namespace gleaner::k8s {

inline constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The namespace this pod runs in, as its service account says; empty where there is none.
std::string own_namespace();

/// A SecretFile with client-go's words. Source: spec/kubeletstats.md 4.2.
class TokenFile {
 public:
  explicit TokenFile(std::string path) : file_(std::move(path)) {}
  /// @return Fault::config "unable to read token file ..." when there is no token at all
  Result<std::string_view> token();
  /// The server did not like it: the next token() reads the file.
  void distrust() { file_.distrust(); }

 private:
  SecretFile file_;
  std::string trouble_;
};

}  // namespace gleaner::k8s
