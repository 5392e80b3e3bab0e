#include "receivers/filelog/config.h"

#include <fmt/format.h>

#include "config/gates.h"
#include "stanza/pipeline.h"

namespace gleaner::receivers::filelog {
namespace {
using config::Check;
namespace files = stanza::files;

std::vector<text::Glob> globs(Check& check, std::string_view key, const std::vector<std::string>& patterns) {
  std::vector<text::Glob> out;
  for (const auto& pattern : patterns) {
    auto glob = text::Glob::compile(pattern);
    if (glob)
      out.push_back(std::move(*glob));
    else
      check.error(key, "parse glob: " + glob.error().what);
  }
  return out;
}

std::optional<text::Regex> regex(Check& check, std::string_view key, const std::string& pattern,
                                 const text::Regex::Options& options) {
  if (pattern.empty()) return std::nullopt;
  auto compiled = text::Regex::compile(pattern, options);
  if (compiled) return std::move(*compiled);
  check.error(key, "compile regex: " + compiled.error().what);
  return std::nullopt;
}

files::Templates templates(Check& check, std::string_view key, const config::Dict<std::string>& dict) {
  files::Templates out;
  for (const auto& [name, value] : dict) {
    auto compiled = stanza::ExprText::compile(value);
    if (compiled)
      out.emplace_back(name, std::move(*compiled));
    else
      check.error(key, fmt::format("{}: {}", name, compiled.error().what));
  }
  return out;
}

std::optional<files::Ordering> ordering(Check& check, const OrderingConfig& config) {
  constexpr std::string_view kKey = "ordering_criteria";
  files::Ordering out;
  if (config.top_n < 0) check.error(kKey, "'top_n' must be a positive integer");
  out.top_n = config.top_n > 0 ? static_cast<std::size_t>(config.top_n) : 1;
  out.regex = regex(check, kKey, config.regex, {});
  out.group_by = regex(check, kKey, config.group_by, {});
  for (const auto& sort : config.sort_by) {
    files::Ordering::Sort by;
    by.ascending = sort.ascending;
    by.key = sort.regex_key;
    by.by = sort.sort_type == "numeric"        ? files::Ordering::By::numeric
            : sort.sort_type == "alphabetical" ? files::Ordering::By::alphabetical
            : sort.sort_type == "timestamp"    ? files::Ordering::By::timestamp
                                               : files::Ordering::By::mtime;
    if (by.by != files::Ordering::By::mtime) {
      if (config.regex.empty()) check.error(kKey, "'regex' must be specified when 'sort_by' is specified");
      if (by.key.empty()) check.error(kKey, "'regex_key' must be specified");
    }
    if (by.by == files::Ordering::By::timestamp) {
      auto layout = text::TimeLayout::strptime(sort.layout);
      if (sort.layout.empty())
        check.error(kKey, "'layout' must be specified for timestamps");
      else if (!layout)
        check.error(kKey, layout.error().what);
      else
        by.layout = std::move(*layout);
      if (auto zone = text::Zone::load(sort.location))
        by.zone = *zone;
      else
        check.error(kKey, zone.error().what);
    }
    out.sorts.push_back(std::move(by));
  }
  return out;
}

constexpr Duration kLongestMemory = std::chrono::hours(24 * 365);

class Silent : public log::Sink {
  void put(std::string_view) override {}
};

}  // namespace

std::span<const config::Field> FileAttributesConfig::fields() {
  using C = FileAttributesConfig;
  static const config::Field kTable[] = {
      config::field<&C::name>("include_file_name", "attribute log.file.name"),
      config::field<&C::path>("include_file_path", "attribute log.file.path"),
      config::field<&C::name_resolved>("include_file_name_resolved", "log.file.name_resolved: behind links"),
      config::field<&C::path_resolved>("include_file_path_resolved",
                                       "log.file.path_resolved: behind links, absolute"),
      config::field<&C::owner>("include_file_owner_name", "log.file.owner.name"),
      config::field<&C::group>("include_file_owner_group_name", "log.file.owner.group.name"),
      config::field<&C::permissions>("include_file_permissions", "log.file.permissions, three octal digits"),
      config::field<&C::record_number>("include_file_record_number",
                                       "log.file.record_number, from 1 in each file"),
      config::field<&C::record_offset>("include_file_record_offset", "log.file.record_offset, in bytes"),
  };
  return kTable;
}

std::span<const config::Field> Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Config::include>("include", "patterns of the files to read; at least one"),
      config::field<&Config::exclude>("exclude", "patterns of files to leave out, applied to whole paths"),
      config::field<&Config::exclude_older_than>("exclude_older_than",
                                                 "leave out files not written to for this long"),
      config::field<&Config::ordering>("ordering_criteria", "read only the first files of an order"),
      config::field<&Config::start_at>("start_at", "where files that are there at the start are read from")
          .one_of(kStarts),
      config::field<&Config::poll_interval>(
          "poll_interval",
          "longest time between looks at busy files, and where the kernel does not tell of changes"),
      config::field<&Config::fingerprint_size>("fingerprint_size",
                                               "bytes at the beginning that files are recognised by"),
      config::field<&Config::max_log_size>("max_log_size", "longest record; longer ones are split"),
      config::field<&Config::max_log_size_behavior>("max_log_size_behavior", "split or truncate them")
          .one_of(kLongLines),
      config::field<&Config::initial_buffer_size>("initial_buffer_size",
                                                  "no effect: buffers follow what there is to read"),
      config::field<&Config::max_concurrent_files>("max_concurrent_files",
                                                   "no effect: one file is read at a time, all stay open"),
      config::field<&Config::max_batches>("max_batches", "no effect: files take turns"),
      config::field<&Config::encoding>("encoding", "of the files' text"),
      config::field<&Config::multiline>("multiline", "records of several lines"),
      config::field<&Config::force_flush_period>(
          "force_flush_period", "a last line without an end is given out after this; 0 = never"),
      config::field<&Config::keep_leading>("preserve_leading_whitespaces", "keep blanks in front"),
      config::field<&Config::keep_trailing>("preserve_trailing_whitespaces", "keep blanks behind"),
      config::squash<&Config::file>(),
      config::field<&Config::on_truncate>(
          "on_truncate", "what to do when a file became shorter; default: read it from its beginning")
          .one_of(kTruncations),
      config::field<&Config::capture>(
          "capture",
          "for folders that gleaner exec writes. true: take its records apart (time, log.iostream, parts "
          "joined) before `operators`; false: treat them as any file; default: take them apart when there "
          "are no "
          "operators. Unless false it is told what is delivered, so that it deletes that early"),
      config::field<&Config::attributes>("attributes", "set on every record; may hold EXPR(...)"),
      config::field<&Config::resource>("resource", "resource attributes of every record; may hold EXPR(...)"),
      config::field<&Config::operators>("operators", "what happens to records, in this order"),
      config::field<&Config::output>("output", "ids of the operators that come first"),
      config::field<&Config::retry>(
          "retry_on_failure", "reading waits while the pipeline refuses; off: such records are dropped"),
      config::field<&Config::storage>("storage", "a storage extension that keeps offsets between runs"),
      config::field<&Config::file_cache_advise>(
          "file_cache_advise", "tell the kernel that what was read need not stay in its page cache"),
      config::field<&Config::compression>(
          "compression",
          "gzip or zstd: all files are; auto: those that begin like one; offsets, fingerprints "
          "and rotation are those of the text inside")
          .one_of(kCompressions),
      config::field<&Config::header>("header", "lines at the beginning of files that describe the rest"),
      config::field<&Config::delete_after_read>(
          "delete_after_read",
          "delete files of which everything is delivered; needs the feature gate "
          "filelog.allowFileDeletion"),
      config::field<&Config::acquire_fs_lock>(
          "acquire_fs_lock", "hold a shared lock (flock) while reading; files others have locked wait"),
      config::field<&Config::polls_to_archive>(
          "polls_to_archive",
          "poll intervals for which the content of a file that went is still recognised, in another "
          "file and, with storage, after a restart; at least a minute, for 8192 files. Without it: the "
          "last 512 files themselves, and copies for a minute"),
  };
  return kTable;
}

