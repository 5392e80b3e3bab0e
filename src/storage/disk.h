#pragma once
// The few things a store does to files, as an interface: tests put a disk behind it that fails, tears writes
// and loses what was not synced.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gleaner::storage {

/// Calls may block. A file may be written in different places by two threads at a time; errors are Fault::os
/// with errno.
class Disk {
 public:
  class File {
   public:
    virtual ~File() = default;
    /// Reads up to `size` bytes from `at`. @return bytes read, fewer at the end of the file
    virtual Result<std::size_t> read(std::uint64_t at, char* into, std::size_t size) = 0;
    /// All of `bytes`, or an error; then any part of them may have been written.
    virtual Result<> write(std::uint64_t at, std::string_view bytes) = 0;
    virtual Result<> truncate(std::uint64_t size) = 0;
    /// Returns when everything written is on the disk.
    virtual Result<> sync() = 0;
    virtual Result<std::uint64_t> size() = 0;
    /// Takes the file for this process until it is closed. @return false when another one has it
    virtual bool lock() = 0;
    virtual void unlock() = 0;
    /// Whether `path` is this file, and not another one or none.
    virtual bool is(const std::string& path) = 0;
    /// False when only reading was allowed.
    virtual bool writable() const = 0;
  };
  virtual ~Disk() = default;

  enum class Access : std::uint8_t {
    read,
    write,   ///< or for reading alone where writing is not allowed
    create,  ///< the same; makes an empty one, mode 0600, where there is none
  };
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Access access) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  /// Gives a file a second name.
  virtual Result<> link(const std::string& from, const std::string& to) = 0;
  /// A file, or a folder that is empty.
  virtual Result<> remove(const std::string& path) = 0;
  /// Makes a folder, mode 0700, unless it is there.
  virtual Result<> make_folder(const std::string& path) = 0;
  /// The names of the files in a folder, in no order.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// Returns when the names in the folder of `path` are on the disk.
  virtual Result<> sync_folder(const std::string& path) = 0;
};

/// The operating system's.
Disk& real_disk();

}  // namespace gleaner::storage
