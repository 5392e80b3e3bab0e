#include "extensions/k8s_operator/serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/yaml.h"
#include "deploy/go_json.h"
#include "deploy/tree.h"
#include "extensions/k8s_operator/documents.h"
#include "net/grpc.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using namespace std::chrono_literals;
using deploy::text;
using deploy::text_at;

constexpr Duration kPatience = 10s, kShortest = 1s, kLongest = 5min;
constexpr Duration kTold = 3s;  // until every API server knows of a new authority

constexpr std::pair<const char*, std::string Material::*> kEntries[] = {{"ca.crt", &Material::authorities},
                                                                        {"ca.key", &Material::authority_key},
                                                                        {"tls.crt", &Material::certificate},
                                                                        {"tls.key", &Material::key}};

std::int64_t unix_now() { return static_cast<std::int64_t>(unix_nanos() / 1'000'000'000); }

Wanted wanted_by(const Config& config, const std::string& name_space) {
  Wanted out;
  const std::string service = fmt::format("{}.{}.svc", config.name, name_space);
  out.names = {service, service + ".cluster.local"};
  out.names.insert(out.names.end(), config.names.begin(), config.names.end());
  out.lifetime = std::chrono::duration_cast<std::chrono::seconds>(config.certificate_lifetime).count();
  return out;
}

Material read_secret(const Node& secret) {
  Material out;
  const Node* data = secret.find("data");
  for (const auto& [key, field] : kEntries)
    if (const Node* entry = data ? data->find(key) : nullptr)
      out.*field = net::base64_decode(entry->text()).value_or("");
  return out;
}

std::string secret_of(const Material& material, const std::string& name, const std::string& name_space,
                      const std::string& version) {
  Node made = deploy::doc("{apiVersion: v1, kind: Secret, type: Opaque}");
  made["metadata"]["name"] = text(name);
  made["metadata"]["namespace"] = text(name_space);
  deploy::put_text(made["metadata"], "resourceVersion", version);
  for (const auto& [key, field] : kEntries) made["data"][key] = text(net::base64_encode(material.*field));
  return deploy::go_json(made);
}

tl::unexpected<Error> refused(std::string_view what, const k8s::Client::Answer& answer) {
  return fail(Fault::retryable,
              fmt::format("{}: {} {}", what, answer.status, answer.body.view().substr(0, 512)));
}

}  // namespace

Serving::Serving(const Config& config, const Context& context, k8s::Client& api,
                 const std::string& name_space)
    : config_(config),
      context_(context),
      api_(api),
      name_space_(name_space),
      wanted_(wanted_by(config, name_space)),
      timer_(context.loop) {}

Result<> Serving::use_files() {
  auto made = net::TlsServer::make(config_.tls->options());
  if (!made) return fail(std::move(made.error()));
  if (auto ok = (*made)->load(); !ok) return ok;
  serving_ = std::move(*made);
  return {};
}

Task<Result<net::StreamPtr>> Serving::accept(net::StreamPtr plain, std::vector<std::string> alpn,
                                             TimePoint deadline) {
  const auto held = serving_;  // another one may take its place meanwhile
  if (!held) co_return fail(Fault::retryable, "there is no certificate yet");
  co_return co_await held->accept(std::move(plain), std::move(alpn), deadline);
}

void Serving::cancel() {
  stopping_ = true;
  timer_.cancel();
}

Task<> Serving::run() {
  Duration wait = kShortest;
  while (!stopping_ && !config_.tls) {
    auto renew_at = co_await round();
    if (stopping_) break;
    if (renew_at) {
      trouble_.clear();
      wait = kShortest;
      // Others may have made a new one, or written the webhook's configuration without an authority.
      const auto left = std::chrono::seconds(std::max<std::int64_t>(*renew_at - unix_now(), 0));
      const Duration look = std::clamp<Duration>(config_.certificate_lifetime / 20, kShortest, kLongest);
      (void)co_await timer_.sleep(std::clamp<Duration>(left, kShortest, look));
      continue;
    }
    if (std::exchange(trouble_, renew_at.error().what) != renew_at.error().what)
      context_.logger.warn("The webhook's certificate", {{"error", trouble_}});
    (void)co_await timer_.sleep(wait);
    wait = std::min<Duration>(wait * 2, 30s);
  }
}

/// Looks once at the Secret and the webhook's configuration. @return when to look again at the latest
Task<Result<std::int64_t>> Serving::round() {
  const std::string folder = fmt::format("/api/v1/namespaces/{}/secrets", name_space_);
  const std::string path = folder + "/" + config_.name;
  auto answer = co_await api_.ask_for(path, context_.loop.now() + kPatience);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status != 200 && answer->status != 404) co_return refused("Secret", *answer);
  std::optional<Material> old;
  std::string version;
  if (answer->status == 200) {
    const auto secret = config::parse_yaml(answer->body.view(), "Secret");
    if (!secret) co_return fail(Fault::retryable, secret.error().what);
    old = read_secret(*secret);
    version = text_at(*secret, "metadata.resourceVersion");
  }
  auto kept = keep(old, wanted_, unix_now());
  if (!kept) co_return fail(std::move(kept.error()));
  if (kept->changed) {
    const bool fresh = version.empty();
    const std::string secret = secret_of(kept->material, config_.name, name_space_, version);
    auto written = co_await api_.send(fresh ? "POST" : "PUT", fresh ? folder : path, "application/json",
                                      secret, context_.loop.now() + kPatience);
    if (!written) co_return fail(std::move(written.error()));
    // Another replica was faster, and its certificate is as good: that one is read at once.
    if (written->status == 409) co_return unix_now();
    if (written->status >= 300) co_return refused("Secret", *written);
  }
  const bool news = !served_ || served_->authorities != kept->material.authorities;
  auto told = co_await tell_authority(kept->material.authorities);
  // Whoever serves already goes on with what callers know until they were told of the new one.
  if (!told && ready()) co_return fail(std::move(told.error()));
  if (news && ready()) (void)co_await timer_.sleep(kTold);
  if (!served_ || *served_ != kept->material)
    if (auto ok = serve(kept->material); !ok) co_return fail(std::move(ok.error()));
  if (!told) co_return fail(std::move(told.error()));
  co_return kept->renew_at;
}

