#pragma once
#include "base/bytes.h"
#include "pdata/common.h"

namespace gleaner::otlp {

/// Changes the attributes of resources in place and says whether it did. New keys and values must live in
/// `arena` or longer.
using ChangeAttributes = bool (*)(void* who, Arena& arena, pdata::Map& attributes);

/// A request that scan() accepted, of any signal, with the attributes of its resources changed. What `change`
/// leaves alone is not encoded anew: without a change it is `request` itself, otherwise one copy in which
/// everything but those attributes is as it came, unknown fields included.
Bytes change_resources(const Bytes& request, void* who, ChangeAttributes change);

}  // namespace gleaner::otlp
