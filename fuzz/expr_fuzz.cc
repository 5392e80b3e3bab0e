// No source breaks compiler or evaluator; running twice gives the same; a condition is never anything but a
// bool.
#include <cstdlib>

#include "text/expr/expr.h"

using namespace gleaner;
using text::expr::Environment;
using text::expr::Program;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size > 2048 ? 2048 : size);
  if (source.find("now") != std::string_view::npos) return 0;
  const auto program = Program::compile(source);
  if (!program) {
    if (Program::compile_bool(source)) std::abort();
    return 0;
  }
  Arena arena;
  pdata::Map attributes;
  attributes.set(arena, "n", pdata::Value::real(3));
  attributes.set(arena, "s", pdata::Value::string("text"));
  auto list = pdata::Value::new_array(arena);
  for (int i = 0; i < 3; ++i) list.as_array().push_back(arena, pdata::Value::integer(i));
  attributes.set(arena, "l", list);
  const Environment environment{pdata::Value::string("a body"), &attributes, nullptr, 1720000000000000000};
  const auto first = program->run(environment, arena), second = program->run(environment, arena);
  if (first.has_value() != second.has_value()) std::abort();
  if (first) {
    std::string a, b;
    pdata::append_json(a, *first);
    pdata::append_json(b, *second);
    if (a != b) std::abort();
  }
  return 0;
}
