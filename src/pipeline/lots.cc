#include "pipeline/lots.h"

#include <fmt/format.h>

#include <algorithm>

namespace gleaner {

template <class S>
Lots<S>::Lots(Loop& loop, const QueueConfig& queue, std::function<void()> on_due)
    : loop_(loop),
      batch_(kHasRecords<S> ? queue.batch : std::nullopt),
      sizer_(batch_ ? batch_->sizer_of(queue.sizer) : std::string()),
      keyed_(batch_ && !batch_->partition.metadata_keys.empty()),
      on_due_(std::move(on_due)) {}

template <class S>
std::size_t Lots<S>::weigh(Batch<S>& batch, const std::string& sizer) {
  if (sizer == "requests") return 1;
  if (sizer == "items") return batch.data.items();
  return batch.data.wire().size();
}

template <class S>
typename Lots<S>::Map::iterator Lots<S>::lot_of(const Client* sender) {
  std::string combination;
  Client kept;
  if (keyed_ && sender)
    for (const auto& key : batch_->partition.metadata_keys) {
      const auto values = sender->header(key);
      combination += fmt::format("{}:", values.size());
      for (const auto value : values) {
        combination += fmt::format("{}:{}", value.size(), value);
        kept.metadata.emplace_back(key, value);
      }
    }
  const auto [at, made] = lots_.try_emplace(std::move(combination), loop_);
  if (made && !kept.metadata.empty()) at->second.client = std::make_shared<const Client>(std::move(kept));
  return at;
}

template <class S>
void Lots<S>::put(Item item) {
  const auto at = lot_of(item.batch.client.get());
  if (batch_) at->second.weight += weigh(item.batch, sizer_);
  at->second.items.push_back(std::move(item));
  look(at);
}

/// Lists a lot that is ready, or sees to it that it will be.
template <class S>
void Lots<S>::look(typename Map::iterator at) {
  Lot& lot = at->second;
  if (lot.listed || lot.items.empty()) return;
  if (!batch_ || flushing_ || lot.due || lot.weight >= batch_->min_size) {
    lot.listed = true;
    ready_.push_back(at);
  } else if (!lot.timer.running()) {
    lot.timer.start(loop_.now() + batch_->flush_timeout, [this, at](bool came) {
      if (!came) return;
      at->second.due = true;
      look(at);
      on_due_();  // may send and erase the lot
    });
  }
}

template <class S>
typename Lots<S>::Item Lots<S>::take() {
  const auto at = ready_.front();
  ready_.pop_front();
  Lot& lot = at->second;
  lot.listed = false;
  lot.timer.cancel();
  Item item = std::move(lot.items.front());
  lot.items.pop_front();
  if constexpr (kHasRecords<S>)
    if (batch_) join(lot, item);
  if (!lot.items.empty())
    look(at);
  else if (keyed_)
    lots_.erase(at);
  else
    lot.due = false;
  return item;
}

template <class S>
void Lots<S>::join(Lot& lot, Item& item)
  requires kHasRecords<S>
{
  std::size_t size = weigh(item.batch, sizer_);
  lot.weight -= size;
  // Whoever waits for a result is sent alone: its answer must be its own.
  while (!item.waiter && !lot.items.empty() && !lot.items.front().waiter && size < batch_->min_size) {
    const std::size_t next = weigh(lot.items.front().batch, sizer_);
    if (batch_->max_size && size + next > batch_->max_size) break;
    item.batch.append(std::move(lot.items.front().batch));
    if (lot.client) item.batch.client = lot.client;
    item.weight += lot.items.front().weight;
    lot.items.pop_front();
    lot.weight -= next;
    size += next;
  }
  if (!batch_->max_size || size <= batch_->max_size || item.waiter) return;
  Item rest;  // weighs nothing: the queue is freed with the first part
  rest.batch = cut(item.batch, size);
  if (rest.batch.data.empty()) return;
  lot.weight += weigh(rest.batch, sizer_);
  lot.items.push_front(std::move(rest));
}

template <class S>
Batch<S> Lots<S>::cut(Batch<S>& batch, std::size_t size) const
  requires kHasRecords<S>
{
  Batch<S> rest;
  // Bytes are cut where the mean size of an item says, again until the head fits: one item may be above it.
  while (size > batch_->max_size && batch.data.items() > 1) {
    std::size_t items = batch_->max_size;
    if (sizer_ == "bytes")
      items = std::clamp<std::size_t>(
          static_cast<std::size_t>(static_cast<double>(batch.data.items()) *
                                   static_cast<double>(batch_->max_size) / static_cast<double>(size)),
          1, batch.data.items() - 1);
    Batch<S> head = batch.split(items);
    if (rest.data.empty())
      rest = std::move(batch);
    else
      batch.append(std::move(rest)), rest = std::move(batch);
    batch = std::move(head);
    size = weigh(batch, sizer_);
  }
  return rest;
}

template <class S>
void Lots<S>::flush() {
  flushing_ = true;
  for (auto at = lots_.begin(); at != lots_.end(); ++at) {
    at->second.timer.cancel();
    look(at);
  }
}

template class Lots<Logs>;
template class Lots<Metrics>;
template class Lots<Traces>;
template class Lots<Profiles>;

}  // namespace gleaner