/// Writes the authorities into the webhook's configuration, where they differ.
Task<Result<>> Serving::tell_authority(std::string authorities) {
  const std::string path =
      "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + config_.name;
  auto answer = co_await api_.ask_for(path, context_.loop.now() + kPatience);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status != 200) co_return refused("MutatingWebhookConfiguration " + config_.name, *answer);
  const auto configuration = config::parse_yaml(answer->body.view(), "MutatingWebhookConfiguration");
  if (!configuration) co_return fail(Fault::retryable, configuration.error().what);
  const std::string patch = authority_patch(*configuration, authorities);
  if (patch.empty()) co_return Result<>();
  auto done = co_await api_.send("PATCH", path + "?fieldManager=gleaner-operator&force=true",
                                 "application/apply-patch+yaml", patch, context_.loop.now() + kPatience);
  if (!done) co_return fail(std::move(done.error()));
  if (done->status >= 300) co_return refused("MutatingWebhookConfiguration " + config_.name, *done);
  context_.logger.info("The API server was told of the webhook's authority");
  co_return Result<>();
}

Result<> Serving::serve(const Material& material) {
  net::TlsServerOptions options;
  options.cert_pem = material.certificate;
  options.key_pem = material.key;
  auto made = net::TlsServer::make(std::move(options));
  if (!made) return fail(std::move(made.error()));
  if (auto ok = (*made)->load(); !ok) return ok;
  if (serving_) context_.logger.info("The webhook serves a new certificate");
  serving_ = std::move(*made);
  served_ = material;
  return {};
}

}  // namespace gleaner::extensions::k8s_operator
