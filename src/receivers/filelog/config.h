#pragma once
// Source: spec/filelog.md 1.
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"
#include "stanza/files/tailer.h"

namespace gleaner::receivers::filelog {

inline constexpr std::string_view kStarts[] = {"beginning", "end"};
inline constexpr std::string_view kLongLines[] = {"split", "truncate"};
inline constexpr std::string_view kTruncations[] = {"ignore", "read_whole_file", "read_new"};
inline constexpr std::string_view kCompressions[] = {"", "gzip", "zstd", "auto"};
inline constexpr std::string_view kSortTypes[] = {"numeric", "alphabetical", "timestamp", "mtime"};

struct MultilineConfig {
  std::string line_start_pattern, line_end_pattern;
  bool omit_pattern = false;
  std::string preset;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MultilineConfig::line_start_pattern>("line_start_pattern",
                                                            "regex a record begins with"),
        config::field<&MultilineConfig::line_end_pattern>("line_end_pattern", "regex a record ends with"),
        config::field<&MultilineConfig::omit_pattern>("omit_pattern", "leave out what the pattern matched"),
        config::field<&MultilineConfig::preset>(
            "preset",
            "instead of a pattern: lines with the stack traces behind them, as this language prints "
            "them (gleaner's own)")
            .one_of(text::StackTrace::names()),
    };
    return kTable;
  }
};

struct SortConfig {
  std::string sort_type, regex_key, layout, location;
  bool ascending = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&SortConfig::sort_type>("sort_type", "what kind of key").one_of(kSortTypes),
        config::field<&SortConfig::regex_key>("regex_key", "group of `regex` that is the key"),
        config::field<&SortConfig::layout>("layout", "strptime layout of timestamps"),
        config::field<&SortConfig::location>("location", "their time zone; default UTC"),
        config::field<&SortConfig::ascending>("ascending", "smallest first"),
    };
    return kTable;
  }
};

struct OrderingConfig {
  std::string regex, group_by;
  std::int64_t top_n = 0;
  std::vector<SortConfig> sort_by;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&OrderingConfig::regex>("regex",
                                              "applied to paths; files that do not match are left out"),
        config::field<&OrderingConfig::top_n>("top_n", "how many files of each group are read; default 1"),
        config::field<&OrderingConfig::group_by>("group_by", "regex whose first group forms groups"),
        config::field<&OrderingConfig::sort_by>("sort_by", "keys; the last one rules"),
    };
    return kTable;
  }
};

struct HeaderConfig {
  std::string pattern;
  config::Node operators;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&HeaderConfig::pattern>("pattern", "regex that the lines of a header match"),
        config::required<&HeaderConfig::operators>(
            "metadata_operators", "what makes attributes of them, which all records of the file get"),
    };
    return kTable;
  }
};

/// include_file_*: which of log.file.* records carry.
struct FileAttributesConfig : stanza::files::AttributeOptions {
  static std::span<const config::Field> fields();
};

struct Config {
  std::vector<std::string> include, exclude;
  Duration exclude_older_than{0};
  std::optional<OrderingConfig> ordering;
  std::string start_at = "end";
  Duration poll_interval = std::chrono::milliseconds(200);
  config::ByteSize fingerprint_size{1000}, max_log_size{1 << 20}, initial_buffer_size{16 << 10};
  std::string max_log_size_behavior = "split";
  std::uint32_t max_concurrent_files = 1024;
  std::int64_t max_batches = 0;
  std::string encoding = "utf-8";
  MultilineConfig multiline;
  Duration force_flush_period = std::chrono::milliseconds(500);
  bool keep_leading = false, keep_trailing = false;
  FileAttributesConfig file;
  std::optional<std::string> on_truncate;
  bool file_cache_advise = false;
  std::string compression;
  std::optional<HeaderConfig> header;
  bool delete_after_read = false, acquire_fs_lock = false;
  std::int64_t polls_to_archive = 0;
  std::optional<bool> capture;
  std::optional<std::string> storage;
  config::Dict<std::string> attributes, resource;
  config::Node operators;
  std::vector<std::string> output;
  /// Without max_elapsed_time it waits for as long as it takes: what is not read stays in its file.
  std::optional<RetryConfig> retry =
      RetryConfig{.initial_interval = std::chrono::seconds(1), .max_elapsed_time = Duration{0}};

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;

  /// Whether gleaner exec is told what is delivered.
  bool acknowledge() const { return capture.value_or(true); }
  /// Whether its records are taken apart before the operators get them; they may do so themselves.
  bool unfold() const;

  /// What the tailer needs; problems are collected, each with its key.
  stanza::files::TailerOptions options(config::Check& check) const;
  /// nullptr when no header is configured, or it has flaws.
  std::shared_ptr<stanza::files::HeaderReader> header_reader(const std::string& path,
                                                             config::Problems& problems,
                                                             const log::Logger& logger, Loop& loop) const;
};

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next);

}  // namespace gleaner::receivers::filelog
