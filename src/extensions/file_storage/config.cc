#include "extensions/file_storage/config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace gleaner::extensions::file_storage {

std::span<const config::Field> CompactionConfig::fields() {
  using C = CompactionConfig;
  static const config::Field kTable[] = {
      config::field<&C::on_start>("on_start", "no effect: files are made smaller when most is stale"),
      config::field<&C::on_rebound>("on_rebound", "no effect"),
      config::field<&C::directory>("directory", "no effect: files are rewritten where they are"),
      config::field<&C::rebound_needed_threshold_mib>("rebound_needed_threshold_mib", "no effect"),
      config::field<&C::rebound_trigger_threshold_mib>("rebound_trigger_threshold_mib", "no effect"),
      config::field<&C::max_transaction_size>("max_transaction_size", "no effect"),
      config::field<&C::check_interval>("check_interval", "no effect"),
      config::field<&C::cleanup_on_start>("cleanup_on_start", "no effect: nothing is left over"),
  };
  return kTable;
}

std::span<const config::Field> Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Config::directory>("directory", "where the files are; must exist"),
      config::field<&Config::timeout>("timeout",
                                      "how long another process may still have a file; 0 = not at all"),
      config::field<&Config::max_size>("max_size", "bytes of a file at most; 0 = 1 GiB"),
      config::field<&Config::fsync>("fsync",
                                    "sync to the disk after writing: state survives a loss of power"),
      config::field<&Config::create_directory>("create_directory", "make the directory"),
      config::field<&Config::directory_permissions>("directory_permissions", "of a directory made, octal"),
      config::field<&Config::recreate>("recreate", "no effect: damaged files are always put aside"),
      config::field<&Config::compaction>("compaction", "of the reference's files"),
  };
  return kTable;
}

std::optional<unsigned> Config::mode(std::string& words) const {
  unsigned mode = 0;
  const auto& text = directory_permissions;
  const auto end = text.data() + text.size();
  if (const auto got = std::from_chars(text.data(), end, mode, 8); got.ec != std::errc() || got.ptr != end)
    words = "directory_permissions value must be a valid octal representation";
  else if (mode & ~0777u)
    words = "directory_permissions contain invalid bits for file access";
  else
    return mode;
  return std::nullopt;
}

void Config::validate(config::Check& check) const {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    std::string why = std::strerror(errno);
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));  // as Go writes it
    if (errno != ENOENT)
      check.error("directory", fmt::format("problem accessing configured directory: {}, err: stat {}: {}",
                                           directory, directory, why));
    else if (!create_directory)
      check.error("directory",
                  fmt::format("directory must exist: stat {}: {}. You can enable the create_directory "
                              "option to automatically create it",
                              directory, why));
  } else if (!S_ISDIR(info.st_mode)) {
    check.error("directory", directory + " is not a directory");
  }
  if (timeout < Duration{0}) check.error("timeout", "must not be negative");
  if (max_size < 0) check.error("max_size", "max size cannot be less than 0");
  const auto& c = compaction;
  if (c.max_transaction_size < 0)
    check.error("compaction", "max transaction size for compaction cannot be less than 0");
  if (c.on_rebound && c.check_interval <= Duration{0})
    check.error("compaction", "compaction check interval must be positive when rebound compaction is set");
  constexpr std::int64_t kMiB = 1 << 20;
  if (max_size > 0 && c.on_rebound && c.rebound_needed_threshold_mib > max_size / kMiB)
    check.error("compaction", "compaction rebound needed threshold cannot be greater than max size");
  if (max_size > 0 && c.on_rebound && c.rebound_trigger_threshold_mib > max_size / kMiB)
    check.error("compaction", "compaction rebound trigger threshold cannot be greater than max size");
  std::string words;
  if (create_directory && !mode(words)) check.error("directory_permissions", words);
}

}  // namespace gleaner::extensions::file_storage
