#pragma once
// Source: spec/collector.md 7.2.
#include "pipeline/factory.h"

namespace gleaner::extensions::basicauth {

struct HtpasswdConfig {
  std::string file;
  config::Secret inline_text;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&HtpasswdConfig::file>("file", "an htpasswd file, read at the start"),
        config::field<&HtpasswdConfig::inline_text>("inline", "such lines; they win over the file's"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (file.empty() && inline_text.value.empty()) check.error("no credential source provided");
  }
};

struct ClientConfig {
  std::string username, username_file, password_file;
  config::Secret password;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ClientConfig::username>("username", "who we are"),
        config::field<&ClientConfig::username_file>("username_file",
                                                    "the same in a file, followed when it changes"),
        config::field<&ClientConfig::password>("password", "and what proves it"),
        config::field<&ClientConfig::password_file>("password_file",
                                                    "the same in a file, followed when it changes"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (username.find(':') != std::string::npos) check.error("username", "invalid authorization format");
  }
};

struct Config {
  std::optional<HtpasswdConfig> htpasswd;
  std::optional<ClientConfig> client_auth;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::htpasswd>("htpasswd", "receivers: who may send"),
        config::field<&Config::client_auth>("client_auth", "exporters: who we are"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (htpasswd && client_auth) check.error("only one of `htpasswd` or `client_auth` can be specified");
    if (!htpasswd && !client_auth) check.error("no credential source provided");
  }
};

/// Takes requests with a name and a password of the list, or sends one.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::basicauth
