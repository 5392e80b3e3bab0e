#include "pipeline/disk_queue.h"

#include <fmt/format.h>

#include "pipeline/find_extension.h"

namespace gleaner {
namespace {

constexpr std::size_t kWindow = 4 << 20;  // bytes in memory while all senders are busy

storage::QueueOptions options(storage::Storage& storage, const Context& context, std::string_view type,
                              SignalKind kind) {
  auto out = storage.queue({"exporter", type, storage::name_in(context.id), signal_name(kind)});
  out.kind = static_cast<char>(kind);
  return out;
}

}  // namespace

Result<storage::Storage*> queue_storage(const SendingConfig& config, const Context& context) {
  if (!config.queue || !config.queue->storage) return nullptr;
  return find_extension<storage::Storage>(context, *config.queue->storage, "storage");
}

DiskQueue::DiskQueue(storage::Storage& storage, const Context& context, std::string_view type,
                     SignalKind kind, std::string_view items)
    : log(options(storage, context, type, kind), context.loop,
          context.logger.with({{"otelcol.signal", signal_name(kind)}})),
      memory_(context.memory),
      logger_(context.logger.with({{"otelcol.signal", signal_name(kind)}})),
      metrics_(context.metrics),
      labels_{{"exporter", context.id}},
      items_(items) {
  metrics::Labels labels = labels_;
  labels.emplace_back("data_type", signal_name(kind));
  const auto gauge = [&](std::string_view name, std::string_view help, std::function<double()> read,
                         bool counter = false) {
    gauges_.push_back(metrics_.gauge(name, labels, help, std::move(read), counter));
  };
  gauge("exporter_queue_storage_size", "Bytes of the files of the sending queue.",
        [this] { return static_cast<double>(log.size()); });
  gauge("exporter_queue_storage_items", "Items in the files of the sending queue.",
        [this] { return static_cast<double>(log.held().items); });
  gauge(
      fmt::format("exporter_queue_lost_{}", items_), "Items in damaged parts of the sending queue's files.",
      [this] { return static_cast<double>(log.lost().items); }, true);
  gauge(
      "exporter_queue_storage_records", "Requests written to the files of the sending queue.",
      [this] { return static_cast<double>(log.work().records); }, true);
  gauge(
      "exporter_queue_storage_writes", "Writes (and syncs) those requests shared.",
      [this] { return static_cast<double>(log.work().groups); }, true);
}

DiskQueue::~DiskQueue() {
  for (const auto gauge : gauges_) metrics_.remove(gauge);
}

Task<Result<>> DiskQueue::open() {
  auto ok = co_await log.open();
  if (!ok) co_return fail(std::move(ok.error()).in("sending queue"));
  if (const auto& held = log.held(); held.records > 0)
    logger_.info("Items of an earlier run are in the sending queue",
                 {{"requests", held.records}, {"items", held.items}, {"bytes", held.bytes}});
  co_return ok;
}

Task<> DiskQueue::close() {
  const storage::Amount held = log.held();
  co_await log.close();
  if (held.records > 0)
    logger_.info("Items stay in the sending queue for the next run",
                 {{"requests", held.records}, {"items", held.items}, {"bytes", held.bytes}});
}

std::size_t DiskQueue::used(const std::string& sizer) const {
  const auto& held = log.held();
  return sizer == "requests" ? held.records : sizer == "items" ? held.items : held.bytes;
}

bool DiskQueue::room(bool idle) const {
  if (in_memory == 0) return true;
  return (in_memory < kWindow || idle) && memory_.free() >= kReadAhead;
}

void DiskQueue::dropped(std::size_t items, Drop why) {
  metrics::Labels labels = labels_;
  labels.emplace_back("reason", drop_name(why));
  metrics_
      .counter(fmt::format("exporter_queue_dropped_{}", items_), std::move(labels),
               "Items of the sending queue's files that will never be delivered.")
      .add(items);
}

}  // namespace gleaner
