#include "stanza/files/ordering.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "stanza/files/finder.h"

namespace gleaner::stanza::files {

std::optional<std::string> Ordering::key_of(const std::string& path, const std::string& group) const {
  if (!regex) return std::nullopt;
  std::vector<std::string_view> groups(static_cast<std::size_t>(regex->groups()) + 1);
  if (!regex->match(path, groups)) return std::nullopt;
  for (const auto& name : regex->names())
    if (name.name == group) return std::string(groups[static_cast<std::size_t>(name.group)]);
  return std::nullopt;
}

void Ordering::sort(std::vector<FoundFile>& files, const Sort& by) const {
  struct Keyed {
    FoundFile file;
    std::int64_t number = 0;
    std::string text;
  };
  std::vector<Keyed> keyed;
  for (auto& file : files) {
    Keyed one{std::move(file)};
    if (by.by == By::mtime) {
      one.number = one.file.modified;
    } else {
      auto key = key_of(one.file.path, by.key);
      if (!key) continue;  // without its key a file has no place in the order
      if (by.by == By::alphabetical) {
        one.text = std::move(*key);
      } else if (by.by == By::numeric) {
        const auto [end, error] = std::from_chars(key->data(), key->data() + key->size(), one.number);
        if (error != std::errc() || end != key->data() + key->size()) continue;
      } else {
        const auto time = by.layout->parse(*key, by.zone);
        if (!time) continue;
        one.number = *time;
      }
    }
    keyed.push_back(std::move(one));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    const Keyed& low = by.ascending ? a : b;
    const Keyed& high = by.ascending ? b : a;
    return by.by == By::alphabetical ? low.text < high.text : low.number < high.number;
  });
  files.clear();
  for (auto& one : keyed) files.push_back(std::move(one.file));
}

void Ordering::apply(std::vector<FoundFile>& files) const {
  if (regex) std::erase_if(files, [&](const FoundFile& file) { return !regex->search(file.path); });
  if (sorts.empty()) return;
  std::map<std::string, std::vector<FoundFile>> groups;
  for (auto& file : files) {
    std::string group;
    if (group_by) {
      std::vector<std::string_view> found(static_cast<std::size_t>(group_by->groups()) + 1);
      if (group_by->match(file.path, found)) group = std::string(found.back());
    }
    groups[group].push_back(std::move(file));
  }
  files.clear();
  for (auto& [_, members] : groups) {
    for (const auto& by : sorts) sort(members, by);
    if (members.size() > top_n) members.resize(top_n);
    for (auto& file : members) files.push_back(std::move(file));
  }
}

}  // namespace gleaner::stanza::files
