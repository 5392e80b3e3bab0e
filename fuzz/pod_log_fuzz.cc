// k8s_pod_logs: the lines of a log do not depend on how its bytes come, and hold all of them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "receivers/k8spodlogs/lines.h"

namespace {
using gleaner::Bytes;
using gleaner::receivers::k8spodlogs::Lines;
using gleaner::receivers::k8spodlogs::StampedLine;

/// Everything `log` has, fed in pieces of `size` bytes.
std::vector<std::string> read(std::string_view log, std::size_t size, std::size_t max) {
  Lines lines(max);
  std::vector<std::string> out;
  const auto put = [&](const std::vector<StampedLine>& got) {
    for (const auto& line : got) out.push_back(std::to_string(line.time) + ' ' + std::string(line.text));
  };
  for (; !log.empty(); log.remove_prefix(std::min(log.size(), size))) {
    const Bytes piece = Bytes::copy(log.substr(0, size));
    Bytes carried;
    put(lines.feed(piece, carried));
  }
  Bytes carried;
  put(lines.finish(carried));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 64, max = 1 + data[1];
  const std::string_view log(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto whole = read(log, log.size() + 1, max);
  if (read(log, piece, max) != whole) std::abort();
  for (const auto& line : whole)
    if (line.size() - line.find(' ') - 1 > max) std::abort();
  return 0;
}
