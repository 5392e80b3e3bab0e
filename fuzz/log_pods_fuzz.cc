// What an API server says of pods: read or refused; names from a refusal hold no blanks and no brackets; the
// own container's name is a part of the text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "k8s/log_pods.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto pod = gleaner::k8s::read_log_pod(text); pod && pod->containers.size() > size) std::abort();
  if (const auto pods = gleaner::k8s::read_log_pods(text); pods && pods->size() > size) std::abort();
  (void)gleaner::k8s::status_message(text);
  for (const auto& name : gleaner::k8s::containers_to_choose_from(text))
    if (name.empty() || name.find_first_of("[] ") != std::string::npos) std::abort();
  const auto own = gleaner::k8s::own_container(text);
  if (text.find(own) == std::string_view::npos || own.find('/') != std::string::npos) std::abort();
  return 0;
}