bool Config::unfold() const { return capture.value_or(operators.items().empty()); }

void Config::validate(Check& check) const { (void)options(check); }

files::TailerOptions Config::options(Check& check) const {
  files::TailerOptions out;
  if (include.empty())
    check.error("include", "required argument `include` is empty: 'include' must be specified");
  if (poll_interval <= Duration{0}) check.error("poll_interval", "must be positive");
  if (fingerprint_size.bytes < 16)
    check.error("fingerprint_size", "'fingerprint_size' must be at least 16 bytes");
  if (fingerprint_size.bytes > (1 << 20)) check.error("fingerprint_size", "must be at most 1MiB");
  if (max_log_size.bytes == 0) check.error("max_log_size", "'max_log_size' must be positive");
  if (max_log_size.bytes > (256u << 20))
    check.error("max_log_size", "must be at most 256MiB: a record is held in memory whole");
  if (max_concurrent_files == 0)
    check.error("max_concurrent_files", "'max_concurrent_files' must be positive");
  if (max_batches < 0) check.error("max_batches", "'max_batches' must not be negative");

  out.finder.include = globs(check, "include", include);
  out.finder.exclude = globs(check, "exclude", exclude);
  out.finder.exclude_older_than =
      static_cast<std::uint64_t>(std::max<Duration>(exclude_older_than, Duration{0}).count());
  if (this->ordering) out.finder.ordering = filelog::ordering(check, *this->ordering);

  text::Encoding coding;
  if (auto found = text::Encoding::find(encoding))
    coding = *found;
  else
    check.error("encoding", found.error().what);
  const bool both = !multiline.line_start_pattern.empty() && !multiline.line_end_pattern.empty();
  if (both) check.error("multiline", "only one of line_start_pattern or line_end_pattern can be set");
  if (coding.nop() && (!multiline.line_start_pattern.empty() || !multiline.line_end_pattern.empty()))
    check.error("multiline",
                "line_start_pattern or line_end_pattern should not be set when using nop encoding");
  const bool pattern = !multiline.line_start_pattern.empty() || !multiline.line_end_pattern.empty();
  if (!multiline.preset.empty() && pattern)
    check.error("multiline", "only one of preset, line_start_pattern and line_end_pattern can be set");
  if (!multiline.preset.empty() && (coding.nop() || coding.newline().size() > 1))
    check.error("multiline", "preset needs an encoding whose newline is one byte");
  if (!multiline.preset.empty() && max_log_size_behavior == "truncate")
    check.error("multiline",
                "preset cannot be had with max_log_size_behavior: truncate: where the rest of a "
                "trace ends is not known without its beginning");
  const text::Regex::Options lines{.latin1 = false, .multi_line = true};
  out.split = {
      .encoding = coding,
      .line_start = both ? std::nullopt : regex(check, "multiline", multiline.line_start_pattern, lines),
      .line_end = both ? std::nullopt : regex(check, "multiline", multiline.line_end_pattern, lines),
      .omit_pattern = multiline.omit_pattern,
      .max_size = max_log_size.bytes,
      .truncate = max_log_size_behavior == "truncate",
      .keep_leading = keep_leading,
      .keep_trailing = keep_trailing};
  if (const auto language = text::StackTrace::find(multiline.preset))
    out.split.traces = text::StackTrace(*language);
  out.entries.encoding = coding;
  out.entries.attributes = templates(check, "attributes", attributes);
  out.entries.resource = templates(check, "resource", resource);
  out.entries.record_number = file.record_number;
  out.entries.record_offset = file.record_offset;
  out.attributes = file;
  out.from_beginning = start_at == "beginning";
  out.poll_interval = poll_interval;
  out.force_flush_period = force_flush_period;
  out.fingerprint_size = fingerprint_size.bytes;
  out.flush_at_stop = !storage;
  if (on_truncate == "ignore") out.on_truncate = files::OnTruncate::ignore;
  if (on_truncate == "read_new") out.on_truncate = files::OnTruncate::read_new;

  if (compression == "gzip") out.unpack = files::Unpack::gzip;
  if (compression == "zstd") out.unpack = files::Unpack::zstd;
  if (compression == "auto") out.unpack = files::Unpack::look;
  out.delete_after_read = delete_after_read;
  out.lock = acquire_fs_lock;
  out.drop_cache = file_cache_advise;
  if (polls_to_archive < 0) check.error("polls_to_archive", "must not be negative");
  if (polls_to_archive > 0 && poll_interval > Duration{0})
    out.remember =
        polls_to_archive < kLongestMemory / poll_interval ? poll_interval * polls_to_archive : kLongestMemory;
  const bool at_end = start_at == "end";
  if (delete_after_read && at_end)
    check.error("delete_after_read", "'delete_after_read' cannot be used with 'start_at: end'");
  if (delete_after_read && !config::gate_enabled("filelog.allowFileDeletion"))
    check.error("delete_after_read", "'delete_after_read' requires feature gate 'filelog.allowFileDeletion'");
  if (header && at_end) check.error("header", "'header' cannot be specified with 'start_at: end'");

  // A trial: operators say all that is wrong with them, each with its place.
  Loop loop(Loop::Clock::manual);
  Silent silent;
  (void)header_reader(check.path() + "::header", check.problems(), log::Logger(silent), loop);
  stanza::Pipeline::check(operators, output, check);
  return out;
}

std::shared_ptr<files::HeaderReader> Config::header_reader(const std::string& path,
                                                           config::Problems& problems,
                                                           const log::Logger& logger, Loop& loop) const {
  if (!header) return nullptr;
  const auto coding = text::Encoding::find(encoding);
  return files::HeaderReader::build({header->pattern, header->operators, coding ? *coding : text::Encoding()},
                                    path, problems, logger, loop);
}

}  // namespace gleaner::receivers::filelog
