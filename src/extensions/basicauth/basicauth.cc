#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "auth/authenticator.h"
#include "auth/value_file.h"
#include "base/small_file.h"
#include "extensions/basicauth/config.h"
#include "extensions/basicauth/htpasswd.h"
#include "net/grpc.h"

namespace gleaner::extensions::basicauth {
namespace {

constexpr std::size_t kMaxWaiting = 16;    // slow hashes asked for at once; more are told to come again
constexpr std::size_t kMaxFile = 1 << 20;  // bytes of an htpasswd file

class Server final : public Extension, public auth::ServerAuthenticator {
 public:
  Server(const HtpasswdConfig& config, const Context& context) : config_(config), context_(context) {}

  Task<Result<>> start() override {
    if (!config_.file.empty()) {
      auto text = read_small_file(config_.file, kMaxFile);
      if (!text) co_return fail(Fault::config, "open htpasswd file: " + text.error().what);
      read(*text, config_.file);
    }
    read(config_.inline_text.value, "inline");
    for (const auto& [name, hash] : list_.users)
      if (hash.slow()) decoy_ = hash;
    RAND_bytes(reinterpret_cast<unsigned char*>(salt_), sizeof salt_);
    co_return Result<>();
  }

  Task<Result<Client::Pairs>> check(const net::Headers& headers) override {
    const auto header = headers.get("authorization");
    if (header.empty()) co_return fail(Fault::permanent, "no basic auth provided");
    BasicHeader said = read_basic(header);
    if (!said.problem.empty()) co_return fail(Fault::permanent, std::string(said.problem));
    auto right = co_await verify(said.credentials);
    if (!right) co_return fail(std::move(right.error()));
    if (!*right) co_return fail(Fault::permanent, "invalid credentials");
    co_return Client::Pairs{{"username", std::move(said.credentials.username)},
                            {"raw", std::move(said.credentials.raw)}};
  }

 private:
  void read(std::string_view text, std::string_view where) {
    list_.read(text);
    for (const auto line : std::exchange(list_.bad_lines, {}))
      context_.logger.warn("a line of htpasswd is left out: no colon, or a broken hash",
                           {{"htpasswd", where}, {"line", line}});
  }

  Task<Result<bool>> verify(const Credentials& said) {
    const auto found = list_.users.find(said.username);
    const bool known = found != list_.users.end();
    // Somebody unknown takes as long as somebody known.
    const Hash& hash = known ? found->second : decoy_;
    if (!hash.slow()) co_return matches(hash, said.password) && known;
    const std::string print = fingerprint(said.username, said.password);
    if (const auto proven = proven_.find(said.username);
        proven != proven_.end() && auth::same_secret(proven->second, print))
      co_return true;
    if (waiting_ >= kMaxWaiting) {
      Error error{Fault::retryable, "too many passwords to check at once"};
      error.grpc_status = static_cast<std::uint32_t>(net::GrpcCode::unavailable);
      co_return fail(std::move(error));
    }
    ++waiting_;
    std::function<bool()> work = [hash, password = said.password] { return matches(hash, password); };
    const bool right = co_await context_.loop.blocking<bool>(std::move(work), Loop::Helper::passwords);
    --waiting_;
    if (right && known) proven_[said.username] = print;
    co_return right&& known;
  }

  /// What a password that was right is remembered by: useless outside this process.
  std::string fingerprint(const std::string& username, const std::string& password) const {
    std::string input(salt_, sizeof salt_);
    input += std::to_string(username.size()) + ":" + username + password;
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(input.data(), input.size(), out, &size, EVP_sha256(), nullptr);
    return {reinterpret_cast<const char*>(out), size};
  }

  const HtpasswdConfig config_;
  const Context context_;
  Htpasswd list_;
  Hash decoy_;
  std::map<std::string, std::string, std::less<>> proven_;  ///< name -> fingerprint; one for each listed name
  char salt_[32] = {};
  std::size_t waiting_ = 0;
};

class Sender final : public Extension, public auth::ClientAuthenticator {
 public:
  Sender(const ClientConfig& config, const Context& context)
      : logger_(context.logger),
        username_(config.username, config.username_file),
        password_(config.password.value, config.password_file) {}

  Task<Result<>> start() override {
    for (auto* value : {&username_, &password_})
      if (auto ok = value->start(); !ok) co_return ok;
    if (username_.get(logger_).find(':') != std::string::npos)
      co_return fail(Fault::config, "invalid authorization format");
    co_return Result<>();
  }

  Task<Result<>> add_to(net::Headers& headers, const auth::Outgoing&) override {
    const std::string& username = username_.get(logger_);
    if (username.find(':') != std::string::npos)
      co_return fail(Fault::retryable, "invalid authorization format");
    headers.set("authorization", "Basic " + net::base64_encode(username + ":" + password_.get(logger_)));
    co_return Result<>();
  }

 private:
  const log::Logger logger_;
  auth::ValueFile username_, password_;
};

}  // namespace

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  if (config.htpasswd) return std::make_unique<Server>(*config.htpasswd, context);
  if (config.client_auth) return std::make_unique<Sender>(*config.client_auth, context);
  return fail(Fault::config, "no credential source provided");
}

}  // namespace gleaner::extensions::basicauth
