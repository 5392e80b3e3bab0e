#pragma once
#include <string>

#include "base/result.h"

namespace gleaner {

/// A small file (token, certificate, kubeconfig) as a whole. @return Fault::os in Go's words, "open F: no
/// such file or directory"; a file of more than `limit` bytes is refused
Result<std::string> read_small_file(const std::string& path, std::size_t limit = 1 << 20);

}  // namespace gleaner
