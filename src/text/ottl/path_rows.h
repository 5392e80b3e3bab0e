#pragma once
// One line a field: rows of the path tables for the usual types. `FIELD` is an lvalue in terms of `e`, the
// Env. Macros, because each row needs its own pair of functions and templates cannot take an expression.
#include "text/ottl/paths.h"

// NOLINTBEGIN(bugprone-macro-parentheses): FIELD must stay an lvalue, KIND is a name
#define OTTL_INT(NAME, FIELD)                                     \
  {                                                               \
    .name = NAME,                                                 \
    .get =                                                        \
        [](Env& e, Any& out) {                                    \
          out = Any::integer(static_cast<std::int64_t>(FIELD));   \
          return true;                                            \
        },                                                        \
    .set = [](Env& e, const Any& v) { return take(e, v, FIELD); } \
  }
#define OTTL_TEXT(NAME, FIELD)                                    \
  {                                                               \
    .name = NAME,                                                 \
    .get =                                                        \
        [](Env& e, Any& out) {                                    \
          out = Any::string(FIELD);                               \
          return true;                                            \
        },                                                        \
    .set = [](Env& e, const Any& v) { return take(e, v, FIELD); } \
  }
#define OTTL_TIME(NAME, FIELD)                                         \
  {                                                                    \
    .name = NAME,                                                      \
    .get =                                                             \
        [](Env& e, Any& out) {                                         \
          out = Any::time(static_cast<std::int64_t>(FIELD));           \
          return true;                                                 \
        },                                                             \
    .set = [](Env& e, const Any& v) { return take_time(e, v, FIELD); } \
  }
#define OTTL_NANOS(NAME, FIELD) OTTL_INT(NAME, FIELD)
#define OTTL_MAP(NAME, FIELD)                                         \
  {                                                                   \
    .name = NAME, .map = [](Env& e) -> pdata::Map* { return &FIELD; } \
  }
#define OTTL_ID(NAME, FIELD, KIND)                                   \
  {                                                                  \
    .name = NAME,                                                    \
    .get =                                                           \
        [](Env& e, Any& out) {                                       \
          out = Any::KIND(&FIELD);                                   \
          return true;                                               \
        },                                                           \
    .set = [](Env& e, const Any& v) { return take_id(e, v, FIELD); } \
  }
#define OTTL_ID_TEXT(NAME, FIELD)                                         \
  {                                                                       \
    .name = NAME,                                                         \
    .get =                                                                \
        [](Env& e, Any& out) {                                            \
          out = Any::string(e.keep(pdata::hex(FIELD.view())));            \
          return true;                                                    \
        },                                                                \
    .set = [](Env& e, const Any& v) { return take_id_text(e, v, FIELD); } \
  }
#define OTTL_PARTS(NAME, FIELD, KIND)                                                    \
  {                                                                                      \
    .name = NAME,                                                                        \
    .get =                                                                               \
        [](Env& e, Any& out) {                                                           \
          out = Any::part(Any::Kind::KIND, &FIELD);                                      \
          return true;                                                                   \
        },                                                                               \
    .set = [](Env& e, const Any& v) { return take_parts(e, v, Any::Kind::KIND, FIELD); } \
  }
// NOLINTEND(bugprone-macro-parentheses)
