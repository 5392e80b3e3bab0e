#pragma once
#include <string>

#include "base/result.h"

namespace gleaner::service {

/// GET of an http or https URI, for `--config=https://...` and `${https://...}`. Blocks for at most 10 s: it
/// is called at start and at a reload. Follows ten redirects; https trusts the system's authorities.
/// @return the body of a 200, at most 16 MiB; Fault::config in the reference's words otherwise
/// Source: spec/collector.md 2.1.
Result<std::string> fetch(const std::string& uri);

struct Answer {
  int status = 0;
  std::string body;
};
/// The same with whatever it answers.
Result<Answer> ask(const std::string& uri);

}  // namespace gleaner::service
