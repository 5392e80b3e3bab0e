#pragma once
// Source: spec/collector.md 7.2.
#include "pipeline/factory.h"

namespace gleaner::extensions::bearertokenauth {

struct Config {
  std::string header = "Authorization", scheme = "Bearer", filename;
  config::Secret token;
  std::vector<config::Secret> tokens;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::header>("header", "where the token stands"),
        config::field<&Config::scheme>("scheme", "the word in front of it; empty = none"),
        config::field<&Config::token>("token", "the token"),
        config::field<&Config::tokens>("tokens", "several that are taken; the first one is sent"),
        config::field<&Config::filename>(
            "filename", "file with a token a line, followed when it changes; overrides the others"),
        config::later("file_retry", "tries to read a file that is not there yet"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

/// Takes requests that carry one of the tokens, and sends the first of them.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::bearertokenauth
