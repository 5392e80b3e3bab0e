#pragma once
// The data of a batch in one of two forms, converted on demand.
#include <memory>

#include "base/bytes.h"
#include "pdata/signal.h"

namespace gleaner {

/// Wire form: a chain of OTLP requests that scan() accepted; concatenating them is concatenating batches.
/// Records form: structs in an arena. Move-only; share() makes a second one cheaply.
template <class S>
class Payload {
 public:
  Payload() = default;
  /// @param request  bytes that otlp::scan() accepted with `items` items and no legacy lists
  Payload(Bytes request, std::size_t items) : wire_(std::move(request)), items_(items) {}
  Payload(Chain requests, std::size_t items) : wire_(std::move(requests)), items_(items) {}
  explicit Payload(std::unique_ptr<Records<S>> records) : records_(std::move(records)) { recount(); }

  std::size_t items() const { return items_; }
  bool empty() const { return items_ == 0; }
  bool is_wire() const { return !records_; }
  /// Bytes it keeps in memory, roughly: the wire size, or what the arena holds.
  std::size_t bytes() const { return records_ ? records_->arena.held_bytes() : wire_.size(); }

  /// As OTLP bytes; records are encoded once and given up.
  const Chain& wire();
  /// As structs to look into or change; bytes are decoded once. Call recount() after adding or removing
  /// items.
  Records<S>& records();
  void recount();

  /// A second payload with the same content. Costs an encode when this one is in records form.
  Payload share();
  /// Puts `other` behind this one.
  void append(Payload&& other);
  /// The first `items` items; this one keeps the rest. Requires 0 < items < items().
  Payload split(std::size_t items);

 private:
  Chain wire_;
  std::unique_ptr<Records<S>> records_;
  std::size_t items_ = 0;
};

/// Profiles: one request as it came.
template <>
class Payload<Profiles> {
 public:
  Payload() = default;
  /// @param request  bytes that otlp::scan() accepted with `items` samples
  Payload(Bytes request, std::size_t items) : wire_(std::move(request)), items_(items) {}

  std::size_t items() const { return items_; }
  bool empty() const { return items_ == 0; }
  std::size_t bytes() const { return wire_.size(); }
  const Chain& wire() const { return wire_; }
  Payload share() const {
    Payload twin;
    twin.wire_ = wire_;
    twin.items_ = items_;
    return twin;
  }

 private:
  Chain wire_;
  std::size_t items_ = 0;
};

extern template class Payload<Logs>;
extern template class Payload<Metrics>;
extern template class Payload<Traces>;

}  // namespace gleaner
