// Functions of spans.
#include "text/ottl/function.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

bool is_root_span(const Call&, Env& env, Any& out) {
  out = Any::boolean(env.span->parent_span_id.empty());
  return true;
}

/// The names that the semantic conventions give to spans, from their attributes. An attribute may have an
/// older name.
class SpanName {
 public:
  explicit SpanName(const pdata::Span& span) : span_(span) {}
  /// "" when no convention fits.
  std::string get() const {
    constexpr int kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5;
    std::string name;
    if (span_.kind == kServer || span_.kind == kClient)
      name = http(span_.kind == kServer ? "http.route" : "url.template");
    if (name.empty() && (span_.kind == kServer || span_.kind == kClient)) name = rpc();
    if (name.empty() && span_.kind == kClient) name = database();
    if (name.empty() && span_.kind >= kServer && span_.kind <= kConsumer) name = messaging();
    static_assert(kProducer + 1 == kConsumer);
    return name;
  }

 private:
  const Value* find(std::string_view name, std::string_view older = {}) const {
    const Value* value = span_.attributes.find(name);
    return value || older.empty() ? value : span_.attributes.find(older);
  }
  std::string text(std::string_view name, std::string_view older = {}) const {
    const Value* value = find(name, older);
    return value ? pdata::as_text(*value) : std::string();
  }
  std::string http(std::string_view subject) const {
    const Value* method = find("http.request.method", "http.method");
    if (!method) return {};
    const Value* what = find(subject);
    return pdata::as_text(*method) + (what ? " " + pdata::as_text(*what) : "");
  }
  std::string rpc() const {
    const Value* system = find("rpc.system.name", "rpc.system");
    if (!system) return {};
    const Value *method = find("rpc.method", "rpc.grpc.method"),
                *service = find("rpc.service", "rpc.grpc.service");
    if (method && service) return pdata::as_text(*service) + "/" + pdata::as_text(*method);
    if (method) return pdata::as_text(*method);
    return service ? pdata::as_text(*service) + "/*" : pdata::as_text(*system);
  }
  std::string database() const {
    const Value* system = find("db.system.name", "db.system");
    if (!system) return {};
    if (const Value* summary = find("db.query.summary")) return pdata::as_text(*summary);
    std::string operation = text("db.operation.name", "db.operation"), target = database_target();
    if (!operation.empty() && !target.empty()) return operation + " " + target;
    if (!operation.empty()) return operation;
    return target.empty() ? pdata::as_text(*system) : target;
  }
  std::string database_target() const {
    std::string space = text("db.namespace", "db.name");
    for (const auto name : {"db.collection.name", "db.stored_procedure.name"})
      if (const Value* what = find(name)) return (space.empty() ? "" : space + ".") + pdata::as_text(*what);
    return space.empty() ? server() : space;
  }
  std::string server() const {
    const Value *address = find("server.address"), *port = find("server.port");
    if (!address) return {};
    return pdata::as_text(*address) + (port ? ":" + pdata::as_text(*port) : "");
  }
  std::string messaging() const {
    const Value* system = find("messaging.system");
    if (!system) return {};
    const Value* operation = find("messaging.operation.name", "messaging.operation");
    std::string destination = messaging_destination();
    if (operation && !destination.empty()) return pdata::as_text(*operation) + " " + destination;
    if (!destination.empty()) return destination;
    return pdata::as_text(operation ? *operation : *system);
  }
  std::string messaging_destination() const {
    const auto set = [&](std::string_view name) {
      const Value* value = find(name);
      return value && value->kind() == Value::Kind::boolean && value->as_bool();
    };
    if (set("messaging.destination.temporary")) return "(temporary)";
    if (set("messaging.destination.anonymous")) return "(anonymous)";
    if (const Value* pattern = find("messaging.destination.template")) return pdata::as_text(*pattern);
    if (const Value* name = find("messaging.destination.name", "messaging.destination"))
      return pdata::as_text(*name);
    return server();
  }
  const pdata::Span& span_;
};

bool set_semconv_span_name(const Call& call, Env& env, Any&) {
  const std::string name = SpanName(*env.span).get();
  if (name.empty() || name == env.span->name) return true;
  if (call.given(1)) env.span->attributes.set(*env.arena, call.args[1].text, Value::string(env.span->name));
  env.span->name = env.keep(name);
  return true;
}
Result<> prepare_semconv(Call& call) {
  constexpr int kOldest = 37, kNewest = 43;
  const auto& version = call.args[0].text;
  bool known = false;
  for (int minor = kOldest; minor <= kNewest; ++minor) {
    const std::string short_form = "1." + std::to_string(minor);
    known |= version == short_form || version == short_form + ".0" || version == "v" + short_form + ".0" ||
             (minor < kNewest && version.starts_with(short_form + "."));
  }
  if (!known)
    return fail(Fault::config,
                "unsupported semconv version \"" + version + "\": must be between 1.37.0 and 1.43.0");
  if (call.given(1) && call.args[1].text.empty())
    return fail(Fault::config, "originalSpanNameAttribute cannot be an empty string");
  return {};
}

}  // namespace

std::span<const Function> span_functions() {
  static constexpr Function kRows[] = {
      {"IsRootSpan", {}, is_root_span, nullptr, bit(Context::span)},
      {"set_semconv_span_name",
       {{{"SemconvVersion", Param::text}, {"OriginalSpanNameAttribute", Param::text, true}}},
       set_semconv_span_name,
       prepare_semconv,
       bit(Context::span),
       kTransform},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
