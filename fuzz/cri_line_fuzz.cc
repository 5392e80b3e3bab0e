// The hand-written scanner takes the lines that the collector's two patterns take, and finds the same four
// parts. Source of the patterns: spec/filelog.md 16.1.
#include <re2/re2.h>

#include <cstdlib>

#include "stanza/operators/cri_line.h"

using gleaner::stanza::CriLine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  // Latin-1, so that '.' is any byte: Go matches '.' against broken UTF-8 too.
  static const RE2 crio("^([^ Z]+) (stdout|stderr) ([^ ]*) ?(.*)$", RE2::Latin1);
  static const RE2 containerd("^([^ ^Z]+Z) (stdout|stderr) ([^ ]*) ?(.*)$", RE2::Latin1);
  re2::StringPiece time, stream, tag, log;
  const re2::StringPiece text(line.data(), line.size());
  const bool zulu = RE2::FullMatch(text, containerd, &time, &stream, &tag, &log);
  const bool want = zulu || RE2::FullMatch(text, crio, &time, &stream, &tag, &log);
  CriLine got;
  if (gleaner::stanza::scan_cri(line, got) != want) std::abort();
  if (!want) return 0;
  const auto same = [](const re2::StringPiece& a, std::string_view b) {
    return std::string_view(a.data(), a.size()) == b;
  };
  if (got.zulu != zulu || !same(time, got.time) || !same(stream, got.stream) || !same(tag, got.tag) ||
      !same(log, got.log))
    std::abort();
  return 0;
}
