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

void Histogram::absorb(const Histogram& other) {
  for (std::size_t i = 0; i < buckets.size() && i < other.buckets.size(); ++i) buckets[i] += other.buckets[i];
  sum += other.sum;
  count += other.count;
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
  // The place of one that was removed: reloads do not add up.
  const auto free = std::find_if(series_.begin(), series_.end(), [](const Series& one) { return one.dead; });
  const auto at = static_cast<std::size_t>(free - series_.begin());
  if (free == series_.end()) series_.emplace_back();
  Series& made = series_[at] = Series();
  made.name = name;
  made.help = help;
  made.labels = std::move(labels);
  made.least = least;
  made.kind = is_counter ? Kind::counter : Kind::gauge;
  made.read = std::move(read);
  return at;
}

void Registry::remove(std::size_t gauge) {
  series_[gauge].dead = true;
  series_[gauge].read = nullptr;
}

std::vector<Sample> Registry::samples() const {
  std::vector<Sample> samples;
  for (const auto& series : series_) {
    if (series.dead) continue;
    samples.push_back({series.name, series.help, series.labels, series.kind, series.least,
                       series.kind == Kind::histogram ? 0 : series.value(), series.histogram});
  }
  return samples;
}

namespace {

/// Puts samples of one series together; they stand side by side.
void merge(std::vector<Sample>& sorted) {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < sorted.size(); ++at) {
    if (kept > 0 && sorted[kept - 1].name == sorted[at].name &&
        sorted[kept - 1].labels == sorted[at].labels) {
      sorted[kept - 1].value += sorted[at].value;
      sorted[kept - 1].histogram.absorb(sorted[at].histogram);
    } else if (kept++ != at) {
      sorted[kept - 1] = std::move(sorted[at]);
    }
  }
  sorted.resize(kept);
}

void append_histogram(std::string& out, const std::string& name, const Sample& s, const Format& format) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= s.histogram.bounds.size(); ++i) {
    below += s.histogram.buckets[i];
    const std::string bound =
        i < s.histogram.bounds.size() ? fmt::format("{}", s.histogram.bounds[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name,
                       label_text(s.labels, format.constant, fmt::format("le=\"{}\"", bound)), below);
  }
  const std::string labels = label_text(s.labels, format.constant);
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, labels, s.histogram.sum, name, labels,
                     s.histogram.count);
}

}  // namespace

std::string text(std::vector<Sample> samples, const Format& format) {
  std::erase_if(samples, [&](const Sample& s) { return s.least > format.level; });
  std::stable_sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) {
    return a.name != b.name ? a.name < b.name : a.labels < b.labels;
  });
  merge(samples);
  std::string out, name;
  std::string_view last;
  for (const Sample& s : samples) {
    if (s.name != last) {
      static constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
      name = "otelcol_" + s.name;
      if (format.unit_suffixes) name += unit_suffix(s.name);
      if (format.type_suffixes && s.kind == Kind::counter) name += "_total";
      out +=
          fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, s.help, name, kKinds[static_cast<int>(s.kind)]);
      last = s.name;
    }
    if (s.kind == Kind::histogram)
      append_histogram(out, name, s, format);
    else
      out += fmt::format("{}{} {}\n", name, label_text(s.labels, format.constant), s.value);
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
