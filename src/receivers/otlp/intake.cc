#include "receivers/otlp/intake.h"

#include <fmt/format.h>

#include <optional>

#include "receivers/otlp/brake.h"

namespace gleaner::receivers::otlp {

/// Bytes a batch takes on its way beside its data: receipt, chain, reservations (0.8 KiB measured), and what
/// the heap cannot use between such blocks.
constexpr std::size_t kBatchMemory = 1 << 10;

namespace {

/// The fate of one request's data. The ticket may outlast who asks.
struct Fate {
  std::optional<Outcome> outcome;
  Signal known;
};

}  // namespace

Intake::Intake(const Context& context, const Consumers& next, const char* transport, bool wait)
    : loop_(context.loop), memory_(context.memory), next_(next), wait_(wait) {
  for (const auto signal : kSignals) {
    if (!serves(signal)) continue;
    const metrics::Labels labels{{"receiver", context.id}, {"transport", transport}};
    auto& counters = counters_[static_cast<int>(signal)];
    counters.accepted =
        &context.metrics.counter(fmt::format("receiver_accepted_{}", signal_items(signal)), labels,
                                 "Number of items successfully pushed into the pipeline.");
    counters.refused =
        &context.metrics.counter(fmt::format("receiver_refused_{}", signal_items(signal)), labels,
                                 "Number of items that could not be pushed into the pipeline.");
  }
}

bool Intake::serves(SignalKind signal) const {
  switch (signal) {
    case SignalKind::logs:
      return next_.logs;
    case SignalKind::metrics:
      return next_.metrics;
    case SignalKind::traces:
      return next_.traces;
    case SignalKind::profiles:
      return next_.profiles;
  }
  return false;
}

Task<Verdict> Intake::take(SignalKind signal, Bytes request, std::shared_ptr<const Client> client,
                           Reservation memory) {
  switch (signal) {
    case SignalKind::logs:
      return take_as(next_.logs, std::move(request), std::move(client), std::move(memory));
    case SignalKind::metrics:
      return take_as(next_.metrics, std::move(request), std::move(client), std::move(memory));
    case SignalKind::profiles:
      return take_as(next_.profiles, std::move(request), std::move(client), std::move(memory));
    case SignalKind::traces:
      break;
  }
  return take_as(next_.traces, std::move(request), std::move(client), std::move(memory));
}

template <class S>
Task<Verdict> Intake::take_as(Consumer<S>* next, Bytes request, std::shared_ptr<const Client> client,
                              Reservation memory) {
  const auto found = gleaner::otlp::scan(S::kind, request.view());
  if (!found.ok()) co_return Verdict{Verdict::Kind::bad_request, Error{Fault::permanent, found.text()}};
  if (found.items == 0) co_return Verdict{};  // success without calling the pipeline
  Payload<S> data(std::move(request), found.items);
  if constexpr (kHasRecords<S>) {
    if (found.legacy) {  // what counts is known once it is read: the receipt must claim that, not what was on
                         // the wire
      (void)data.records();
      data.recount();
      if (data.empty()) co_return Verdict{};
    }
  }
  std::shared_ptr<Fate> fate;
  Ticket* ticket = nullptr;
  if (wait_) {
    fate = std::make_shared<Fate>();
    ticket = Ticket::make([fate](Outcome outcome) {
      fate->outcome = outcome;
      fate->known.notify_all();
    });
  }
  Batch<S> batch(std::move(data), ticket);
  const std::size_t items = batch.data.items();
  batch.client = std::move(client);
  // Without room for it the request is taken all the same: its data, which is the most of it, is booked.
  if (memory) {
    memory.absorb(memory_.try_reserve(kBatchMemory));
    batch.memory.push_back(std::move(memory));
  }
  auto result = co_await next->consume(batch);
  auto& counters = counters_[static_cast<int>(S::kind)];
  if (result) {
    counters.accepted->add(items);
    while (fate && !fate->outcome) co_await fate->known.wait();
    if (fate && *fate->outcome ==
                    Outcome::dropped)  // counted in the ledger, by reason: sending it again would not help
      co_return Verdict{Verdict::Kind::refused,
                        Error{Fault::permanent, "the data could not be delivered and was dropped"}};
    if (const Duration wait = brake(memory_); wait > Duration{0}) (void)co_await Timer(loop_).sleep(wait);
    co_return Verdict{};
  }
  counters.refused->add(items);
  batch.settle(Outcome::dropped,
               Drop::downstream_error);  // never entered a ledger: the sender keeps the data
  co_return Verdict{Verdict::Kind::refused, std::move(result.error())};
}

net::GrpcCode grpc_code(const Error& error) {
  if (error.grpc_status) return static_cast<net::GrpcCode>(error.grpc_status);
  return error.fault == Fault::permanent ? net::GrpcCode::internal : net::GrpcCode::unavailable;
}

std::string words(const Error& error) {
  return error.fault == Fault::permanent && !error.grpc_status ? "Permanent error: " + error.what
                                                               : error.what;
}

}  // namespace gleaner::receivers::otlp
