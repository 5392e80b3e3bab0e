#pragma once
// For processors that change the attributes of resources and nothing else.
#include <type_traits>

#include "otlp/resources.h"
#include "pipeline/payload.h"

namespace gleaner {

/// Calls change(arena, attributes) for every resource; it returns whether it changed them. Bytes stay bytes:
/// only the resources that changed are encoded anew.
template <class S, class F>
void change_resources(Payload<S>& data, F&& change) {
  if (!data.is_wire()) {
    auto& records = data.records();
    for (auto& resource : records.resources) (void)change(records.arena, resource.resource.attributes);
    return;
  }
  Chain changed;
  for (const auto& part : data.wire().parts())
    changed.append(otlp::change_resources(part, &change, [](void* who, Arena& arena, pdata::Map& attributes) {
      return static_cast<bool>((*static_cast<std::remove_reference_t<F>*>(who))(arena, attributes));
    }));
  data = Payload<S>(std::move(changed), data.items());
}

}  // namespace gleaner
