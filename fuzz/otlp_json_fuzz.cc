// What is read from JSON is a request the wire scan accepts, and what is written from that reads back as the
// same text. The first byte chooses the signal.
#include <cstdlib>

#include "otlp/json.h"
#include "otlp/scan.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const SignalKind signal = kSignals[data[0] % std::size(kSignals)];
  const auto first = otlp::parse_json(signal, {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!first) {
    if (first.error().fault != Fault::permanent || first.error().what.empty()) std::abort();
    return 0;
  }
  const auto found = otlp::scan(signal, first->view());
  if (!found.ok()) std::abort();
  std::string written, twice;
  otlp::append_json(written, signal, first->view());
  const auto second = otlp::parse_json(signal, written);
  if (!second) std::abort();
  // Of a metric with two kinds of data the last is written.
  if (!found.legacy && otlp::scan(signal, second->view()).items != found.items) std::abort();
  otlp::append_json(twice, signal, second->view());
  if (written != twice) std::abort();
  return 0;
}
