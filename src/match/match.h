#pragma once
#include "match/config.h"
#include "pdata/logs.h"
#include "pdata/metrics.h"
#include "pdata/traces.h"
#include "text/regex.h"

namespace gleaner::match {

/// A YAML value as an attribute value that lives in `arena`.
pdata::Value to_value(Arena& arena, const config::Node& node);

/// One text to compare with: equal, or found by a regex.
class TextMatch {
 public:
  static Result<TextMatch> compile(const std::string& text, bool regexp);
  bool operator()(std::string_view value) const { return regex_ ? regex_->search(value) : value == text_; }

 private:
  std::string text_;
  std::optional<text::Regex> regex_;
};

/// A compiled include or exclude. Every property that is given must match; of a list one entry is enough, but
/// `attributes` and `resources` must match whole.
class Match {
 public:
  static Result<Match> compile(const MatchConfig& config);

  bool log(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::LogRecord& record) const;
  bool span(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::Span& span) const;
  /// `attributes` belong to a data point.
  bool point(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::Metric& metric,
             const pdata::Map& attributes) const;

 private:
  struct Pair {
    std::string key;
    std::optional<pdata::Value> value;
    std::optional<TextMatch> pattern;
  };
  using Texts = std::vector<TextMatch>;
  bool around(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::Map& attributes) const;
  static Result<> compile_pairs(const std::vector<AttributeMatch>& from, bool regexp, Arena& arena,
                                std::vector<Pair>& into);

  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
  Texts services_, span_names_, span_kinds_, log_bodies_, severity_texts_, metric_names_;
  std::vector<Pair> attributes_, resources_;
  std::vector<std::pair<TextMatch, std::optional<TextMatch>>> libraries_;
  std::optional<int> least_severity_;
  bool match_undefined_ = false;
};

}  // namespace gleaner::match
