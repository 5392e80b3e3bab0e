#pragma once
// One line as container runtimes write it: "TIME STREAM TAG LOG".
#include <cstring>
#include <string_view>

namespace gleaner::stanza {

struct CriLine {
  std::string_view time, stream, tag, log;
  bool zulu = false;  ///< the time ends in Z: containerd, not CRI-O
};

/// Takes a line apart; no regular expression, no copy.
/// CRI-O: the time holds no 'Z'. containerd: it ends in 'Z' and holds no other and no '^'. The stream is
/// stdout or stderr, the tag may be empty, the blank behind it may be missing; the log holds no newline.
/// Source: spec/filelog.md 16.1.
inline bool scan_cri(std::string_view line, CriLine& out) {
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos || blank == 0 || line.size() < blank + 8) return false;
  out.time = line.substr(0, blank);
  const char* stream = line.data() + blank + 1;
  if (std::memcmp(stream, "std", 3) != 0 ||
      (std::memcmp(stream + 3, "out ", 4) != 0 && std::memcmp(stream + 3, "err ", 4) != 0))
    return false;
  out.stream = {stream, 6};
  out.zulu = out.time.back() == 'Z';
  const auto digits = out.zulu ? out.time.substr(0, out.time.size() - 1) : out.time;
  if (digits.empty() || std::memchr(digits.data(), 'Z', digits.size()) ||
      (out.zulu && std::memchr(digits.data(), '^', digits.size())))
    return false;
  const auto rest = line.substr(blank + 8);
  const auto end = rest.find(' ');
  out.tag = rest.substr(0, end);
  out.log = end == std::string_view::npos ? rest.substr(rest.size()) : rest.substr(end + 1);
  return out.log.empty() || !std::memchr(out.log.data(), '\n', out.log.size());
}

}  // namespace gleaner::stanza
