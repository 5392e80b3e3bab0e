#pragma once
// Names out of configurations that data may point to.
#include <string_view>

namespace gleaner {

/// `name` in storage that lasts as long as the program: records can carry it without a copy, whatever becomes
/// of the component that wrote it. For names out of configurations, which are few; equal names share one
/// copy, so that reloading adds nothing. Any thread; takes a lock.
std::string_view lasting(std::string_view name);

}  // namespace gleaner
