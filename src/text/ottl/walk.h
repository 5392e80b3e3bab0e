#pragma once
// Every item of a context in a message, one after the other, with an Env that points to it.
#include <algorithm>

#include "pdata/signal.h"
#include "text/ottl/env.h"

namespace gleaner::text::ottl {

/// The contexts that a signal's items and what is around them can be.
template <class S>
constexpr ContextSet contexts_of() {
  constexpr ContextSet kAround = bit(Context::resource) | bit(Context::scope);
  if constexpr (S::kind == SignalKind::logs)
    return kAround | bit(Context::log);
  else if constexpr (S::kind == SignalKind::traces)
    return kAround | bit(Context::span) | bit(Context::spanevent);
  else
    return kAround | bit(Context::metric) | bit(Context::datapoint) | bit(Context::exemplar);
}

template <class R>
void enter_resource(Env& env, R& resource) {
  env.resource = &resource.resource;
  env.resource_schema = &resource.schema_url;
  env.cache = {};
}
template <class R>
void enter_scope(Env& env, R& scope) {
  env.scope = &scope.scope;
  env.scope_schema = &scope.schema_url;
  env.cache = {};
}
inline void enter(Env& env, pdata::LogRecord& record) {
  env.log = &record;
  env.cache = {};
}
inline void enter(Env& env, pdata::Span& span) {
  env.span = &span;
  env.cache = {};
}
inline void enter_metric(Env& env, List<pdata::Metric>& metrics, std::size_t index) {
  env.metrics = &metrics;
  env.metric_index = index;
  env.metric = &metrics[index];
  env.cache = {};
}
inline void enter_point(Env& env, pdata::NumberPoint* number, pdata::HistogramPoint* histogram,
                        pdata::ExponentialPoint* exponential, pdata::SummaryPoint* summary) {
  env.number = number;
  env.histogram = histogram;
  env.exponential = exponential;
  env.summary = summary;
  env.cache = {};
}
inline void enter(Env& env, pdata::NumberPoint& point) {
  enter_point(env, &point, nullptr, nullptr, nullptr);
}
inline void enter(Env& env, pdata::HistogramPoint& point) {
  enter_point(env, nullptr, &point, nullptr, nullptr);
}
inline void enter(Env& env, pdata::ExponentialPoint& point) {
  enter_point(env, nullptr, nullptr, &point, nullptr);
}
inline void enter(Env& env, pdata::SummaryPoint& point) {
  enter_point(env, nullptr, nullptr, nullptr, &point);
}

/// Calls what(list) for the one list of points a metric has.
template <class F>
void with_points(pdata::Metric& metric, F&& what) {
  switch (metric.kind) {
    case pdata::Metric::Kind::gauge:
    case pdata::Metric::Kind::sum:
      return what(metric.numbers);
    case pdata::Metric::Kind::histogram:
      return what(metric.histograms);
    case pdata::Metric::Kind::exponential:
      return what(metric.exponentials);
    case pdata::Metric::Kind::summary:
      return what(metric.summaries);
    case pdata::Metric::Kind::none:
      return;
  }
}

namespace detail {
// Each answers false as soon as visit() does.
template <class F>
bool walk_items(pdata::ScopeLogs& scope, Context, Env& env, F&& visit) {
  for (auto& record : scope.records) {
    enter(env, record);
    if (!visit()) return false;
  }
  return true;
}
template <class F>
bool walk_items(pdata::ScopeSpans& scope, Context context, Env& env, F&& visit) {
  for (auto& span : scope.records) {
    enter(env, span);
    if (context == Context::span) {
      if (!visit()) return false;
      continue;
    }
    for (std::size_t i = 0; i < span.events.size(); ++i) {
      env.event = &span.events[i];
      env.event_index = static_cast<std::int64_t>(i);
      env.cache = {};
      if (!visit()) return false;
    }
  }
  return true;
}
template <class F>
bool walk_points(pdata::Metric& metric, Context context, Env& env, F&& visit) {
  bool on = true;
  with_points(metric, [&](auto& points) {
    for (std::size_t i = 0; i < points.size() && on; ++i) {
      enter(env, points[i]);
      if (context == Context::datapoint) {
        on = visit();
      } else if constexpr (requires { points[i].exemplars; }) {
        for (auto& exemplar : points[i].exemplars) {
          env.exemplar = &exemplar;
          env.cache = {};
          if (!(on = visit())) break;
        }
      }
    }
  });
  return on;
}
template <class F>
bool walk_items(pdata::ScopeMetrics& scope, Context context, Env& env, F&& visit) {
  // By index: functions append metrics, which are visited too.
  for (std::size_t i = 0; i < scope.records.size(); ++i) {
    enter_metric(env, scope.records, i);
    if (context == Context::metric ? !visit() : !walk_points(scope.records[i], context, env, visit))
      return false;
  }
  return true;
}

template <class T, class P>
void remove(List<T>& list, P&& gone) {
  auto* end = std::remove_if(list.begin(), list.end(), gone);
  list.truncate(static_cast<std::size_t>(end - list.begin()));
}
template <class F>
void drop_items(pdata::ScopeLogs& scope, Context, Env& env, F&& unwanted) {
  remove(scope.records, [&](pdata::LogRecord& record) {
    enter(env, record);
    return unwanted();
  });
}
template <class F>
void drop_items(pdata::ScopeSpans& scope, Context context, Env& env, F&& unwanted) {
  if (context == Context::span)
    return remove(scope.records, [&](pdata::Span& span) {
      enter(env, span);
      return unwanted();
    });
  for (auto& span : scope.records) {
    enter(env, span);
    env.event_index = -1;
    remove(span.events, [&](pdata::SpanEvent& event) {
      env.event = &event;
      ++env.event_index;
      env.cache = {};
      return unwanted();
    });
  }
}
template <class F>
void drop_items(pdata::ScopeMetrics& scope, Context context, Env& env, F&& unwanted) {
  remove(scope.records, [&](pdata::Metric& metric) {
    enter_metric(env, scope.records, static_cast<std::size_t>(&metric - scope.records.begin()));
    if (context == Context::metric) return unwanted();
    // A metric without points goes, one without a kind stays.
    with_points(metric, [&](auto& points) {
      remove(points, [&](auto& point) {
        enter(env, point);
        return unwanted();
      });
    });
    return metric.kind != pdata::Metric::Kind::none && metric.points() == 0;
  });
}
}  // namespace detail

/// Calls visit() for every item of `context`, until it answers false. @return whether it never did
template <class S, class F>
bool walk(Records<S>& records, Context context, Env& env, F&& visit) {
  for (auto& resource : records.resources) {
    enter_resource(env, resource);
    if (context == Context::resource) {
      if (!visit()) return false;
      continue;
    }
    for (auto& scope : resource.scopes) {
      enter_scope(env, scope);
      if (context == Context::scope ? !visit() : !detail::walk_items(scope, context, env, visit))
        return false;
    }
  }
  return true;
}

/// Removes every item of `context` for which unwanted() is true, and what is empty after that: metrics
/// without points, scopes without items, resources without scopes. Spans stay without events.
template <class S, class F>
void drop_where(Records<S>& records, Context context, Env& env, F&& unwanted) {
  detail::remove(records.resources, [&](auto& resource) {
    enter_resource(env, resource);
    if (context == Context::resource) return unwanted() || resource.scopes.empty();
    detail::remove(resource.scopes, [&](auto& scope) {
      enter_scope(env, scope);
      if (context == Context::scope) return unwanted() || scope.records.empty();
      detail::drop_items(scope, context, env, unwanted);
      return scope.records.empty();
    });
    return resource.scopes.empty();
  });
}

}  // namespace gleaner::text::ottl
