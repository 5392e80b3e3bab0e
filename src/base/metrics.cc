#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace gleaner::metrics {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string label_text(const Labels& labels, std::string_view extra = {}) {
  std::string out;
  for (const auto& [name, value] : labels)
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value));
  if (!extra.empty()) out += (out.empty() ? "" : ",") + std::string(extra);
  return out.empty() ? out : "{" + out + "}";
}

}  // namespace

void Histogram::record(double value) {
  const auto at = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++buckets[static_cast<std::size_t>(at - bounds.begin())];
  sum += value;
  ++count;
}

Registry::Series* Registry::find(std::string_view name, const Labels& labels) {
  for (auto& series : series_)
    if (!series.dead && series.name == name && series.labels == labels) return &series;
  return nullptr;
}

Counter& Registry::counter(std::string_view name, Labels labels, std::string_view help) {
  if (Series* there = find(name, labels)) return there->counter;
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  return made.counter;
}

Histogram& Registry::histogram(std::string_view name, Labels labels, std::string_view help,
                               std::vector<double> bounds) {
  if (Series* there = find(name, labels)) return there->histogram;
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.kind = Kind::histogram;
  made.histogram.buckets.resize(bounds.size() + 1);
  made.histogram.bounds = std::move(bounds);
  return made.histogram;
}

std::size_t Registry::gauge(std::string_view name, Labels labels, std::string_view help,
                            std::function<double()> read, bool is_counter) {
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.kind = is_counter ? Kind::counter : Kind::gauge;
  made.read = std::move(read);
  return series_.size() - 1;
}

void Registry::remove(std::size_t gauge) {
  series_[gauge].dead = true;
  series_[gauge].read = nullptr;
}

std::string Registry::text() const {
  std::vector<const Series*> sorted;
  for (const auto& series : series_)
    if (!series.dead) sorted.push_back(&series);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
  std::string out;
  std::string_view last;
  for (const Series* s : sorted) {
    const std::string name = "otelcol_" + s->name;
    if (s->name != last) {
      static constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
      out +=
          fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, s->help, name, kKinds[static_cast<int>(s->kind)]);
      last = s->name;
    }
    if (s->kind != Kind::histogram) {
      out += fmt::format("{}{} {}\n", name, label_text(s->labels), s->value());
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= s->histogram.bounds.size(); ++i) {
      below += s->histogram.buckets[i];
      const std::string bound =
          i < s->histogram.bounds.size() ? fmt::format("{}", s->histogram.bounds[i]) : "+Inf";
      out += fmt::format("{}_bucket{} {}\n", name, label_text(s->labels, fmt::format("le=\"{}\"", bound)),
                         below);
    }
    out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, label_text(s->labels), s->histogram.sum, name,
                       label_text(s->labels), s->histogram.count);
  }
  return out;
}

double Registry::sum(std::string_view name, const Labels& labels) const {
  double total = 0;
  for (const auto& series : series_) {
    if (series.dead || series.name != name) continue;
    const bool all = std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
      return std::find(series.labels.begin(), series.labels.end(), wanted) != series.labels.end();
    });
    if (all) total += series.value();
  }
  return total;
}

}  // namespace gleaner::metrics
