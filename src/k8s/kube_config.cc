#include "k8s/kube_config.h"

#include <cstdlib>

#include "base/small_file.h"
#include "config/yaml.h"
#include "net/grpc.h"

namespace gleaner::k8s {
namespace {
using config::Node;

/// The item called `name` in a list of {name, `what`: {...}}.
const Node* find_named(const Node& root, std::string_view list, std::string_view what,
                       std::string_view name) {
  const Node* items = root.find(list);
  if (!items || !items->is_list()) return nullptr;
  for (const Node& item : items->items()) {
    const Node* its = item.find("name");
    if (its && its->is_scalar() && its->text() == name) return item.find(what);
  }
  return nullptr;
}

class Section {
 public:
  Section(const Node& node, std::string folder) : node_(node), folder_(std::move(folder)) {}

  std::string text(std::string_view key) const {
    const Node* value = node_.find(key);
    return value && value->is_scalar() ? value->text() : std::string();
  }
  bool flag(std::string_view key) const {
    const Node* value = node_.find(key);
    return value && value->boolean().value_or(false);
  }
  std::string path(std::string_view key) const {
    std::string value = text(key);
    return value.empty() || value[0] == '/' || folder_.empty() ? value : folder_ + "/" + value;
  }
  /// `key`-data in base64; false when it is none.
  bool data(std::string_view key, std::string& out) const {
    std::string value = text(key);
    std::erase_if(value, [](char c) { return c == '\n' || c == ' '; });
    if (value.empty()) return true;
    auto decoded = net::base64_decode(value);
    if (decoded) out = std::move(*decoded);
    return decoded.has_value();
  }
  bool has(std::string_view key) const { return node_.find(key) != nullptr; }

 private:
  const Node& node_;
  std::string folder_;
};

tl::unexpected<Error> refuse(const std::string& source, std::string what) {
  return fail(Fault::config, "kubeconfig " + source + ": " + std::move(what));
}

}  // namespace

Result<KubeConfig> KubeConfig::parse(std::string_view text, const std::string& source,
                                     std::string_view context) {
  const auto root = config::parse_yaml(text, source);
  if (!root) return refuse(source, root.error().what);
  const auto slash = source.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : source.substr(0, slash);

  std::string name(context);
  if (name.empty()) name = Section(*root, folder).text("current-context");
  const Node* chosen = find_named(*root, "contexts", "context", name);
  if (!chosen)
    return refuse(source, name.empty() ? "no current-context" : "context \"" + name + "\" does not exist");
  const Section link(*chosen, folder);
  const Node* cluster_node = find_named(*root, "clusters", "cluster", link.text("cluster"));
  if (!cluster_node) return refuse(source, "cluster \"" + link.text("cluster") + "\" does not exist");

  KubeConfig out;
  const Section cluster(*cluster_node, folder);
  out.server = cluster.text("server");
  if (out.server.empty()) return refuse(source, "cluster \"" + link.text("cluster") + "\" has no server");
  out.ca_file = cluster.path("certificate-authority");
  out.server_name = cluster.text("tls-server-name");
  out.proxy_url = cluster.text("proxy-url");
  out.insecure_skip_verify = cluster.flag("insecure-skip-tls-verify");
  bool readable = cluster.data("certificate-authority-data", out.ca_pem);

  if (const Node* user_node = find_named(*root, "users", "user", link.text("user"))) {
    const Section user(*user_node, folder);
    for (const auto* plugin : {"exec", "auth-provider"})
      if (user.has(plugin))
        return refuse(source, "users with " + std::string(plugin) +
                                  " are not supported; use a token or a client certificate");
    out.token = user.text("token");
    out.token_file = user.path("tokenFile");
    out.cert_file = user.path("client-certificate");
    out.key_file = user.path("client-key");
    out.username = user.text("username");
    out.password = user.text("password");
    readable &=
        user.data("client-certificate-data", out.cert_pem) && user.data("client-key-data", out.key_pem);
  }
  if (!readable) return refuse(source, "illegal base64 data");
  // Inline data goes before files.
  if (!out.ca_pem.empty()) out.ca_file.clear();
  if (!out.cert_pem.empty()) out.cert_file.clear();
  if (!out.key_pem.empty()) out.key_file.clear();
  return out;
}

Result<KubeConfig> KubeConfig::load(std::string_view context) {
  std::string path;
  if (const char* list = std::getenv("KUBECONFIG"); list && *list) {
    path = list;
    path = path.substr(0, path.find(':'));
  } else {
    const char* home = std::getenv("HOME");
    path = std::string(home ? home : "") + "/.kube/config";
  }
  auto text = read_small_file(path);
  if (!text) return fail(Fault::config, "kubeconfig: " + text.error().what);
  return parse(*text, path, context);
}

}  // namespace gleaner::k8s
