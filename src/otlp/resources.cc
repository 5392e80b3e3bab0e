#include "otlp/resources.h"

#include <optional>

#include "otlp/decode.h"
#include "otlp/decode_common.h"
#include "otlp/writer.h"

namespace gleaner::otlp {
namespace {

constexpr std::size_t kMore = 256;  // bytes that a resource usually grows by

/// The attributes of a Resource* message; `others` gets the rest of its Resource as it is on the wire.
pdata::Map attributes_of(std::string_view message, Arena& arena, Buffer& others) {
  pdata::Map out;
  for (FieldReader field(message); field.next();) {
    if (field.number() != 1) continue;
    for (FieldReader inner(field.data()); inner.next();) {
      if (inner.number() == 1)
        detail::read_attribute(arena, inner.data(), out);
      else
        others.append(inner.raw());
    }
  }
  return out;
}

}  // namespace

Bytes change_resources(const Bytes& request, void* who, ChangeAttributes change) {
  const std::string_view all = request.view();
  Arena arena;
  std::optional<Writer> out;
  std::size_t copied = 0;  // bytes of `all` that `out` has
  for (FieldReader outer(all); outer.next();) {
    if (outer.number() != 1) continue;
    Buffer others;
    pdata::Map attributes = attributes_of(outer.data(), arena, others);
    if (!change(who, arena, attributes)) continue;
    if (!out) out.emplace(all.size() + kMore);
    const auto begin = static_cast<std::size_t>(outer.raw().data() - all.data());
    out->raw(all.substr(copied, begin - copied));
    copied = begin + outer.raw().size();
    out->message(
        1,
        [&] {
          out->message(1, [&] {
            out->raw(others.view());
            out->attributes(1, attributes);
          });
          for (FieldReader field(outer.data()); field.next();)
            if (field.number() != 1) out->raw(field.raw());
        },
        varint_size(outer.data().size() + kMore));
  }
  if (!out) return request;
  out->raw(all.substr(copied));
  return out->finish();
}

}  // namespace gleaner::otlp
