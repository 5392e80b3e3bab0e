#pragma once
// Source: spec/collector.md 7.2 and the collector 0.159.
#include "pipeline/factory.h"

namespace gleaner::extensions::file_storage {

struct CompactionConfig {
  bool on_start = false, on_rebound = false, cleanup_on_start = false;
  std::string directory = "/var/lib/otelcol/file_storage";
  std::int64_t rebound_needed_threshold_mib = 100, rebound_trigger_threshold_mib = 10;
  std::int64_t max_transaction_size = 65536;
  Duration check_interval = std::chrono::seconds(5);
  static std::span<const config::Field> fields();
};

struct Config {
  std::string directory = "/var/lib/otelcol/file_storage";
  Duration timeout = std::chrono::seconds(1);
  std::int64_t max_size = 0;  ///< bytes
  bool fsync = false, create_directory = false, recreate = false;
  std::string directory_permissions = "0750";
  CompactionConfig compaction;

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
  /// directory_permissions as a mode; nothing when it is none. @param words  why
  std::optional<unsigned> mode(std::string& words) const;
};

/// Keeps components' state in files.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::file_storage
