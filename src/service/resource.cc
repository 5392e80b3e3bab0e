#include "service/resource.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cstdint>
#include <map>

namespace gleaner::service {

metrics::Labels resource_of(const config::Node& written, const std::string& name, const std::string& version,
                            const std::string& instance) {
  std::map<std::string, std::string> all{
      {"service.name", name}, {"service.version", version}, {"service.instance.id", instance}};
  const auto set = [&](const std::string& key, const config::Node& value) {
    if (value.is_null())
      all.erase(key);
    else if (value.is_scalar())
      all[key] = value.from_reference() ? value.verbatim() : value.text();
  };
  for (const auto& entry : written.entries())
    if (entry.key != "attributes" || !entry.value.is_list()) set(entry.key, entry.value);
  if (const auto* list = written.find("attributes"))
    for (const auto& item : list->items())
      if (const auto* key = item.find("name"); key && item.find("value"))
        set(key->text(), *item.find("value"));
  return {all.begin(), all.end()};
}

std::string random_uuid() {
  std::uint8_t b[16] = {};
  if (::getrandom(b, sizeof b, 0) != sizeof b) return "00000000-0000-4000-8000-000000000000";
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0F) | 0x40);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3F) | 0x80);
  std::string out;
  for (int i = 0; i < 16; ++i)
    out += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
  return out;
}

}  // namespace gleaner::service
