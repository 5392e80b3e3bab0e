#include "text/ottl/any.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "pdata/metrics.h"
#include "pdata/traces.h"
#include "text/ottl/clock.h"

namespace gleaner::text::ottl {

Any Any::of(const pdata::Value& value) noexcept {
  switch (value.kind()) {
    case pdata::Value::Kind::empty:
      return {};
    case pdata::Value::Kind::string:
      return string(value.text());
    case pdata::Value::Kind::bytes:
      return bytes(value.text());
    case pdata::Value::Kind::boolean:
      return boolean(value.as_bool());
    case pdata::Value::Kind::integer:
      return integer(value.as_int());
    case pdata::Value::Kind::real:
      return real(value.as_real());
    case pdata::Value::Kind::array:
      return list(&value.as_array());
    case pdata::Value::Kind::map:
      return map(&value.as_map());
  }
  return {};
}

std::string_view Any::type() const noexcept {
  static constexpr std::string_view kNames[] = {"nil",
                                                "string",
                                                "bool",
                                                "int64",
                                                "float64",
                                                "[]uint8",
                                                "pcommon.Slice",
                                                "pcommon.Map",
                                                "time.Time",
                                                "time.Duration",
                                                "pcommon.TraceID",
                                                "pcommon.SpanID",
                                                "ptrace.SpanEventSlice",
                                                "ptrace.SpanLinkSlice",
                                                "pmetric.NumberDataPointSlice",
                                                "pmetric.HistogramDataPointSlice",
                                                "pmetric.ExponentialHistogramDataPointSlice",
                                                "pmetric.SummaryDataPointSlice",
                                                "pmetric.ExemplarSlice",
                                                "pmetric.SummaryDataPointValueAtQuantileSlice",
                                                "pmetric.ExponentialHistogramDataPointBuckets",
                                                "ptrace.Status"};
  return kNames[static_cast<std::size_t>(kind_)];
}

bool is_list(const Any& any) {
  return any.is(Any::Kind::list) || (any.kind() >= Any::Kind::events && any.kind() <= Any::Kind::quantiles);
}

std::int64_t length(const Any& any) {
  const auto size = [&]<class T>(const T*) {
    return static_cast<std::int64_t>(static_cast<const T*>(any.at())->size());
  };
  switch (any.kind()) {
    case Any::Kind::string:
    case Any::Kind::bytes:
      return static_cast<std::int64_t>(any.text().size());
    case Any::Kind::list:
      return static_cast<std::int64_t>(any.as_list().size());
    case Any::Kind::map:
      return static_cast<std::int64_t>(any.as_map().size());
    case Any::Kind::events:
      return size(static_cast<List<pdata::SpanEvent>*>(nullptr));
    case Any::Kind::links:
      return size(static_cast<List<pdata::SpanLink>*>(nullptr));
    case Any::Kind::numbers:
      return size(static_cast<List<pdata::NumberPoint>*>(nullptr));
    case Any::Kind::histograms:
      return size(static_cast<List<pdata::HistogramPoint>*>(nullptr));
    case Any::Kind::exponentials:
      return size(static_cast<List<pdata::ExponentialPoint>*>(nullptr));
    case Any::Kind::summaries:
      return size(static_cast<List<pdata::SummaryPoint>*>(nullptr));
    case Any::Kind::exemplars:
      return size(static_cast<List<pdata::Exemplar>*>(nullptr));
    case Any::Kind::quantiles:
      return size(static_cast<List<pdata::SummaryPoint::Quantile>*>(nullptr));
    default:
      return -1;
  }
}

pdata::Value share(Arena& arena, const pdata::Value& value) {
  if (value.is_map()) return pdata::Value::map(arena.make<pdata::Map>(share(arena, value.as_map())));
  if (!value.is_array()) return value;
  pdata::Value copy = pdata::Value::new_array(arena);
  copy.as_array().reserve(arena, value.as_array().size());
  for (const auto& item : value.as_array()) copy.as_array().push_back(arena, share(arena, item));
  return copy;
}

pdata::Map share(Arena& arena, const pdata::Map& map) {
  pdata::Map copy;
  copy.items.reserve(arena, map.size());
  for (const auto& [key, value] : map) copy.items.push_back(arena, {key, share(arena, value)});
  return copy;
}

bool to_value(Arena& arena, const Any& any, pdata::Value& out) {
  switch (any.kind()) {
    case Any::Kind::nil:
      out = pdata::Value();
      return true;
    case Any::Kind::string:
      out = pdata::Value::string(any.text());
      return true;
    case Any::Kind::bytes:
      out = pdata::Value::bytes(any.text());
      return true;
    case Any::Kind::boolean:
      out = pdata::Value::boolean(any.as_bool());
      return true;
    case Any::Kind::integer:
      out = pdata::Value::integer(any.number());
      return true;
    case Any::Kind::real:
      out = pdata::Value::real(any.as_real());
      return true;
    case Any::Kind::list:
      out = share(arena, pdata::Value::array(&any.as_list()));
      return true;
    case Any::Kind::map:
      out = share(arena, pdata::Value::map(&any.as_map()));
      return true;
    default:
      return false;
  }
}

namespace {

template <class T>
bool ordered(const T& a, const T& b, Compare op) {
  switch (op) {
    case Compare::eq:
      return a == b;
    case Compare::ne:
      return a != b;
    case Compare::lt:
      return a < b;
    case Compare::lte:
      return a <= b;
    case Compare::gt:
      return a > b;
    case Compare::gte:
      return a >= b;
  }
  return false;
}

/// Equality only: everything else is false.
bool either(bool equal, Compare op) { return op == Compare::eq ? equal : op == Compare::ne && !equal; }

bool nothing(const Any& any) { return any.is_nil() || (any.is(Any::Kind::bytes) && any.text().empty()); }

}  // namespace

bool compare(const Any& a, const Any& b, Compare op) {
  using Kind = Any::Kind;
  if (a.is(Kind::integer) && b.is(Kind::real))
    return ordered(static_cast<double>(a.number()), b.as_real(), op);
  if (a.is(Kind::real) && b.is(Kind::integer))
    return ordered(a.as_real(), static_cast<double>(b.number()), op);
  if (nothing(a) && nothing(b)) return op == Compare::eq || op == Compare::lte || op == Compare::gte;
  if (a.kind() != b.kind()) return op == Compare::ne;
  switch (a.kind()) {
    case Kind::string:
    case Kind::bytes:
      return ordered(a.text(), b.text(), op);
    case Kind::boolean:
    case Kind::integer:
    case Kind::time:
    case Kind::duration:
      return ordered(a.number(), b.number(), op);
    case Kind::real:
      return ordered(a.as_real(), b.as_real(), op);
    case Kind::list: {
      const auto &x = a.as_list(), &y = b.as_list();
      return either(x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin(), pdata::equal), op);
    }
    case Kind::map:
      return either(pdata::equal(pdata::Value::map(&a.as_map()), pdata::Value::map(&b.as_map())), op);
    case Kind::trace_id:
    case Kind::span_id:
      return either(a.id() == b.id(), op);
    default:
      return either(a.at() == b.at(), op);
  }
}

