#include <fmt/format.h>

#include <algorithm>

#include "auth/authenticator.h"
#include "base/small_file.h"
#include "confignet/http_client.h"
#include "extensions/oauth2client/config.h"
#include "extensions/oauth2client/jwt.h"
#include "extensions/oauth2client/token.h"
#include "net/grpc.h"
#include "net/url.h"

namespace gleaner::extensions::oauth2client {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 30s;               // for a token, when timeout is 0
constexpr Duration kPause = 5s;                   // after a failure while the old token still holds
constexpr std::size_t kMaxAnswer = 64 << 10;      // bytes
constexpr std::size_t kMaxCredential = 64 << 10;  // bytes

/// The value, or what the file says.
Result<std::string> credential(const std::string& value, const std::string& file) {
  if (file.empty()) return value;
  auto text = read_small_file(file, kMaxCredential);
  if (!text)
    return fail(Fault::retryable,
                fmt::format("failed to read credentials file \"{}\": {}", file, text.error().what));
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  text->erase(0, std::min(text->find_first_not_of(kBlanks), text->size()));
  text->erase(text->find_last_not_of(kBlanks) + 1);
  if (text->empty()) return fail(Fault::retryable, fmt::format("empty credentials file \"{}\"", file));
  return text;
}

class OAuth2Client final : public Extension, public auth::ClientAuthenticator {
 public:
  OAuth2Client(const Config& config, const Context& context, std::unique_ptr<net::HttpClient> http)
      : config_(config), context_(context), http_(std::move(http)) {}

  Task<Result<>> stop() override {
    stopping_ = true;
    changed_.notify_all();
    co_await http_->stop();
    co_await gate_.join();
    co_return Result<>();
  }

  Task<Result<>> add_to(net::Headers& headers, const auth::Outgoing& request) override {
    const TimePoint now = context_.loop.now();
    if (token_.header.empty() || now >= ends_) {
      auto ok = co_await wait_for_token(request.deadline);
      if (!ok) co_return ok;
    } else if (now >= renew_at_) {
      fetch_once();  // the old one holds meanwhile
    }
    headers.set("authorization", token_.header);
    co_return Result<>();
  }

 private:
  void fetch_once() {
    if (std::exchange(fetching_, true)) return;
    gate_.spawn(fetch());
  }

  /// Everybody who needs a token waits for the one request.
  Task<Result<>> wait_for_token(TimePoint deadline) {
    const auto round = rounds_;
    fetch_once();
    Timer timer(context_.loop);
    if (deadline != TimePoint::max())
      timer.start(deadline, [this](bool due) {
        if (due) changed_.notify_all();
      });
    while (rounds_ == round && !stopping_ && context_.loop.now() < deadline) co_await changed_.wait();
    if (stopping_) co_return fail(Fault::retryable, "oauth2client is stopped");
    if (rounds_ == round) co_return fail(Fault::retryable, words("context deadline exceeded"), ETIMEDOUT);
    if (!trouble_.empty()) co_return fail(Fault::retryable, words(trouble_));
    co_return Result<>();
  }
  std::string words(std::string_view why) const {
    return fmt::format("failed to get security token from token endpoint (endpoint \"{}\"); {}",
                       config_.token_url, why);
  }

  Task<> fetch() {
    auto token = co_await ask();
    fetching_ = false;
    ++rounds_;
    const TimePoint now = context_.loop.now();
    if (token) {
      trouble_.clear();
      token_ = std::move(*token);
      ends_ = renew_at_ = TimePoint::max();
      if (token_.lifetime) {
        // A token that lives shorter than the buffer is used for half its life: not asked for at every
        // request.
        const Duration life = *token_.lifetime;
        ends_ = now + life - std::min<Duration>(10s, life / 10);
        renew_at_ = now + (life > config_.expiry_buffer ? life - config_.expiry_buffer : life / 2);
      }
    } else {
      trouble_ = std::move(token.error().what);
      renew_at_ = now + kPause;
      if (!token_.header.empty() && now < ends_)
        context_.logger.warn("a new token could not be fetched, the old one is used until it ends",
                             {{"error", words(trouble_)}});
    }
    changed_.notify_all();
  }

  Task<Result<Token>> ask() {
    auto id = credential(config_.client_id, config_.client_id_file);
    if (!id) co_return fail(std::move(id.error()));
    const TimePoint deadline =
        context_.loop.now() + (config_.timeout > Duration{0} ? config_.timeout : kPatience);
    if (config_.jwt()) co_return co_await ask_with_assertion(*id, deadline);
    auto secret = credential(config_.client_secret.value, config_.client_secret_file);
    if (!secret) co_return fail(std::move(secret.error()));
    // How the server wants its client's name is found out once, as Go does: in the header, else in the form.
    bool answered = false;
    auto token = co_await ask_in(in_header_.value_or(true), *id, *secret, deadline, answered);
    if (!token && answered && !in_header_) {
      token = co_await ask_in(false, *id, *secret, deadline, answered);
      if (token) in_header_ = false;
    } else if (token) {
      in_header_ = in_header_.value_or(true);
    }
    co_return token;
  }

