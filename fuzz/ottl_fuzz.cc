// No text breaks parser, compiler or interpreter; what is read prints to a text that reads the same; a run
// over a record leaves a record that can be encoded again, however often it is repeated.
#include <cstdlib>

#include "text/ottl/ottl.h"
#include "text/ottl/parser.h"
#include "text/ottl/walk.h"

using namespace gleaner;
namespace ottl = text::ottl;

namespace {

void check_printing(std::string_view text) {
  if (const auto first = ottl::parse_statement(text)) {
    const std::string once = ottl::print(*first);
    if (once.size() > ottl::kMaxDepth * 64 * 1024) return;
    const auto second = ottl::parse_statement(once);
    // Escapes make a text longer: one that was near the limit may be past it.
    if (!second) {
      if (once.size() < 64 * 1024) std::abort();
    } else if (ottl::print(*second) != once) {
      std::abort();
    }
  }
  if (const auto first = ottl::parse_condition(text)) {
    const std::string once = ottl::print(*first);
    const auto second = ottl::parse_condition(once);
    if (!second) {
      if (once.size() < 64 * 1024) std::abort();
    } else if (ottl::print(*second) != once) {
      std::abort();
    }
  }
}

struct World {
  Arena arena;
  pdata::ResourceLogs resource;
  pdata::ScopeLogs scope;
  pdata::LogRecord record;
  ottl::Env env{arena};
  World() {
    auto& attributes = record.attributes;
    attributes.set(arena, "s", pdata::Value::string("a=1 b=\"two\" 10.0.0.1"));
    attributes.set(arena, "i", pdata::Value::integer(42));
    attributes.set(arena, "d", pdata::Value::real(2.5));
    attributes.set(arena, "json", pdata::Value::string(R"({"a":[1,{"b":null}]})"));
    auto list = pdata::Value::new_array(arena);
    list.as_array().push_back(arena, pdata::Value::string("x"));
    list.as_array().push_back(arena, pdata::Value::integer(1));
    attributes.set(arena, "list", list);
    auto map = pdata::Value::new_map(arena);
    map.as_map().set(arena, "k", list);
    attributes.set(arena, "map", map);
    record.body = pdata::Value::string("<a x='1'>body</a>");
    record.time = 1720000000000000000;
    ottl::enter_resource(env, resource);
    ottl::enter_scope(env, scope);
    ottl::enter(env, record);
  }
};

/// Walks everything a record holds: the sanitizers see what hangs in the air.
void look(const pdata::LogRecord& record) {
  std::string text;
  pdata::append_json(text, record.body);
  for (const auto& [key, value] : record.attributes) {
    text += key;
    pdata::append_json(text, value);
  }
  text += record.severity_text;
  text += record.event_name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size > 2048 ? 2048 : size);
  check_printing(text);
  World world;
  const auto statement =
      ottl::Statement::compile(text, {.context = ottl::Context::log, .functions = ottl::kTransform});
  if (statement) {
    for (int i = 0; i < 3 && world.arena.held_bytes() < 4 << 20; ++i) {
      (void)statement->run(world.env);
      look(world.record);
    }
  }
  const auto condition = ottl::Condition::compile(text, {.context = ottl::Context::log});
  if (condition) {
    bool first = false, second = false;
    const bool ok = condition->test(world.env, first);
    const bool again = condition->test(world.env, second);
    const bool changes =
        text.find("Now") != std::string_view::npos || text.find("UUID") != std::string_view::npos;
    if (!changes && (ok != again || (ok && first != second))) std::abort();
  }
  return 0;
}
