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

/// The unit's suffix for the series whose names do not tell it.
std::string_view unit_suffix(std::string_view name) {
  if (name == "process_uptime" || name == "processor_internal_duration") return "_seconds";
  if (name == "process_memory_rss") return "_bytes";
  return {};
}

}  // namespace

std::string label_text(const Labels& labels, const Labels& constant, std::string_view extra) {
  std::string out;
  for (const auto* list : {&labels, &constant})
    for (const auto& [name, value] : *list)
      out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value));
  if (!extra.empty()) out += (out.empty() ? "" : ",") + std::string(extra);
  return out.empty() ? out : "{" + out + "}";
}

std::string label_name(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) c = '_';
  if (!out.empty() && out[0] >= '0' && out[0] <= '9') out.insert(0, "_");
  return out;
}

std::vector<double> item_bounds() {
  std::vector<double> bounds{10, 25, 50, 75, 100, 250, 500, 750};
  for (int i = 1; i <= 10; ++i) bounds.push_back(i * 1000);
  for (const double more : {20000, 30000, 50000, 100000}) bounds.push_back(more);
  return bounds;
}
std::vector<double> byte_bounds() {
  std::vector<double> bounds = item_bounds();
  for (int i = 2; i <= 10; ++i) bounds.push_back(i * 100'000);
  for (int i = 2; i <= 9; ++i) bounds.push_back(i * 1'000'000);
  return bounds;
}

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

Counter& Registry::counter(std::string_view name, Labels labels, std::string_view help, Detail least) {
  if (Series* there = find(name, labels)) return there->counter;
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.least = least;
  return made.counter;
}

Histogram& Registry::histogram(std::string_view name, Labels labels, std::string_view help,
                               std::vector<double> bounds, Detail least) {
  if (Series* there = find(name, labels)) return there->histogram;
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.least = least;
  made.kind = Kind::histogram;
  made.histogram.buckets.resize(bounds.size() + 1);
  made.histogram.bounds = std::move(bounds);
  return made.histogram;
}

std::size_t Registry::gauge(std::string_view name, Labels labels, std::string_view help,
                            std::function<double()> read, bool is_counter, Detail least) {
  Series& made = series_.emplace_back();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.least = least;
  made.kind = is_counter ? Kind::counter : Kind::gauge;
  made.read = std::move(read);
  return series_.size() - 1;
}

void Registry::remove(std::size_t gauge) {
  series_[gauge].dead = true;
  series_[gauge].read = nullptr;
}

std::string Registry::text(const Format& format) const {
  std::vector<const Series*> sorted;
  for (const auto& series : series_)
    if (!series.dead && series.least <= format.level) sorted.push_back(&series);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) {
    return a->name != b->name ? a->name < b->name : a->labels < b->labels;
  });
  std::string out, name;
  std::string_view last;
  for (std::size_t at = 0; at < sorted.size(); ++at) {
    const Series* s = sorted[at];
    if (s->name != last) {
      static constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
      name = "otelcol_" + s->name;
      if (format.unit_suffixes) name += unit_suffix(s->name);
      if (format.type_suffixes && s->kind == Kind::counter) name += "_total";
      out +=
          fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, s->help, name, kKinds[static_cast<int>(s->kind)]);
      last = s->name;
    }
    const std::string labels = label_text(s->labels, format.constant);
    if (s->kind != Kind::histogram) {
      double value = s->value();
      for (; at + 1 < sorted.size() && sorted[at + 1]->name == s->name && sorted[at + 1]->labels == s->labels;
           ++at)
        value += sorted[at + 1]->value();
      out += fmt::format("{}{} {}\n", name, labels, value);
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= s->histogram.bounds.size(); ++i) {
      below += s->histogram.buckets[i];
      const std::string bound =
          i < s->histogram.bounds.size() ? fmt::format("{}", s->histogram.bounds[i]) : "+Inf";
      out += fmt::format("{}_bucket{} {}\n", name,
                         label_text(s->labels, format.constant, fmt::format("le=\"{}\"", bound)), below);
    }
    out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, labels, s->histogram.sum, name, labels,
                       s->histogram.count);
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
