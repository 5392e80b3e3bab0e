#include "pipeline/payload.h"

#include "otlp/cut.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/scan.h"

namespace gleaner {

template <class S>
const Chain& Payload<S>::wire() {
  if (records_) {
    wire_ = Chain(otlp::encode(*records_));
    records_.reset();
  }
  return wire_;
}

template <class S>
Records<S>& Payload<S>::records() {
  if (!records_) {
    records_ = std::make_unique<Records<S>>();
    for (const auto& part : wire_.parts()) otlp::decode(part, *records_);
    wire_.clear();
  }
  return *records_;
}

template <class S>
void Payload<S>::recount() {
  if (records_) items_ = count_items(*records_);
}

template <class S>
Payload<S> Payload<S>::share() {
  return Payload(Chain(wire()), items_);
}

template <class S>
void Payload<S>::append(Payload&& other) {
  if (other.empty() && other.bytes() == 0) return;
  if (items_ == 0 && bytes() == 0) {
    *this = std::move(other);
    return;
  }
  items_ += other.items_;
  if (records_ && other.records_) {
    records_->resources.reserve(records_->arena,
                                records_->resources.size() + other.records_->resources.size());
    for (const auto& resource : other.records_->resources)
      records_->resources.push_back(records_->arena, resource);
    records_->arena.adopt(std::move(other.records_->arena));
    other = Payload();
    return;
  }
  wire();
  wire_.append(Chain(other.wire()));
  other = Payload();
}

template <class S>
Payload<S> Payload<S>::split(std::size_t items) {
  wire();
  Chain head, tail;
  std::size_t left = items;
  for (const auto& part : wire_.parts()) {
    if (left == 0) {
      tail.append(part);
      continue;
    }
    const std::size_t inside = otlp::scan(S::kind, part.view()).items;
    if (inside <= left) {
      head.append(part);
      left -= inside;
    } else {
      auto parts = otlp::cut(S::kind, part, left);
      head.append(std::move(parts.head));
      tail.append(std::move(parts.tail));
      left = 0;
    }
  }
  wire_ = std::move(tail);
  items_ -= items;
  return Payload(std::move(head), items);
}

template class Payload<Logs>;
template class Payload<Metrics>;
template class Payload<Traces>;

}  // namespace gleaner
