// Joins consecutive records into one, per source.
#include <fmt/format.h>

#include <map>

#include "stanza/joiner.h"
#include "stanza/operators/operators.h"
#include "text/stack_trace.h"

namespace gleaner::stanza {
namespace {

constexpr std::size_t kTraceBytes = 1 << 20;  // of a trace that never ends

struct Config {
  TransformerConfig transformer;
  std::string is_first_entry, is_last_entry, preset;
  std::optional<Field> combine_field;
  std::string combine_with = "\n";
  std::optional<std::uint32_t> max_batch_size, max_unmatched_batch_size;
  std::uint32_t max_sources = 1000;
  std::string overwrite_with = "oldest";
  std::optional<Duration> force_flush_period;
  std::optional<Field> source_identifier;
  std::optional<config::ByteSize> max_log_size;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::field<&Config::is_first_entry>(
            "is_first_entry", "expression: a record begins; either this, is_last_entry or preset"),
        config::field<&Config::is_last_entry>("is_last_entry", "expression: a record ends"),
        config::field<&Config::preset>(
            "preset",
            "java, python, go, node, dotnet or ruby: lines with the stack traces behind them, as this "
            "language prints them (gleaner's own)"),
        config::field<&Config::combine_field>(
            "combine_field", "field whose texts are joined; required, but for presets, which take the body"),
        config::field<&Config::combine_with>("combine_with", "what stands between the parts"),
        config::field<&Config::max_batch_size>(
            "max_batch_size", "parts of one record; 0 = no limit; default 1000, of presets 0"),
        config::field<&Config::max_unmatched_batch_size>(
            "max_unmatched_batch_size",
            "parts while no expression was true; 0 = no limit; default 100, of presets 0"),
        config::field<&Config::overwrite_with>("overwrite_with",
                                               "which part gives the other fields: oldest or newest"),
        config::field<&Config::force_flush_period>(
            "force_flush_period", "how long a record may stay unfinished; default 5s, of presets 1s"),
        config::field<&Config::source_identifier>(
            "source_identifier",
            "field that tells sources apart; default: attributes[\"log.file.path\"], of "
            "presets that and the stream of the container"),
        config::field<&Config::max_sources>("max_sources", "unfinished records at a time"),
        config::field<&Config::max_log_size>("max_log_size",
                                             "bytes of one record; 0 = no limit; default 0, of presets 1MiB"),
    };
    return kTable;
  }
};

/// What `preset` asks: state of its own for every source.
class Traces {
 public:
  Traces(text::StackTrace rules, std::size_t most) : rules_(rules), most_(most) {}
  bool begins(std::string_view source, std::string_view line) {
    auto there = states_.find(source);
    if (there == states_.end()) {
      if (states_.size() >= most_) states_.clear();
      there = states_.try_emplace(std::string(source)).first;
    }
    // A record of several lines: only its first one is looked at.
    return rules_.begins(line.substr(0, line.find('\n')), there->second);
  }

 private:
  text::StackTrace rules_;
  std::size_t most_;
  std::map<std::string, text::StackTrace::State, std::less<>> states_;
};

/// How records are told apart: one of the two.
struct Borders {
  std::optional<text::expr::Program> program;
  bool first = false;  ///< it is true for the first part, not for the last
  std::optional<Traces> traces;
};

class Recombine : public Conditional {
 public:
  Recombine(const Build& build, Conditional::Options options, Borders borders, std::optional<Field> source,
            Joiner::Options join)
      : Conditional(build.id, "recombine", build.logger, std::move(options)),
        borders_(std::move(borders)),
        first_(borders_.first || borders_.traces),
        by_stream_(!source && borders_.traces),
        source_(source.value_or(Field(Field::Root::attributes, {"log.file.path"}))),
        text_(join.field),
        joiner_(std::move(join), build.loop, logger_) {}

  void process(EntryList& list, Flow& flow) override {
    EntryList out;
    out.reserve(list.size());
    for (const auto& entry : list) {
      const Gate gate_says = options_.condition ? gate(entry) : Gate::run;
      if (gate_says == Gate::pass) {
        out.push_back(entry);
        continue;
      }
      bool matched = false;
      const std::string_view source = gate_says == Gate::failed ? std::string_view() : source_of(entry);
      if (gate_says == Gate::failed || !match(entry, source, matched)) {
        if (handle(entry, flow)) out.push_back(entry);
        continue;
      }
      if (matched && first_) joiner_.finish(source, out, flow);
      joiner_.add(source, entry, matched, out, flow);
      if (matched && !first_) joiner_.finish(source, out, flow);
    }
    joiner_.settle();
    list.swap(out);
  }
  void flush(TimePoint now, bool all, EntryList& list, Flow& flow) override {
    joiner_.flush(now, all, list, flow);
  }
  std::optional<TimePoint> due() const override { return joiner_.due(); }
  std::uint64_t held() const override { return joiner_.held(); }
  std::optional<Spot> held_from(std::uint32_t source) const override { return joiner_.held_from(source); }

