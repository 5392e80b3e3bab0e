#pragma once
// How each detector finds out. All may run side by side; each gives up at the deadline it is given.
#include "net/http_client.h"
#include "processors/resourcedetection/config.h"
#include "processors/resourcedetection/resource.h"

namespace gleaner::processors::resourcedetection {

/// What detectors work with. Outlives them.
struct Tools {
  const Config& config;
  const Context& context;
  net::HttpClient& http;
  Gate& background;  ///< look-ups that go on when nobody waits any more
};

/// Where a detector puts what it found: what is switched off and empty texts are left out.
class Findings {
 public:
  template <class T>
  Findings(const T& toggles, Detected& into) : rows_(T::kRows), toggles_(toggles.rows.data()), into_(into) {}
  bool wants(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void set(std::string_view name, std::int64_t value);
  void set(std::string_view name, const std::vector<std::string>& list);
  Detected& all() { return into_; }

 private:
  std::span<const AttributeRow> rows_;
  const config::Toggle* toggles_;
  Detected& into_;
};

Task<Result<>> detect_env(const Tools& tools, Detected& into);
Task<Result<>> detect_lambda(const Tools& tools, Detected& into);
Task<Result<>> detect_system(const Tools& tools, TimePoint deadline, Detected& into);
Task<Result<>> detect_ec2(const Tools& tools, TimePoint deadline, Detected& into);
Task<Result<>> detect_ecs(const Tools& tools, TimePoint deadline, Detected& into);
Task<Result<>> detect_eks(const Tools& tools, TimePoint deadline, Detected& into);
Task<Result<>> detect_node(const Tools& tools, TimePoint deadline, Detected& into);
/// By its name in the configuration.
Task<Result<>> detect(std::string name, const Tools& tools, TimePoint deadline, Detected& into);

std::string environment(const char* name);
/// The first of several variables that is set.
std::string environment(std::initializer_list<const char*> names);
/// The node's name, as manifests and operators tell it.
std::string node_name();

/// The body of a 200. Fault::retryable for anything else.
Task<Result<std::string>> fetch(const Tools& tools, net::HttpCall call);
/// The metadata service of EC2, version 2 where it is there.
class InstanceMetadata {
 public:
  explicit InstanceMetadata(const Tools& tools);
  /// Asks for a session. False: there is no such service, or it is switched off.
  Task<bool> open(TimePoint deadline);
  Task<Result<std::string>> get(std::string path, TimePoint deadline);

 private:
  const Tools& tools_;
  const std::string endpoint_;
  std::string token_;
};

/// A document of the API server.
struct ApiUser {
  std::string auth_type = "serviceAccount", context;
};
Task<Result<std::string>> ask_api(const Tools& tools, ApiUser user, std::string path, TimePoint deadline);

}  // namespace gleaner::processors::resourcedetection
