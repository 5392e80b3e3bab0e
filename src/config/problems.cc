#include "config/problems.h"

#include <algorithm>
#include <numeric>

namespace gleaner::config {
namespace {

/// Edits between two words, counting a swap of neighbours as one (Damerau).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::string Problem::text() const { return mark.text() + ": " + (path.empty() ? "" : path + ": ") + what; }

void Problems::add(Problem::Weight weight, Mark mark, std::string path, std::string what) {
  for (const auto& there : all_)  // one mistake under an anchor is one problem
    if (there.what == what && there.path == path && there.mark.line == mark.line) return;
  if (weight == Problem::Weight::error) ++errors_;
  all_.push_back({weight, std::move(mark), std::move(path), std::move(what)});
}

std::string Problems::errors_text() const {
  std::vector<const Problem*> sorted;
  for (const auto& problem : all_)
    if (problem.weight == Problem::Weight::error) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto* a, auto* b) { return a->mark.line < b->mark.line; });
  std::string out;
  for (const auto* problem : sorted) out += (out.empty() ? "" : "\n") + problem->text();
  return out;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t nearest = std::max<std::size_t>(1, wrong.size() / 3) + 1;
  for (const auto word : known) {
    const std::size_t far = distance(wrong, word);
    if (far < nearest) {
      nearest = far;
      best = word;
    }
  }
  // "information" for "info", "limit" for "limit_mib": far in edits, but one begins the other.
  if (best.empty() && wrong.size() >= 3)
    for (const auto word : known)
      if (word.size() >= 3 && (word.starts_with(wrong) || wrong.starts_with(word)) &&
          (best.empty() || word.size() < best.size()))
        best = word;
  return best.empty() ? "" : " (did you mean \"" + std::string(best) + "\"?)";
}

}  // namespace gleaner::config
