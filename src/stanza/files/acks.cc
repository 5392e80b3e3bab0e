#include "stanza/files/acks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/fd.h"

namespace gleaner::stanza::files {
namespace {

/// 17 for "00000017.log", 0 for another name.
std::uint64_t segment_of(std::string_view name) {
  if (name.size() < 12 || name.size() > 14 || !name.ends_with(".log")) return 0;
  name.remove_suffix(4);
  std::uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

bool marked(const std::string& dir) { return ::access((dir + "/.gleaner-exec").c_str(), F_OK) == 0; }

}  // namespace

bool is_segment(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash != std::string::npos && segment_of(std::string_view(path).substr(slash + 1)) != 0 &&
         marked(path.substr(0, slash));
}

Acks::Acks(const std::string& reader) : reader_(reader) {
  std::replace(reader_.begin(), reader_.end(), '/', '_');
}

Acks::Folder Acks::look(const std::string& dir) {
  const auto found = folders_.find(dir);
  if (found != folders_.end()) return found->second;
  return folders_[dir] = marked(dir) ? Folder::captured : Folder::ordinary;
}

bool Acks::put(const std::string& dir, const std::string& text) const {
  const std::string path = dir + "/.ack/" + reader_;
  const std::string fresh = dir + "/.ack/." + reader_;  // what begins with a dot is no acknowledgement
  Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return false;
  const bool good = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return good && ::rename(fresh.c_str(), path.c_str()) == 0;
}

void Acks::write(std::vector<Progress> files) {
  struct Segment {
    std::uint64_t number, safe, size;
  };
  std::map<std::string, std::vector<Segment>> segments;
  for (const auto& file : files) {
    const auto slash = file.path.rfind('/');
    if (slash == std::string::npos) continue;
    const std::uint64_t number = segment_of(std::string_view(file.path).substr(slash + 1));
    const std::string dir = file.path.substr(0, slash);
    if (number && look(dir) == Folder::captured) segments[dir].push_back({number, file.safe, file.size});
  }
  std::erase_if(folders_, [&](const auto& folder) { return !segments.contains(folder.first); });
  std::erase_if(written_, [&](const auto& one) { return !segments.contains(one.first); });
  for (auto& [dir, list] : segments) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    auto first = std::find_if(list.begin(), list.end(), [](const auto& one) { return one.safe < one.size; });
    if (first == list.end()) --first;
    const std::string text = fmt::format("{} {}\n", first->number, first->safe);
    if (written_[dir] == text) continue;
    if (put(dir, text))
      written_[dir] = text;
    else
      folders_[dir] = Folder::closed;
  }
}

}  // namespace gleaner::stanza::files
