#pragma once
// The certificate that the webhook serves: kept in a Secret for all replicas, made anew in time, its
// authority told to the API server first.
#include <memory>
#include <optional>
#include <string>

#include "extensions/k8s_operator/certificates.h"
#include "extensions/k8s_operator/config.h"
#include "k8s/client.h"

namespace gleaner::extensions::k8s_operator {

class Serving final : public net::TlsServer {
 public:
  /// @param name_space  of the Secret and the Service
  Serving(const Config& config, const Context& context, k8s::Client& api, const std::string& name_space);

  /// A certificate of somebody else's (config.tls), which run() leaves alone.
  Result<> use_files();
  /// Until cancel().
  Task<> run();
  void cancel();
  bool ready() const { return serving_ != nullptr; }
  /// What is in the way; empty when all is well.
  const std::string& trouble() const { return trouble_; }

  Result<> load() override { return {}; }
  Task<Result<net::StreamPtr>> accept(net::StreamPtr plain, std::vector<std::string> alpn,
                                      TimePoint deadline) override;

 private:
  Task<Result<std::int64_t>> round();
  Task<Result<>> tell_authority(std::string authorities);
  Result<> serve(const Material& material);

  const Config& config_;
  const Context& context_;
  k8s::Client& api_;
  const std::string name_space_;
  const Wanted wanted_;
  std::optional<Material> served_;
  std::shared_ptr<net::TlsServer> serving_;
  std::string trouble_;
  Timer timer_;
  bool stopping_ = false;
};

}  // namespace gleaner::extensions::k8s_operator
