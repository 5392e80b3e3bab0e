#include <fmt/format.h>

#include <deque>

#include "auth/resolve.h"
#include "auth/value_file.h"
#include "extensions/headers_setter/config.h"

namespace gleaner::extensions::headers_setter {
namespace {

enum class Action : std::uint8_t { insert, update, upsert, remove };

Action action_of(const std::string& name) {
  if (name == "insert") return Action::insert;
  if (name == "update") return Action::update;
  if (name == "delete") return Action::remove;
  return Action::upsert;
}

/// One header and where its value comes from.
class Header {
 public:
  Header(const HeaderConfig& config, const log::Logger& logger)
      : config_(config),
        action_(action_of(config.action)),
        fixed_(config.value ? config.value->value : std::string(), config.value_file.value_or("")),
        logger_(logger) {}

  Result<> start() { return action_ == Action::remove ? Result<>() : fixed_.start(); }

  Result<> apply(net::Headers& headers, const auth::Outgoing& request) {
    if (action_ == Action::remove) {
      headers.remove(config_.key);
      return {};
    }
    // Over HTTP an empty header counts as none, over gRPC it is one: as the reference's maps have it.
    const bool there = request.protocol == auth::Protocol::http ? !headers.get(config_.key).empty()
                                                                : headers.has(config_.key);
    if ((action_ == Action::insert && there) || (action_ == Action::update && !there)) return {};
    auto value = value_for(request.sender);
    if (!value) return fail(std::move(value.error()).in("failed to determine the source"));
    headers.set(config_.key, *value);
    return {};
  }

 private:
  Result<std::string> value_for(const Client* sender) {
    const std::string fallback = config_.default_value ? config_.default_value->value : std::string();
    if (config_.from_attribute) {
      const std::string* found = sender ? sender->attribute(*config_.from_attribute) : nullptr;
      return found ? *found : fallback;
    }
    if (config_.from_context) {
      const auto found = sender ? sender->header(*config_.from_context) : std::vector<std::string_view>();
      if (found.size() > 1)
        return fail(Fault::permanent,
                    fmt::format("{} source keys found in the context, can't determine which one to use",
                                found.size()));
      return found.empty() ? fallback : std::string(found.front());
    }
    return fixed_.get(logger_);
  }

  const HeaderConfig config_;
  const Action action_;
  auth::ValueFile fixed_;
  const log::Logger logger_;
};

class HeadersSetter final : public Extension, public auth::ClientAuthenticator {
 public:
  HeadersSetter(const Config& config, const Context& context) : config_(config), context_(context) {
    for (const auto& header : config.headers) headers_.emplace_back(header, context.logger);
  }

  Task<Result<>> start() override {
    for (auto& header : headers_)
      if (auto ok = header.start(); !ok) co_return ok;
    co_return Result<>();
  }

  Result<> prepare(auth::Protocol protocol) override {
    if (config_.additional_auth.empty()) return {};
    if (preparing_)
      return fail(Fault::config, fmt::format("additional_auth of \"{}\" leads back to itself", context_.id));
    preparing_ = true;
    auto found = auth::find_client(context_, config_.additional_auth, protocol);
    preparing_ = false;
    if (!found) return fail(std::move(found.error()).in("additional_auth"));
    additional_ = *found;
    return {};
  }
  bool needs_tls() const override { return additional_ && additional_->needs_tls(); }

  Task<Result<>> add_to(net::Headers& headers, const auth::Outgoing& request) override {
    // Where both set one header the later one wins, and the order is the reference's: over gRPC our own
    // headers come last, over HTTP those of the other extension.
    const bool own_last = request.protocol == auth::Protocol::grpc;
    Result<> ok;
    if (!own_last) ok = apply(headers, request);
    if (ok && additional_) ok = co_await additional_->add_to(headers, request);
    if (ok && own_last) ok = apply(headers, request);
    co_return ok;
  }

 private:
  Result<> apply(net::Headers& headers, const auth::Outgoing& request) {
    for (auto& header : headers_)
      if (auto ok = header.apply(headers, request); !ok) return ok;
    return {};
  }

  const Config config_;
  const Context context_;
  std::deque<Header> headers_;  // does not move them
  auth::ClientAuthenticator* additional_ = nullptr;
  bool preparing_ = false;
};

}  // namespace

void HeaderConfig::validate(config::Check& check) const {
  if (key.empty()) return check.error("key", "missing header name");
  if (!net::is_field_name(key)) check.error("key", fmt::format("\"{}\" cannot be a header's name", key));
  if (value && !net::is_field_value(value->value))
    check.error("value", "control characters cannot stand in a header");
  static constexpr std::string_view kActions[] = {"insert", "update", "upsert", "delete"};
  if (action.empty())
    check.warning("key", "the action was not provided, using 'upsert'");
  else if (std::find(std::begin(kActions), std::end(kActions), action) == std::end(kActions))
    check.warning("action",
                  fmt::format("\"{}\" is no action{}: taken as upsert, as the reference does", action,
                              config::did_you_mean(action, {std::begin(kActions), std::end(kActions)})));
  if (action == "delete") return;
  const int sources =
      value.has_value() + value_file.has_value() + from_context.has_value() + from_attribute.has_value();
  if (sources == 0)
    check.error("missing header source, must be 'from_context', 'from_attribute', 'value', or 'value_file'");
  if (sources > 1)
    check.error(
        "invalid header source, must be only one of 'from_context', 'from_attribute', 'value', or "
        "'value_file'");
}

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  return std::make_unique<HeadersSetter>(config, context);
}

}  // namespace gleaner::extensions::headers_setter
