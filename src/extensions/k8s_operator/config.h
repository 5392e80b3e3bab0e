#pragma once
// gleaner's own: there is no such thing in the reference.
#include "confignet/tls.h"
#include "pipeline/factory.h"

namespace gleaner::extensions::k8s_operator {

struct Config {
  std::string endpoint = "0.0.0.0:9443";
  std::optional<confignet::TlsServerConfig> tls;
  std::string auth_type = "serviceAccount";
  std::string context;
  std::string name = "gleaner-operator";
  std::string name_space;
  std::vector<std::string> names;
  Duration certificate_lifetime = std::chrono::hours(90 * 24);
  std::string image;
  std::string placement = "auto";
  bool network_policy = true;
  bool rbac = false;
  bool take_over = false;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::endpoint>("endpoint", "host:port on which the API server calls"),
        config::field<&Config::tls>(
            "tls",
            "a certificate of somebody else's; without it the operator makes its own, "
            "and its authority known to the API server"),
        config::field<&Config::auth_type>("auth_type", "who the operator is: serviceAccount, or kubeConfig"),
        config::field<&Config::context>("context", "of the kubeconfig"),
        config::field<&Config::name>("name",
                                     "of its Service, Secret, Lease and MutatingWebhookConfiguration"),
        config::field<&Config::name_space>("namespace", "of those; empty: the service account's"),
        config::field<&Config::names>("names",
                                      "host names and addresses besides the Service's for the certificate"),
        config::field<&Config::certificate_lifetime>(
            "certificate_lifetime", "of its certificate, which is renewed when a third of it is left"),
        config::field<&Config::image>("image",
                                      "of collectors that name none; empty: gleaner of this version"),
        config::field<&Config::placement>("placement",
                                          "of sidecars: auto (native from Kubernetes 1.29 on), native, "
                                          "container"),
        config::field<&Config::network_policy>("network_policy",
                                               "a NetworkPolicy unless the object says otherwise"),
        config::field<&Config::rbac>(
            "rbac", "ClusterRoles of collectors; the operator needs the right to grant them"),
        config::field<&Config::take_over>("take_over",
                                          "work on objects that another operator has worked on, too"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

/// OpenTelemetryCollectors become what they stand for, and pods that ask get a sidecar. See README.md.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::k8s_operator
