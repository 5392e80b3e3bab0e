#pragma once
// From a request's bytes to a batch in the pipeline: the same for both protocols.
#include <string>

#include "net/server.h"
#include "otlp/scan.h"
#include "pipeline/component.h"

namespace gleaner::receivers::otlp {

/// What became of a request.
struct Verdict {
  enum class Kind : std::uint8_t { taken, bad_request, refused } kind = Kind::taken;
  Error error;  ///< refused: what the pipeline said; bad_request: what is wrong with the bytes
};

/// One signal's way in, with its counters. Transport is "grpc" or "http".
class Intake {
 public:
  /// @param wait  whether a request is answered only when its data is delivered, persisted or given up
  Intake(const Context& context, const Consumers& next, const char* transport, bool wait = false);
  bool serves(SignalKind signal) const;
  /// @param request protobuf
  Task<Verdict> take(SignalKind signal, Bytes request, std::shared_ptr<const Client> client,
                     Reservation memory);

 private:
  template <class S>
  Task<Verdict> take_as(Consumer<S>* next, Bytes request, std::shared_ptr<const Client> client,
                        Reservation memory);
  struct Counters {
    metrics::Counter* accepted = nullptr;
    metrics::Counter* refused = nullptr;
  };
  Loop& loop_;
  Budget& memory_;
  const Consumers next_;
  const bool wait_;
  Counters counters_[std::size(kSignals)];
};

/// The gRPC code of a refusal: the pipeline's own, or INTERNAL for what will never pass and UNAVAILABLE for
/// the rest.
net::GrpcCode grpc_code(const Error& error);
/// The words of a refusal as the reference puts them ("Permanent error: ...").
std::string words(const Error& error);

}  // namespace gleaner::receivers::otlp