namespace {

/// A string in JSON as Go writes it by default: <, > and & are escaped too.
void put_json(std::string& out, std::string_view text) {
  const std::size_t from = out.size();
  log::append_json_string(out, text);
  if (text.find_first_of("<>&") == std::string_view::npos) return;
  std::string plain = out.substr(from);
  out.resize(from);
  for (const char c : plain) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
}

void put_json(std::string& out, const pdata::Value& value) {
  if (value.is_string()) return put_json(out, value.text());
  if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      if (i) out += ',';
      put_json(out, value.as_array()[i]);
    }
    out += ']';
    return;
  }
  if (!value.is_map()) return pdata::append_json(out, value);
  std::vector<const pdata::KeyValue*> sorted;
  for (const auto& item : value.as_map()) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i) out += ',';
    put_json(out, sorted[i]->key);
    out += ':';
    put_json(out, sorted[i]->value);
  }
  out += '}';
}

}  // namespace

bool append_string_like(std::string& out, const Any& any) {
  switch (any.kind()) {
    case Any::Kind::nil:
      return true;
    case Any::Kind::string:
      out += any.text();
      return true;
    case Any::Kind::bytes:
      out += pdata::hex(any.text());
      return true;
    case Any::Kind::boolean:
      out += any.as_bool() ? "true" : "false";
      return true;
    case Any::Kind::integer:
    case Any::Kind::duration:
      out += std::to_string(any.number());
      return true;
    case Any::Kind::real:
      out += pdata::format_double(any.as_real());
      return true;
    case Any::Kind::list:
      put_json(out, pdata::Value::array(&any.as_list()));
      return true;
    case Any::Kind::map:
      put_json(out, pdata::Value::map(&any.as_map()));
      return true;
    case Any::Kind::trace_id:
    case Any::Kind::span_id:
      // The reference writes the array of bytes that an id is there.
      out += '[';
      for (std::size_t i = 0; i < any.id().size(); ++i)
        out += (i ? "," : "") + std::to_string(static_cast<unsigned char>(any.id()[i]));
      out += ']';
      return true;
    case Any::Kind::time:
      out += '"' + rfc3339(any.number(), any.zone_offset()) + '"';
      return true;
    default:
      return false;
  }
}

}  // namespace gleaner::text::ottl
