#include "receivers/k8spodlogs/log_files.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "storage/little_endian.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr char kVersion = 2;  // 1 is a place in a stream
constexpr std::size_t kHead = 1 + 4 + 8;
constexpr std::string_view kLog = ".log";
constexpr std::string_view kPacked = ".gz";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "20260102-150405": fifteen characters that sort as the times do.
bool is_time(std::string_view text) {
  if (text.size() != 15 || text[8] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 8 && !is_digit(text[i])) return false;
  return true;
}

/// What HTML makes of names, undone; log files have no such characters.
std::string plain_text(std::string_view html) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&#34;", '"'}, {"&#39;", '\''}};
  std::string out;
  while (!html.empty()) {
    const auto* named = std::find_if(std::begin(kNamed), std::end(kNamed),
                                     [&](const auto& one) { return html.starts_with(one.first); });
    out += named == std::end(kNamed) ? html.front() : named->second;
    html.remove_prefix(named == std::end(kNamed) ? 1 : named->first.size());
  }
  return out;
}

}  // namespace

std::optional<LogFile> log_file_named(std::string_view name) {
  LogFile file{std::string(name), 0, {}, false};
  const auto [digits, error] = std::from_chars(name.data(), name.data() + name.size(), file.life);
  if (error != std::errc() || digits == name.data() || !is_digit(name.front())) return std::nullopt;
  std::string_view rest = name.substr(static_cast<std::size_t>(digits - name.data()));
  if (!rest.starts_with(kLog)) return std::nullopt;
  rest.remove_prefix(kLog.size());
  if (rest.empty()) return file;
  file.packed = rest.ends_with(kPacked);
  if (file.packed) rest.remove_suffix(kPacked.size());
  if (!rest.starts_with('.') || !is_time(rest.substr(1))) return std::nullopt;
  file.rotated = rest.substr(1);
  return file;
}

std::vector<std::string> listed_names(std::string_view html) {
  std::vector<std::string> names;
  for (;;) {
    const auto link = html.find("<a ");
    if (link == std::string_view::npos) return names;
    html.remove_prefix(link);
    const auto from = html.find('>');
    if (from == std::string_view::npos) return names;
    const auto to = html.find("</a>", from);
    if (to == std::string_view::npos) return names;
    names.push_back(plain_text(html.substr(from + 1, to - from - 1)));
    html.remove_prefix(to);
  }
}

std::vector<LogFile> log_files(const std::vector<std::string>& names) {
  std::vector<LogFile> files;
  for (const auto& name : names)
    if (auto file = log_file_named(name)) files.push_back(std::move(*file));
  const auto order = [](const LogFile& file) {
    return std::tuple(file.life, file.rotated.empty(), std::string_view(file.rotated), file.packed);
  };
  std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  const auto same = [](const LogFile& a, const LogFile& b) {
    return a.life == b.life && a.rotated == b.rotated;
  };
  files.erase(std::unique(files.begin(), files.end(), same), files.end());
  return files;
}

void FilePlace::pass(std::string_view read) {
  offset += read.size();
  tail.append(read.substr(read.size() - std::min(read.size(), kTail)));
  if (tail.size() > kTail) tail.erase(0, tail.size() - kTail);
}

std::string encode(const FilePlace& place) {
  std::string out(kHead, kVersion);
  storage::store(out.data() + 1, place.life);
  storage::store(out.data() + 5, place.offset);
  return out + place.tail;
}

std::optional<FilePlace> decode_file_place(std::string_view value) {
  if (value.size() < kHead || value.size() > kHead + FilePlace::kTail || value[0] != kVersion)
    return std::nullopt;
  FilePlace place{storage::load<std::uint32_t>(value.data() + 1),
                  storage::load<std::uint64_t>(value.data() + 5), std::string(value.substr(kHead))};
  if (place.tail.size() > place.offset) return std::nullopt;
  return place;
}

}  // namespace gleaner::receivers::k8spodlogs
