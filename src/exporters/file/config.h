#pragma once
#include "pipeline/factory.h"

namespace gleaner::exporters::file {

inline constexpr std::string_view kFormats[] = {"json", "proto"};

struct Config {
  std::string path;
  std::string format = "json";
  bool append = false;
  Duration flush_interval = std::chrono::seconds(1);
  bool create_directory = false;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&Config::path>("path", "the file to write"),
        config::field<&Config::format>(
            "format", "json: one OTLP JSON object a line; proto: 4-byte big-endian length, then the message")
            .one_of(kFormats),
        config::field<&Config::append>("append", "keep what the file holds"),
        config::field<&Config::flush_interval>("flush_interval", "longest time written data stays in memory"),
        config::field<&Config::create_directory>("create_directory", "make the folder if it is missing"),
        config::later("directory_permissions", "mode of a made folder"),
        config::later("encoding", "an encoding extension"),
        config::later("compression", "zstd"),
        config::later("compression_params", "level"),
        config::later("rotation", "max_megabytes, max_days, max_backups, localtime"),
        config::later("group_by", "one file per resource attribute"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (flush_interval < Duration{0}) check.error("flush_interval", "must be larger than zero");
  }
};

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context);

}  // namespace gleaner::exporters::file
