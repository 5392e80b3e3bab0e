#include "base/secret_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "base/loop.h"
#include "base/small_file.h"

namespace gleaner {
namespace {

// Times of files are those of the kernel's tick (up to 10 ms): two writes within one look the same. A file
// that is younger than this when it is read is read again at the next look.
constexpr std::int64_t kYoung = 1'000'000'000;  // ns

std::int64_t nanos(const timespec& at) { return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace

SecretFile::Stamp SecretFile::stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, nanos(info.st_mtim), nanos(info.st_ctim)};
}

SecretFile::Look SecretFile::look() {
  const Stamp now = stamp_of(path_);
  const bool there = now.size >= 0;
  if (there && now == seen_) return {};
  Look look;
  auto read = read_small_file(path_, kLimit);
  const std::string_view fresh = read ? trimmed(*read) : std::string_view();
  if (fresh.empty()) {
    Error error = read ? Error{Fault::config, "file " + path_ + " is empty"} : std::move(read.error());
    if (error.what != complaint_) look.trouble = error;
    complaint_ = std::move(error.what);
    seen_ = {};
    return look;
  }
  complaint_.clear();
  look.changed = fresh != text_;
  text_ = fresh;
  const auto age = static_cast<std::int64_t>(unix_nanos()) - std::max(now.modified, now.changed);
  seen_ = there && age > kYoung ? now : Stamp{};
  return look;
}

}  // namespace gleaner
