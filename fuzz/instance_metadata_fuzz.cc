// What metadata services and tokens say: read or refused, and what is read is no longer than what was said (a
// byte that is no UTF-8 becomes three: U+FFFD).
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "processors/resourcedetection/documents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gleaner::processors::resourcedetection;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gleaner::Arena arena;
  if (const auto one = read_instance_identity(text, arena); one && one->region.size() > 3 * size)
    std::abort();
  if (const auto one = read_ecs_task(text, arena); one && one->containers.size() > size) std::abort();
  if (const auto one = read_ecs_container(text, arena); one && one->log_group.size() > 3 * size) std::abort();
  const auto arn = read_arn(text);
  if (arn.region.size() + arn.account.size() + arn.resource.size() > size) std::abort();
  const auto issuer = token_issuer(text);
  if (issuer.find(eks_region(issuer)) == std::string::npos) std::abort();
  if (text.find(node_region(text)) == std::string_view::npos) std::abort();
  if (const auto list = read_resource_attributes(text))
    for (const auto& [key, value] : *list)
      if (key.empty() || key.size() + value.size() > size) std::abort();
  return 0;
}
