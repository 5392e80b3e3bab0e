// Trace, span and profile ids; UUIDs.
#include <openssl/rand.h>

#include "base/loop.h"
#include "text/ottl/function.h"

namespace gleaner::text::ottl {
namespace {

/// Bytes as they are, or their hex digits.
template <class Id, Any (*kMake)(const Id*)>
bool id_of(Env& env, std::string_view name, std::string_view bytes, Any& out) {
  constexpr std::size_t kSize = sizeof(Id);
  Id* id = env.arena->make<Id>();
  if (bytes.size() == kSize)
    id->assign(bytes);
  else if (bytes.size() != 2 * kSize)
    return env.fail(std::string(name) + ": could not decode ID: invalid length: expected " +
                    std::to_string(kSize) + " or " + std::to_string(2 * kSize) + " bytes, got " +
                    std::to_string(bytes.size()));
  else if (!take_id_text(env, Any::string(bytes), *id))
    return env.fail(std::string(name) + ": could not decode ID: invalid hex");
  out = kMake(id);
  return true;
}
bool make_id(Env& env, const Function& function, std::string_view bytes, Any& out) {
  return function.name == "SpanID" ? id_of<pdata::SpanId, &Any::span_id>(env, function.name, bytes, out)
                                   : id_of<pdata::TraceId, &Any::trace_id>(env, function.name, bytes, out);
}
bool id(const Call& call, Env& env, Any& out) {
  std::string_view bytes;
  return call.bytes_like(env, 0, bytes) && make_id(env, call.function(), bytes, out);
}
Result<> prepare_id(Call& call) {
  const Any* constant = call.args[0].node->constant();
  if (!constant) return {};
  Arena arena;
  Env env(arena);
  Any ignored;
  if (!id(call, env, ignored)) return fail(Fault::config, env.error);
  return {};
}

bool give_uuid(Env& env, unsigned char (&bytes)[16], unsigned char version, Any& out) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | version << 4);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text = pdata::hex({reinterpret_cast<const char*>(bytes), 16});
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  out = Any::string(env.keep(text));
  return true;
}
bool uuid(const Call&, Env& env, Any& out) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return env.fail("no random numbers");
  return give_uuid(env, bytes, 4, out);
}
bool uuid_v7(const Call&, Env& env, Any& out) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return env.fail("no random numbers");
  const std::uint64_t millis = unix_nanos() / 1'000'000;
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
  return give_uuid(env, bytes, 7, out);
}

}  // namespace

std::span<const Function> id_functions() {
  static constexpr Function kRows[] = {
      {"TraceID", {{{"Target", Param::bytes_like}}}, id, prepare_id},
      {"SpanID", {{{"Target", Param::bytes_like}}}, id, prepare_id},
      {"ProfileID", {{{"Target", Param::bytes_like}}}, id, prepare_id},
      {"UUID", {}, uuid},
      {"UUIDv7", {}, uuid_v7},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
