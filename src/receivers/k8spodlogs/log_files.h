#pragma once
// A container's log as files of its node, and where one stands in them: pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::receivers::k8spodlogs {

/// One file of a container's folder. The kubelet renames N.log to N.log.20260102-150405 and packs all but the
/// newest of those; N counts the container's lives.
struct LogFile {
  std::string name;
  std::uint32_t life = 0;
  std::string rotated;  ///< when; empty: it is being written
  bool packed = false;  ///< by gzip
  bool operator==(const LogFile&) const = default;
};
/// Nothing for names of other files: half-packed ones, for example.
std::optional<LogFile> log_file_named(std::string_view name);

/// The names in a directory as Go's file server lists it; directories end with '/'.
std::vector<std::string> listed_names(std::string_view html);
/// The log files among them, oldest first. A file that is there both plain and packed counts once, plain.
std::vector<LogFile> log_files(const std::vector<std::string>& names);

/// How far a container's log is read.
struct FilePlace {
  std::uint32_t life = 0;
  std::uint64_t offset = 0;  ///< in the file that was being written then
  std::string tail;          ///< the bytes before it: by them the file is known again after it was renamed
  bool operator==(const FilePlace&) const = default;

  static constexpr std::size_t kTail = 64;  ///< bytes: a line's time and some of its text
  bool none() const { return offset == 0 && life == 0 && tail.empty(); }
  /// Moves behind `read`, which followed on what was read before.
  void pass(std::string_view read);
};
/// version:1 life:4 offset:8 tail, little endian.
std::string encode(const FilePlace& place);
std::optional<FilePlace> decode_file_place(std::string_view value);

}  // namespace gleaner::receivers::k8spodlogs
