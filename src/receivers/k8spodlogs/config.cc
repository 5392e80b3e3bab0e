#include "receivers/k8spodlogs/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "stanza/config.h"
#include "stanza/pipeline.h"
#include "text/glob.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

bool any_match(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const auto glob = text::Glob::compile(pattern);
    return glob && glob->match(name);
  });
}

void check_patterns(config::Check& check, const char* key, const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns)
    if (auto glob = text::Glob::compile(pattern); !glob) check.error(key, glob.error().what);
}

}  // namespace

std::span<const config::Field> ContainersConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&ContainersConfig::include>("include", "names or patterns; empty: all"),
      config::field<&ContainersConfig::exclude>("exclude",
                                                "names or patterns; gleaner's own is always left out"),
  };
  return kTable;
}

std::span<const config::Field> Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Config::auth_type>("auth_type", "serviceAccount, kubeConfig or none").one_of(kAuthTypes),
      config::field<&Config::context>("context", "of the kubeconfig; default: its current one"),
      config::field<&Config::name_space>("namespace", "default: $POD_NAMESPACE, else the service account's"),
      config::field<&Config::pod>("pod", "default: $POD_NAME, else the host name: gleaner's own pod"),
      config::field<&Config::selector>(
          "selector", "labels of the pods to read instead (app=web,tier!=db); needs the right to list pods"),
      config::field<&Config::containers>("containers", "which containers"),
      config::field<&Config::via>(
          "via",
          "pods_log: as kubectl logs; node_proxy: the files on the node, with stdout and "
          "stderr told apart and what was rotated")
          .one_of(kWays),
      config::field<&Config::node>("node",
                                   "node_proxy: the pod's node; default: the pod's own word, $NODE_NAME, "
                                   "$K8S_NODE_NAME"),
      config::field<&Config::endpoint>(
          "endpoint", "node_proxy: a kubelet_relay instead of the API server: https://host:port"),
      config::field<&Config::ca_file>("ca_file",
                                      "of the endpoint; default: the service account's, the system's"),
      config::field<&Config::insecure_skip_verify>("insecure_skip_verify",
                                                   "do not check the endpoint's certificate"),
      config::field<&Config::poll_interval>("poll_interval", "node_proxy: how often to look for new lines"),
      config::field<&Config::start_at>("start_at", "beginning, or end: what is written from now on")
          .one_of(kStarts),
      config::field<&Config::refresh_interval>("refresh_interval",
                                               "how often to look for pods and containers"),
      config::field<&Config::silence>(
          "silence",
          "a stream without a line for so long is opened anew: load balancers cut idle ones unseen"),
      config::field<&Config::max_log_size>("max_log_size", "longest record; longer ones are split"),
      config::field<&Config::attributes>("attributes", "added to every record"),
      config::field<&Config::resource>("resource", "added to every resource"),
      config::field<&Config::operators>("operators", "what happens to records, in this order"),
      config::field<&Config::output>("output", "ids of the operators that come first"),
      config::field<&Config::storage>("storage", "a storage extension that keeps positions between runs"),
      config::field<&Config::retry>(
          "retry_on_failure", "reading waits while the pipeline refuses; off: such records are dropped"),
  };
  return kTable;
}

void Config::validate(config::Check& check) const {
  check_patterns(check, "containers", containers.include);
  check_patterns(check, "containers", containers.exclude);
  if (refresh_interval < std::chrono::seconds(1)) check.error("refresh_interval", "must be at least 1s");
  if (silence < std::chrono::seconds(1)) check.error("silence", "must be at least 1s");
  if (max_log_size.bytes == 0) check.error("max_log_size", "must be positive");
  if (max_log_size.bytes > (256u << 20))
    check.error("max_log_size", "must be at most 256MiB: a record is held in memory whole");
  if (poll_interval < std::chrono::milliseconds(10)) check.error("poll_interval", "must be at least 10ms");
  if (!endpoint.empty() && !reads_files()) check.error("endpoint", "is for 'via: node_proxy'");
  if (!endpoint.empty() && auth_type == "kubeConfig")
    check.error("endpoint", "needs auth_type serviceAccount or none");
  if (!selector.empty() && !pod.empty()) check.error("selector", "give either 'pod' or 'selector'");
  stanza::Pipeline::check(operators, output, check);
}

bool Config::wants(std::string_view container) const {
  return (containers.include.empty() || any_match(containers.include, container)) &&
         !any_match(containers.exclude, container);
}

}  // namespace gleaner::receivers::k8spodlogs
