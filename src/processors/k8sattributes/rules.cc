#include "processors/k8sattributes/rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace gleaner::processors::k8sattributes {
namespace {

constexpr std::string_view kIgnore = "opentelemetry.io/k8s-processor/ignore";

bool is_true(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text.size() == 4 &&
         std::equal(text.begin(), text.end(), "true", [](char a, char b) { return (a | 32) == b; });
}

}  // namespace

Result<FieldRule> FieldRule::compile(const FieldConfig& config, std::string_view what) {
  FieldRule rule;
  const auto from = std::find(std::begin(kFrom), std::end(kFrom), config.from);
  rule.from_ = static_cast<Kind>(from - std::begin(kFrom));
  rule.key_ = config.key;
  // Of the newer kinds it is called in the singular.
  const bool one = rule.from_ != Kind::pod && rule.from_ != Kind::name_space && rule.from_ != Kind::node;
  rule.default_name_ = fmt::format("k8s.{}.{}.", config.from, one ? what.substr(0, what.size() - 1) : what);
  rule.name_ = config.tag_name.empty() ? rule.default_name_ + config.key : config.tag_name;
  if (!config.key_regex.empty()) {
    auto regex = text::Regex::compile("^(?:" + config.key_regex + ")$");
    if (!regex) return fail(std::move(regex.error()));
    rule.key_regex_ = std::move(*regex);
    if (rule.key_regex_->groups() > 0)
      rule.replacement_ = text::Replacement(*rule.key_regex_, config.tag_name);
  }
  if (!config.regex.empty()) {
    auto regex = text::Regex::compile(config.regex);
    if (!regex) return fail(std::move(regex.error()));
    rule.value_regex_ = std::move(*regex);
  }
  return rule;
}

void FieldRule::extract(const List<k8s::KeyText>& texts, Arena& arena, pdata::Map& into) const {
  for (const auto& [key, text] : texts) {
    std::string_view value = text;
    if (value_regex_) {
      std::string_view groups[2];
      value = value_regex_->match(text, groups) ? groups[1] : std::string_view();
    }
    if (!key_regex_) {
      if (key == key_) into.set(arena, arena.copy(name_), pdata::Value::string(value));
      continue;
    }
    if (value.empty()) continue;
    std::vector<std::string_view> groups(static_cast<std::size_t>(key_regex_->groups()) + 1);
    if (!key_regex_->match(key, groups)) continue;
    std::string name;
    if (groups.size() > 1)
      replacement_.expand(groups, name);
    else
      name = default_name_ + std::string(key);
    if (name.empty()) name = default_name_ + std::string(key);  // groups without a tag_name
    into.set(arena, arena.copy(name), pdata::Value::string(value));
  }
}

Result<Rules> Rules::compile(const Config& config) {
  Rules rules;
  for (const auto& name : config.extract.metadata) {
    const auto found = std::find(std::begin(kMetadata), std::end(kMetadata), name);
    if (found != std::end(kMetadata)) rules.metadata_ |= std::uint64_t{1} << (found - std::begin(kMetadata));
  }
  rules.deployment_from_replica_set_ = config.extract.deployment_name_from_replicaset;
  auto annotations = config.extract.annotations;
  if (config.extract.otel_annotations) {
    FieldConfig one;
    one.key_regex = R"(resource\.opentelemetry\.io/(.+))";
    one.tag_name = "$1";
    annotations.push_back(std::move(one));
  }
  const auto compile = [](const std::vector<FieldConfig>& from, std::string_view what,
                          std::vector<FieldRule>& to) -> Result<> {
    for (const auto& one : from) {
      auto rule = FieldRule::compile(one, what);
      if (!rule) return fail(std::move(rule.error()));
      to.push_back(std::move(*rule));
    }
    return {};
  };
  if (auto ok = compile(config.extract.labels, "labels", rules.labels_); !ok)
    return fail(std::move(ok.error()));
  if (auto ok = compile(annotations, "annotations", rules.annotations_); !ok)
    return fail(std::move(ok.error()));
  for (const auto& association : config.pod_association) {
    Association& made = rules.associations_.emplace_back();
    for (const auto& source : association.sources)
      made.sources.push_back({source.from == "connection", source.name});
  }
  for (const auto& pod : config.exclude.pods) {
    auto regex = text::Regex::compile(pod.name);
    if (!regex) return fail(std::move(regex.error()));
    rules.excluded_.push_back(std::move(*regex));
  }
  return rules;
}

bool Rules::wants_containers() const {
  return has(Meta::container_name) || has(Meta::container_id) || has(Meta::image_name) ||
         has(Meta::image_tag) || has(Meta::image_tags) || has(Meta::repo_digests) ||
         has(Meta::service_version) || has(Meta::service_instance_id);
}

bool Rules::wants_texts_of(Kind kind) const {
  const auto of = [&](const FieldRule& rule) { return rule.from() == kind; };
  return std::any_of(labels_.begin(), labels_.end(), of) ||
         std::any_of(annotations_.begin(), annotations_.end(), of);
}

bool Rules::wants(Kind kind) const {
  switch (kind) {
    case Kind::pod:
      return true;
    case Kind::node:
      return has(Meta::node_uid) || wants_texts_of(kind);
    case Kind::replica_set:
      return has(Meta::deployment_uid) || wants_texts_of(Kind::deployment) ||
             (!deployment_from_replica_set_ && (has(Meta::deployment_name) || has(Meta::service_name)));
    case Kind::job:
      return has(Meta::cronjob_uid) || wants_texts_of(kind);
    default:
      return wants_texts_of(kind);
  }
}

bool Rules::excludes(const k8s::Object& pod) const {
  for (const auto& [key, value] : pod.annotations)
    if (key == kIgnore && is_true(value)) return true;
  return std::any_of(excluded_.begin(), excluded_.end(),
                     [&](const text::Regex& one) { return one.search(pod.name); });
}

void Rules::extract(Kind kind, const List<k8s::KeyText>& labels, const List<k8s::KeyText>& annotations,
                    Arena& arena, pdata::Map& into) const {
  for (const auto& rule : labels_)
    if (rule.from() == kind) rule.extract(labels, arena, into);
  for (const auto& rule : annotations_)
    if (rule.from() == kind) rule.extract(annotations, arena, into);
}

}  // namespace gleaner::processors::k8sattributes
