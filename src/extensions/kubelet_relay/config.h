#pragma once
// gleaner's own: there is no such thing in the reference.
#include "confignet/tls.h"
#include "k8s/own_pod.h"
#include "pipeline/factory.h"

namespace gleaner::extensions::kubelet_relay {

struct Config {
  std::string endpoint = "0.0.0.0:10250";
  std::optional<confignet::TlsServerConfig> tls;
  std::string auth_type = "serviceAccount";
  std::string context;
  std::string audience;
  std::string via = "api_server";
  std::string node = "alone";
  Duration cache = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(10);
  double rate_limit = 50;
  bool insecure_skip_verify = false;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::endpoint>("endpoint", "host:port to answer on"),
        config::field<&Config::tls>("tls", "encryption; without it tokens cross the network in the clear"),
        config::field<&Config::auth_type>("auth_type",
                                          "who the relay is itself: serviceAccount, or kubeConfig"),
        config::field<&Config::context>("context", "of the kubeconfig"),
        config::field<&Config::audience>("audience",
                                         "what tokens must be made for; empty: for the API server"),
        config::field<&Config::via>(
            "via",
            "api_server: its node proxy (nodes/proxy); kubelet: each node's port 10250 "
            "(nodes/stats, nodes/pods, nodes/log)"),
        config::field<&Config::node>(
            "node", "who is told of the node itself: alone (a pod without others beside it), always, never"),
        config::field<&Config::cache>("cache", "how long what a kubelet said counts for all of its pods"),
        config::field<&Config::timeout>("timeout", "of a request, with all that it takes"),
        config::field<&Config::rate_limit>(
            "rate_limit", "requests a second of one pod, and twice as many at once; 0: as many as come"),
        config::field<&Config::insecure_skip_verify>("insecure_skip_verify",
                                                     "do not check kubelets' certificates"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  k8s::NodeShare share() const;
};

/// Hands each pod what the kubelet says of that pod, and nothing else. See README.md.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::kubelet_relay
