// What an API server lists and watches: lines do not depend on how bytes come; an object that is read
// survives packing; texts of an image are parts of its name.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "k8s/object.h"
#include "k8s/watch_frames.h"
#include "processors/k8sattributes/facts.h"

namespace {
using namespace gleaner;
using processors::k8sattributes::Kind;
using processors::k8sattributes::Rules;

const Rules& rules() {
  static const Rules made = [] {
    processors::k8sattributes::Config config;
    for (const auto name : processors::k8sattributes::kMetadata) config.extract.metadata.emplace_back(name);
    config.extract.labels.push_back({.key_regex = "(.*)", .from = "pod"});
    config.extract.otel_annotations = true;
    config.pod_association = {{{{.from = "connection", .name = ""}}},
                              {{{.from = "resource_attribute", .name = "container.id"}}}};
    return std::move(*Rules::compile(config));
  }();
  return made;
}

void look_at(std::string_view json) {
  Arena arena;
  const auto object = k8s::read_object(json, arena);
  if (!object) return;
  for (const Kind kind : {Kind::pod, Kind::node}) {
    const auto packed = pack(gather(rules(), kind, *object, arena));
    if (pack(processors::k8sattributes::unpack(packed, arena)) != packed) std::abort();
    if (!object->uid.empty() && packed.find(object->uid) == std::string::npos) std::abort();
  }
  for (const auto& container : object->containers) {
    const auto image = k8s::read_image(container.image);
    if (image.repository.size() + (image.tagged ? image.tag.size() : 0) > container.image.size())
      std::abort();
  }
  for (const auto& status : object->statuses) (void)k8s::repository_digest(status.image_id);
}

std::string lines(std::string_view text, std::size_t piece) {
  k8s::FrameLines cut(200);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), piece)))
    cut.feed(text.substr(0, piece), [&](std::string_view line) { out += std::string(line) + '\n'; });
  return out + std::to_string(cut.left_out());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (lines(text, 1 + data[0] % 32) != lines(text, size)) std::abort();
  Arena arena;
  if (const auto page = k8s::read_list_page(text, arena))
    for (const auto item : page->items) look_at(item);
  if (const auto frame = k8s::read_watch_frame(text, arena)) look_at(frame->object);
  (void)k8s::read_status(text);
  look_at(text);
  return 0;
}
