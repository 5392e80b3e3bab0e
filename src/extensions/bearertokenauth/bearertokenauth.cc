#include "auth/authenticator.h"
#include "auth/value_file.h"
#include "extensions/bearertokenauth/config.h"

namespace gleaner::extensions::bearertokenauth {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

/// The first word of every line; what stands behind it is a comment.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    words.emplace_back(line.substr(0, line.find_first_of(kBlanks)));
  }
  return words;
}

class BearerTokenAuth final : public Extension,
                              public auth::ServerAuthenticator,
                              public auth::ClientAuthenticator {
 public:
  BearerTokenAuth(const Config& config, const Context& context)
      : config_(config), logger_(context.logger), source_(config.token.value, config.filename) {
    if (config_.filename.empty()) {
      std::vector<std::string> tokens;
      tokens.reserve(config_.tokens.size());
      for (const auto& token : config_.tokens) tokens.push_back(token.value);
      if (tokens.empty()) tokens = words_of(config_.token.value);
      set(tokens);
    } else if (!config_.token.value.empty() || !config_.tokens.empty()) {
      logger_.warn("a filename is specified. Configured token(s) is ignored!");
    }
  }

  Task<Result<>> start() override {
    auto ok = source_.start();
    if (ok) renew(true);
    co_return ok;
  }

  Task<Result<Client::Pairs>> check(const net::Headers& headers) override {
    renew();
    if (!headers.has(config_.header))
      co_return fail(Fault::permanent, "missing or empty authorization header: " + config_.header);
    const auto given = headers.get(config_.header);
    bool known = false;  // all are compared: how long that takes does not tell which one is nearly right
    for (const auto& value : values_) known |= auth::same_secret(value, given);
    if (!known)
      co_return fail(Fault::permanent, "provided authorization does not match expected scheme or token");
    co_return Client::Pairs();
  }

  Task<Result<>> add_to(net::Headers& headers, const auth::Outgoing&) override {
    renew();
    headers.set(config_.header, values_.empty() ? std::string() : values_.front());
    co_return Result<>();
  }

 private:
  void renew(bool first = false) {
    if (!source_.is_file()) return;
    bool changed = first;
    const std::string& text = source_.get(logger_, first ? nullptr : &changed);
    if (!changed) return;
    if (!first) logger_.info("refresh token", {{"filename", source_.path()}});
    set(words_of(text));
  }
  void set(const std::vector<std::string>& tokens) {
    values_.clear();
    for (const auto& token : tokens)
      values_.push_back(config_.scheme.empty() ? token : config_.scheme + " " + token);
  }

  const Config config_;
  const log::Logger logger_;
  auth::ValueFile source_;
  std::vector<std::string> values_;  ///< whole header values; the first one is sent
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (token.value.empty() && tokens.empty() && filename.empty()) check.error("no bearer token provided");
  if (!token.value.empty() && !tokens.empty())
    check.error("tokens", "either tokens or token should be provided, not both");
  if (!net::is_field_name(header)) check.error("header", "\"" + header + "\" cannot be a header's name");
}

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  return std::make_unique<BearerTokenAuth>(config, context);
}

}  // namespace gleaner::extensions::bearertokenauth
