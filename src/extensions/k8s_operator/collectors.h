#pragma once
// Every OpenTelemetryCollector of the cluster, read.
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "deploy/collector.h"
#include "extensions/k8s_operator/admission.h"
#include "k8s/watch.h"

namespace gleaner::extensions::k8s_operator {

inline constexpr std::string_view kCollectors = "/apis/opentelemetry.io/v1beta1";

class Collectors final : public k8s::WatchSink {
 public:
  struct Entry {
    std::string uid, version, mode;
    std::optional<deploy::Collector> collector;
    std::string trouble;     ///< why there is no collector
    Node status;             ///< as it is
    bool foreign = false;    ///< another operator works on it
    bool unmanaged = false;  ///< spec.managementState
    bool seen = false;
  };
  using Changed = std::function<void(const std::string& key)>;
  /// @param changed  gets "ns/name" of what is new, another, or gone
  Collectors(const deploy::Cluster& cluster, bool take_over, Changed changed)
      : cluster_(cluster), take_over_(take_over), changed_(std::move(changed)) {}

  /// nullptr when there is none of this key. Dies with the next event.
  const Entry* find(const std::string& key) const;
  /// Adds those of mode sidecar.
  void tell(Knowledge& knowledge) const;
  std::size_t size() const { return entries_.size(); }
  static Regarding regarding(const std::string& key, const Entry& entry);

  void listing() override;
  void listed() override;
  void there(const k8s::Object& object) override;
  void gone(const k8s::Object& object) override;

 private:
  Entry read(std::string_view json, const std::string& key) const;

  const deploy::Cluster& cluster_;
  const bool take_over_;
  const Changed changed_;
  std::map<std::string, Entry> entries_;
};

/// What namespaces ask for: their annotation.
class Namespaces final : public k8s::WatchSink {
 public:
  std::string asks(const std::string& name) const {
    const auto found = asks_.find(name);
    return found == asks_.end() ? "" : found->second;
  }
  void listing() override { fresh_.emplace(); }
  void listed() override {
    asks_ = std::move(*fresh_);
    fresh_.reset();
  }
  void there(const k8s::Object& object) override;
  void gone(const k8s::Object& object) override { asks_.erase(std::string(object.name)); }

 private:
  std::map<std::string, std::string> asks_;
  std::optional<std::map<std::string, std::string>> fresh_;  ///< while a list comes
};

/// "ns/name".
inline std::string key_of(std::string_view name_space, std::string_view name) {
  return std::string(name_space).append("/").append(name);
}

}  // namespace gleaner::extensions::k8s_operator
