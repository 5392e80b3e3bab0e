#include "net/tls.h"

#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <map>

#include "net/endpoint.h"
#include "net/tls_detail.h"

namespace gleaner::net {
namespace {

using tls::Context;
using tls::Ssl;

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& name : protocols) {
    wire.push_back(static_cast<char>(name.size()));
    wire += name;
  }
  return wire;
}

std::int64_t modified(const std::string& file) {
  struct stat info {};
  if (file.empty() || stat(file.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
}

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

/// A context that is made when asked for and made anew when its files may have changed. Files that are broken
/// at that moment (a rotation half done) leave the old context in use.
class Contexts {
 public:
  template <class Make>
  Result<SSL_CTX*> get(Duration interval, bool changed, Make make) {
    const bool due = interval > Duration{0} && now() >= made_at_ + interval;
    if (context_ && !due && !changed) return context_.get();
    auto fresh = make();
    if (!fresh && !context_) return fail(std::move(fresh.error()));
    if (fresh) context_ = std::move(*fresh);
    made_at_ = now();
    return context_.get();
  }

 private:
  Context context_;
  TimePoint made_at_{};
};

class Client final : public TlsClient, public std::enable_shared_from_this<Client> {
 public:
  explicit Client(TlsClientOptions options) : options_(std::move(options)) {}

  Result<> load() override {
    auto context = get();
    if (!context) return fail(std::move(context.error()));
    return {};
  }

  Task<Result<StreamPtr>> connect(StreamPtr plain, std::string host, std::vector<std::string> alpn,
                                  TimePoint deadline) override {
    auto context = get();
    if (!context) co_return fail(std::move(context.error()));
    Ssl ssl(SSL_new(*context));
    const std::string name = options_.server_name_override.empty() ? host : options_.server_name_override;
    if (is_ip_literal(name)) {
      if (!name.empty()) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl.get(), name.c_str());
      SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      SSL_set1_host(ssl.get(), name.c_str());
    }
    SSL_set_verify(ssl.get(), options_.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    const std::string wire = alpn_wire(alpn);
    if (!wire.empty())
      SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                          static_cast<unsigned>(wire.size()));
    auto place = std::make_shared<Place>();
    place->client = shared_from_this();
    place->key = name + " " + plain->peer();
    const auto known = sessions_.find(place->key);
    if (known != sessions_.end()) SSL_set_session(ssl.get(), known->second.get());
    SSL_set_app_data(ssl.get(), place.get());
    co_return co_await tls::handshake(std::move(plain), std::move(ssl), false, name, std::move(place),
                                      deadline);
  }

 private:
  static constexpr std::size_t kMostSessions = 64;
  /// What a connection knows of its client: where its session is to be kept.
  struct Place {
    std::shared_ptr<Client> client;
    std::string key;
  };

  Result<SSL_CTX*> get() {
    return contexts_.get(options_.reload_interval, false, [this]() -> Result<Context> {
      auto context = tls::make_context(options_, false);
      if (!context) return context;
      if (!options_.insecure_skip_verify) {
        auto added = tls::add_authorities(context->get(), options_);
        if (!added) return fail(std::move(added.error()));
      }
      SSL_CTX_set_session_cache_mode(context->get(),
                                     SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
      SSL_CTX_sess_set_new_cb(context->get(), [](SSL* ssl, SSL_SESSION* session) {
        auto& place = *static_cast<Place*>(SSL_get_app_data(ssl));
        auto& sessions = place.client->sessions_;
        if (sessions.size() >= kMostSessions && !sessions.contains(place.key))
          sessions.erase(sessions.begin());
        sessions[place.key].reset(session);
        return 1;  // we keep the reference
      });
      return context;
    });
  }

  TlsClientOptions options_;
  Contexts contexts_;
  std::map<std::string, tls::SslSession> sessions_;
};

class Server final : public TlsServer, public std::enable_shared_from_this<Server> {
 public:
  explicit Server(TlsServerOptions options) : options_(std::move(options)) {}

  Result<> load() override {
    auto context = get();
    if (!context) return fail(std::move(context.error()));
    return {};
  }

  Task<Result<StreamPtr>> accept(StreamPtr plain, std::vector<std::string> alpn,
                                 TimePoint deadline) override {
    auto context = get();
    if (!context) co_return fail(std::move(context.error()));
    Ssl ssl(SSL_new(*context));
    const std::string name = plain->peer();
    // The list is in the frame of this task, which lives as long as the handshake.
    const std::string wire = alpn_wire(alpn);
    SSL_set_app_data(ssl.get(), const_cast<std::string*>(&wire));
    co_return co_await tls::handshake(std::move(plain), std::move(ssl), true, name, shared_from_this(),
                                      deadline);
  }

 private:
  Result<SSL_CTX*> get() {
    const std::int64_t stamp = options_.client_ca_file_reload ? modified(options_.client_ca_file) : 0;
    const bool changed = stamp != stamp_;
    stamp_ = stamp;
    return contexts_.get(options_.reload_interval, changed, [this]() -> Result<Context> {
      auto context = tls::make_context(options_, true);
      if (!context) return context;
      if (!options_.client_ca_file.empty()) {
        auto required = tls::require_clients(context->get(), options_.client_ca_file);
        if (!required) return fail(std::move(required.error()));
      }
      SSL_CTX_set_session_id_context(context->get(), reinterpret_cast<const unsigned char*>("gleaner"), 7);
      SSL_CTX_set_session_cache_mode(context->get(), SSL_SESS_CACHE_OFF);  // tickets need no memory here
      SSL_CTX_set_num_tickets(context->get(), 1);
      SSL_CTX_set_alpn_select_cb(
          context->get(),
          [](SSL* s, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
             unsigned in_size, void*) {
            const auto& ours = *static_cast<const std::string*>(SSL_get_app_data(s));
            unsigned char* chosen = nullptr;
            const int rc =
                SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                      static_cast<unsigned>(ours.size()), in, in_size);
            *out = chosen;
            return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
          },
          nullptr);
      return context;
    });
  }

  TlsServerOptions options_;
  Contexts contexts_;
  std::int64_t stamp_ = 0;
};

}  // namespace

Result<std::shared_ptr<TlsClient>> TlsClient::make(TlsClientOptions options) {
  auto valid = tls::validate(options);
  if (!valid) return fail(std::move(valid.error()));
  return std::shared_ptr<TlsClient>(std::make_shared<Client>(std::move(options)));
}

Result<std::shared_ptr<TlsServer>> TlsServer::make(TlsServerOptions options) {
  auto valid = tls::validate(options);
  if (!valid) return fail(std::move(valid.error()));
  if (options.cert_file.empty() && options.cert_pem.empty())
    return fail(Fault::config,
                "TLS configuration must include both certificate and key for server connections");
  return std::shared_ptr<TlsServer>(std::make_shared<Server>(std::move(options)));
}

}  // namespace gleaner::net
