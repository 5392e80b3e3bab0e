#include "extensions/k8s_operator/documents.h"

#include <fmt/format.h>

#include <ctime>

#include "deploy/go_json.h"
#include "deploy/tree.h"
#include "net/grpc.h"

namespace gleaner::extensions::k8s_operator {
using deploy::doc;
using deploy::text;

namespace {

constexpr std::size_t kLongestMessage = 1024;  // bytes; a longer one is refused
constexpr std::string_view kManager = "gleaner-operator";

/// Cut between characters.
std::string_view cut(std::string_view message) {
  if (message.size() <= kLongestMessage) return message;
  std::size_t end = kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end);
}

}  // namespace

std::string timestamp(std::int64_t unix_seconds, bool micro) {
  const std::time_t at = unix_seconds;
  std::tm parts{};
  gmtime_r(&at, &parts);
  char out[40];
  const auto size =
      std::strftime(out, sizeof out, micro ? "%Y-%m-%dT%H:%M:%S.000000Z" : "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {out, size};
}

std::string event(const Regarding& about, std::string_view reason, std::string_view message, bool normal,
                  std::int64_t now, const std::string& reporter) {
  Node made = doc("{apiVersion: v1, kind: Event, metadata: {generateName: gleaner-}, count: 1}");
  made["metadata"]["namespace"] = text(about.name_space);
  Node& object = made["involvedObject"];
  object["apiVersion"] = text(about.api_version);
  object["kind"] = text(about.kind);
  object["name"] = text(about.name);
  object["namespace"] = text(about.name_space);
  deploy::put_text(object, "uid", about.uid);
  made["reason"] = text(reason);
  made["message"] = text(cut(message));
  made["type"] = text(normal ? "Normal" : "Warning");
  made["firstTimestamp"] = made["lastTimestamp"] = text(timestamp(now));
  made["source"]["component"] = text(kManager);
  made["reportingComponent"] = text(kManager);
  made["reportingInstance"] = text(reporter);
  return deploy::go_json(made);
}

std::string authority_patch(const Node& configuration, std::string_view ca_pem) {
  const std::string bundle = net::base64_encode(ca_pem);
  const Node* hooks = configuration.find("webhooks");
  if (!hooks || !hooks->is_list()) return "";
  Node made =
      doc("{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, webhooks: []}");
  made["metadata"]["name"] = text(deploy::text_at(configuration, "metadata.name"));
  bool differs = false;
  for (const Node& hook : hooks->items()) {
    Node one = Node::map({});
    one["name"] = text(deploy::text_at(hook, "name"));
    one["clientConfig"]["caBundle"] = text(bundle);
    differs = differs || deploy::text_at(hook, "clientConfig.caBundle") != bundle;
    made["webhooks"].items().push_back(std::move(one));
  }
  return differs ? deploy::go_json(made) : "";
}

std::string lease(const std::string& name, const std::string& name_space, const std::string& holder,
                  std::int64_t seconds, std::int64_t now, std::string_view version) {
  Node made = doc("{apiVersion: coordination.k8s.io/v1, kind: Lease}");
  Node& metadata = made["metadata"];
  metadata["name"] = text(name);
  metadata["namespace"] = text(name_space);
  deploy::put_text(metadata, "resourceVersion", version);
  Node& spec = made["spec"];
  spec["holderIdentity"] = text(holder);
  spec["leaseDurationSeconds"] = deploy::number(seconds);
  spec["renewTime"] = text(timestamp(now, true));
  return deploy::go_json(made);
}

}  // namespace gleaner::extensions::k8s_operator
