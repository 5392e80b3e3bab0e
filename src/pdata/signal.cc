#include "pdata/signal.h"

namespace gleaner {
namespace {
template <class S, class Count>
std::size_t count(const Records<S>& records, Count&& per_item) {
  std::size_t total = 0;
  for (const auto& resource : records.resources)
    for (const auto& scope : resource.scopes)
      for (const auto& item : scope.records) total += per_item(item);
  return total;
}
constexpr auto kOne = [](const auto&) { return std::size_t{1}; };
}  // namespace

std::size_t count_items(const Records<Logs>& records) { return count(records, kOne); }
std::size_t count_items(const Records<Traces>& records) { return count(records, kOne); }
std::size_t count_items(const Records<Metrics>& records) {
  return count(records, [](const pdata::Metric& metric) { return metric.points(); });
}

namespace pdata {
std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}
}  // namespace pdata
}  // namespace gleaner
