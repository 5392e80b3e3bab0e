// Joins consecutive records into one, per source.
#include "stanza/joiner.h"
#include "stanza/operators/operators.h"

namespace gleaner::stanza {
namespace {

struct Config {
  TransformerConfig transformer;
  std::string is_first_entry, is_last_entry;
  std::optional<Field> combine_field;
  std::string combine_with = "\n";
  std::uint32_t max_batch_size = 1000, max_unmatched_batch_size = 100, max_sources = 1000;
  std::string overwrite_with = "oldest";
  Duration force_flush_period = std::chrono::seconds(5);
  Field source_identifier = Field(Field::Root::attributes, {"log.file.path"});
  config::ByteSize max_log_size;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::transformer>(),
        config::field<&Config::is_first_entry>("is_first_entry",
                                               "expression: a record begins; either this or is_last_entry"),
        config::field<&Config::is_last_entry>("is_last_entry", "expression: a record ends"),
        config::required<&Config::combine_field>("combine_field", "field whose texts are joined"),
        config::field<&Config::combine_with>("combine_with", "what stands between the parts"),
        config::field<&Config::max_batch_size>("max_batch_size", "parts of one record; 0 = no limit"),
        config::field<&Config::max_unmatched_batch_size>("max_unmatched_batch_size",
                                                         "parts while no expression was true; 0 = no limit"),
        config::field<&Config::overwrite_with>("overwrite_with",
                                               "which part gives the other fields: oldest or newest"),
        config::field<&Config::force_flush_period>("force_flush_period",
                                                   "how long a record may stay unfinished"),
        config::field<&Config::source_identifier>("source_identifier", "field that tells sources apart"),
        config::field<&Config::max_sources>("max_sources", "unfinished records at a time"),
        config::field<&Config::max_log_size>("max_log_size", "bytes of one record; 0 = no limit"),
    };
    return kTable;
  }
};

class Recombine : public Conditional {
 public:
  Recombine(const Build& build, Conditional::Options options, text::expr::Program program, bool first,
            Field source, Joiner::Options join)
      : Conditional(build.id, "recombine", build.logger, std::move(options)),
        program_(std::move(program)),
        first_(first),
        source_(std::move(source)),
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
      if (gate_says == Gate::failed || !match(entry, matched)) {
        if (handle(entry, flow)) out.push_back(entry);
        continue;
      }
      const std::string_view source = source_of(entry);
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
  bool match(const Entry& entry, bool& matched) {
    const auto truth = test(program_, entry);
    if (!truth) return fail(truth.error().what);
    matched = *truth;
    return true;
  }
  std::string_view source_of(const Entry& entry) {
    const pdata::Value* value = source_.get(entry);
    const bool textual = value && (value->is_string() || value->kind() == pdata::Value::Kind::bytes);
    if (!textual)
      logger_.warn("entry does not contain the source_identifier, so it may be pooled with other sources");
    return textual && !value->text().empty() ? value->text() : std::string_view("DefaultSourceIdentifier");
  }

  text::expr::Program program_;
  bool first_;
  Field source_;
  Joiner joiner_;
};

}  // namespace

std::span<const config::Field> recombine_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_recombine(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.transformer);
  const bool first = !config.is_first_entry.empty();
  if (first && !config.is_last_entry.empty())
    return build.error("is_last_entry", "only one of is_first_entry and is_last_entry can be set");
  if (!first && config.is_last_entry.empty())
    return build.error({}, "one of is_first_entry and is_last_entry must be set");
  if (!config.overwrite_with.empty() && config.overwrite_with != "oldest" &&
      config.overwrite_with != "newest")
    return build.error("overwrite_with",
                       "invalid value '" + config.overwrite_with + "' for parameter 'overwrite_with'");
  if (config.force_flush_period <= Duration::zero())
    return build.error("force_flush_period", "force_flush_period must be longer than 0");
  auto program = first ? build.condition("is_first_entry", config.is_first_entry)
                       : build.condition("is_last_entry", config.is_last_entry);
  if (!program || !config.combine_field) return nullptr;
  return std::make_unique<Recombine>(
      build, std::move(options), std::move(*program), first, config.source_identifier,
      Joiner::Options{*config.combine_field, config.combine_with, config.overwrite_with == "newest",
                      config.max_batch_size, config.max_unmatched_batch_size, config.max_log_size.bytes,
                      config.max_sources, config.force_flush_period});
}

}  // namespace gleaner::stanza