  Task<Result<Token>> ask_with_assertion(const std::string& id, TimePoint deadline) {
    auto key = credential(config_.client_certificate_key.value, config_.client_certificate_key_file);
    if (!key) co_return fail(std::move(key.error()));
    Assertion assertion;
    assertion.issuer = config_.iss.empty() ? id : config_.iss;
    assertion.subject = id;
    assertion.audience = config_.audience.empty() ? config_.token_url : config_.audience;
    assertion.scope = fmt::format("{}", fmt::join(config_.scopes, " "));
    assertion.key_id = config_.client_certificate_key_id;
    assertion.algorithm = config_.signature_algorithm.empty() ? "RS256" : config_.signature_algorithm;
    assertion.now = static_cast<std::int64_t>(unix_nanos() / 1'000'000'000);
    assertion.claims = config_.claims;
    auto signed_ = sign(assertion, *key);
    if (!signed_) co_return fail(std::move(signed_.error()));
    Form form = form_;
    form.emplace_back("assertion", std::move(*signed_));
    bool answered = false;
    co_return co_await post(form, {}, deadline, answered);
  }

  Task<Result<Token>> ask_in(bool header, const std::string& id, const std::string& secret,
                             TimePoint deadline, bool& answered) {
    Form form = form_;
    std::string authorization;
    if (header) {
      authorization = "Basic " + net::base64_encode(net::query_escape(id) + ":" + net::query_escape(secret));
    } else {
      form.emplace_back("client_id", id);
      form.emplace_back("client_secret", secret);
    }
    co_return co_await post(form, std::move(authorization), deadline, answered);
  }

  Task<Result<Token>> post(const Form& form, std::string authorization, TimePoint deadline, bool& answered) {
    net::HttpCall call;
    call.url = config_.token_url;
    call.deadline = deadline;
    call.max_response = kMaxAnswer;
    call.truncate = false;
    call.headers.add("content-type", "application/x-www-form-urlencoded");
    if (!authorization.empty()) call.headers.add("authorization", authorization);
    call.body = Chain(Bytes::copy(form_body(form)));
    auto reply = co_await http_->send(std::move(call));
    if (!reply) co_return fail(Fault::retryable, std::move(reply.error().what));
    answered = true;
    const Bytes body = reply->body.flat();
    co_return read_token(reply->status, reply->headers.get("content-type"), body.view());
  }

 public:
  /// The request's form but for the client's own name. Requires validate() to have passed.
  void compose() {
    bool other_grant = false;
    for (const auto& [key, values] : config_.endpoint_params) other_grant |= key == "grant_type";
    if (!other_grant) form_.emplace_back("grant_type", config_.jwt() ? kJwtGrant : "client_credentials");
    if (!config_.scopes.empty())
      form_.emplace_back("scope", fmt::format("{}", fmt::join(config_.scopes, " ")));
    for (const auto& [key, values] : config_.endpoint_params)
      for (const auto& value : values) form_.emplace_back(key, value);
  }

 private:
  const Config config_;
  const Context context_;
  std::unique_ptr<net::HttpClient> http_;
  Form form_;
  Token token_;
  TimePoint ends_{}, renew_at_{};
  std::optional<bool> in_header_;  ///< where the server wants the client's name, once known
  std::string trouble_;            ///< of the last request
  std::uint64_t rounds_ = 0;       ///< requests ended
  bool fetching_ = false, stopping_ = false;
  Signal changed_;
  Gate gate_;
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (client_id.empty() && client_id_file.empty())
    check.error("no ClientID provided in the OAuth2 exporter configuration");
  if (jwt()) {
    if (client_certificate_key.value.empty() && client_certificate_key_file.empty())
      check.error("no ClientCertificateKey provided: the JWT bearer grant signs with it");
    if (!claims.is_null() && !claims.is_map()) check.error("claims", "must be a map");
  } else if (client_secret.value.empty() && client_secret_file.empty()) {
    check.error("no ClientSecret provided in OAuth Client Credentials configuration");
  }
  if (!signature_algorithm.empty() && signature_algorithm != "RS256" && signature_algorithm != "RS384" &&
      signature_algorithm != "RS512")
    check.error(
        "signature_algorithm",
        fmt::format("invalid signature algorithm \"{}\": RS256, RS384 or RS512", signature_algorithm));
  if (token_url.empty())
    check.error("no TokenURL provided in OAuth Client Credentials configuration");
  else if (auto ok = confignet::check_url(token_url); !ok)
    check.error("token_url", fmt::format("\"{}\" must be a valid URL: {}", token_url, ok.error().what));
  if (!grant_type.empty() && grant_type != "client_credentials" && !jwt())
    check.error("grant_type",
                fmt::format("\"{}\" is no grant type: client_credentials or {}", grant_type, kJwtGrant));
  if (timeout < Duration{0}) check.error("timeout", "must be non-negative");
  if (expiry_buffer < Duration{0}) check.error("expiry_buffer", "must be non-negative");
  for (const auto& [key, values] : endpoint_params)
    if ((key == "scope" && !scopes.empty()) || (key == "assertion" && jwt()))
      check.error("endpoint_params", fmt::format("oauth2: cannot overwrite parameter \"{}\"", key));
}

bool Config::jwt() const { return grant_type == kJwtGrant; }

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  net::HttpClientOptions options;
  auto tls = net::TlsClient::make(config.tls.options());
  if (!tls) return fail(std::move(tls.error()));
  options.tls = std::move(*tls);
  options.user_agent = fmt::format("gleaner/{} (linux/amd64)", context.version);
  auto made = std::make_unique<OAuth2Client>(config, context,
                                             net::HttpClient::make(context.loop, std::move(options)));
  made->compose();
  return made;
}

}  // namespace gleaner::extensions::oauth2client