 private:
  bool match(const Entry& entry, std::string_view source, bool& matched) {
    if (borders_.traces) {
      const pdata::Value* text = text_.get(entry);
      matched = borders_.traces->begins(source, text && text->is_string() ? text->text() : "");
      return true;
    }
    const auto truth = test(*borders_.program, entry);
    if (!truth) return fail(truth.error().what);
    matched = *truth;
    return true;
  }
  std::string_view source_of(const Entry& entry) {
    const pdata::Value* value = source_.get(entry);
    const bool textual = value && (value->is_string() || value->kind() == pdata::Value::Kind::bytes);
    if (!textual && !by_stream_)
      logger_.warn("entry does not contain the source_identifier, so it may be pooled with other sources");
    const bool named = textual && !value->text().empty();
    if (!by_stream_) return named ? value->text() : std::string_view("DefaultSourceIdentifier");
    key_ = named ? value->text() : '#' + std::to_string(entry.origin.source);
    if (const auto* stream = entry.attributes.find("log.iostream"); stream && stream->is_string())
      key_.append(1, '\0').append(stream->text());
    return key_;
  }

  Borders borders_;
  bool first_, by_stream_;
  Field source_, text_;
  std::string key_;
  Joiner joiner_;
};

}  // namespace

std::span<const config::Field> recombine_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_recombine(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  const bool first = !config.is_first_entry.empty(), preset = !config.preset.empty();
  if (first && !config.is_last_entry.empty())
    return build.error("is_last_entry", "only one of is_first_entry and is_last_entry can be set");
  if (preset && (first || !config.is_last_entry.empty()))
    return build.error("preset", "only one of preset, is_first_entry and is_last_entry can be set");
  if (!preset && !first && config.is_last_entry.empty())
    return build.error({}, "one of is_first_entry and is_last_entry must be set");
  if (!config.overwrite_with.empty() && config.overwrite_with != "oldest" &&
      config.overwrite_with != "newest")
    return build.error("overwrite_with",
                       "invalid value '" + config.overwrite_with + "' for parameter 'overwrite_with'");
  if (config.force_flush_period && *config.force_flush_period <= Duration::zero())
    return build.error("force_flush_period", "force_flush_period must be longer than 0");
  if (!preset && !config.combine_field) return build.error({}, "missing required field 'combine_field'");
  Borders borders{.first = first};
  if (preset) {
    const auto language = text::StackTrace::find(config.preset);
    if (!language)
      return build.error("preset", "\"" + config.preset + "\" is not one of " +
                                       fmt::format("{}", fmt::join(text::StackTrace::names(), ", ")));
    borders.traces.emplace(text::StackTrace(*language), 4 * std::max<std::size_t>(config.max_sources, 1));
  } else {
    borders.program = first ? build.condition("is_first_entry", config.is_first_entry)
                            : build.condition("is_last_entry", config.is_last_entry);
    if (!borders.program) return nullptr;
  }
  const auto limit = [&](const auto& written, std::size_t usual, std::size_t of_presets) {
    return written ? static_cast<std::size_t>(*written) : preset ? of_presets : usual;
  };
  Joiner::Options join;
  join.field = config.combine_field.value_or(Field());
  join.with = config.combine_with;
  join.newest = config.overwrite_with == "newest";
  join.max_parts = limit(config.max_batch_size, 1000, 0);
  join.max_unmatched_parts = limit(config.max_unmatched_batch_size, 100, 0);
  join.max_bytes = config.max_log_size ? config.max_log_size->bytes : preset ? kTraceBytes : 0;
  join.max_sources = config.max_sources;
  join.period = config.force_flush_period.value_or(std::chrono::seconds(preset ? 1 : 5));
  return std::make_unique<Recombine>(build, std::move(options), std::move(borders), config.source_identifier,
                                     std::move(join));
}

}  // namespace gleaner::stanza
