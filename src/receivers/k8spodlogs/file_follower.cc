#include "receivers/k8spodlogs/file_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/compress.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAnswer = 30s;
constexpr std::uint64_t kPart = 1u << 20;          // bytes asked for at a time; a CRI line has 16 KiB at most
constexpr std::uint64_t kLongestLine = 32u << 10;  // bytes
constexpr std::size_t kUnpacked = 256u << 20;      // bytes of a rotated file; the kubelet rotates at 10 MiB
constexpr int kIdleLooks = 5;                      // polls without news before the folder is looked at
constexpr Duration kAfterTrouble = 5s;
constexpr Duration kStale = 200ms;

/// The whole file's size, from "bytes 0-9/200" or "bytes */200".
std::optional<std::uint64_t> total(const net::Headers& head) {
  const auto range = head.get("content-range");
  const auto slash = range.rfind('/');
  std::uint64_t size = 0;
  if (slash == std::string_view::npos ||
      std::from_chars(range.data() + slash + 1, range.data() + range.size(), size).ec != std::errc())
    return std::nullopt;
  return size;
}

/// The oldest file of the container's life `life`, or of what is left of later ones.
std::size_t oldest_of(const std::vector<LogFile>& files, std::uint32_t life) {
  const auto at =
      std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.life >= life; });
  return at == files.end() ? 0 : static_cast<std::size_t>(at - files.begin());
}

}  // namespace

std::string pod_folder(const std::string& name_space, const std::string& pod, const std::string& uid) {
  return fmt::format("/logs/pods/{}_{}_{}/", name_space, pod, uid);
}

FileFollower::FileFollower(Source source, FollowOptions options, const Surroundings& around, std::string base)
    : Follower(std::move(source), std::move(options), around),
      folder_(base + pod_folder(source_.name_space, source_.pod, source_.uid) + source_.container + "/") {
  if (auto place = decode_file_place(options_.place)) place_ = std::move(*place);
}

Task<> FileFollower::run() {
  while (!stopping_) {
    switch (co_await find()) {
      case Found::files:
        co_await catch_up();
        break;
      case Found::stale:
        (void)co_await pause(kStale);
        break;
      case Found::nothing:
        (void)co_await pause(kAfterTrouble);
        break;
    }
  }
}

Task<Result<k8s::Client::Answer>> FileFollower::fetch(const std::string& name, std::uint64_t from,
                                                      std::uint64_t to) {
  k8s::Client::Request request{.path = folder_ + name, .method = "GET", .headers = {}, .body = {}};
  if (to > from) request.headers.add("range", fmt::format("bytes={}-{}", from, to - 1));
  co_return co_await api_.ask_for(std::move(request), loop_.now() + kAnswer);
}

/// Whether there is nothing to work with; says why, unless it is only not there yet.
bool FileFollower::is_bad(const Result<k8s::Client::Answer>& answer, const std::string& name) {
  if (stopping_) return true;
  if (!answer) {
    complain(answer.error().what);
    return true;
  }
  switch (answer->status) {
    case 200:
    case 206:
    case 416:
      all_well();
      return false;
    case 404:
      return true;
    case 401:
    case 403:
      complain(fmt::format("{} for {}{}: get on nodes/proxy is needed, or a relay that has it",
                           answer->status, folder_, name));
      return true;
    default:
      complain(
          fmt::format("{} for {}{}: {}", answer->status, folder_, name, answer->body.view().substr(0, 200)));
      return true;
  }
}

void FileFollower::miss(const std::string& why) {
  counters_.gaps.add();
  logger_.warn("lines may be missing: " + why);
}

void FileFollower::start_file(std::uint32_t life) {
  if (place_.offset > 0) behind_ = std::move(place_);
  place_ = {life, 0, {}};
}

/// Looks which files there are and in which of them one stands.
Task<FileFollower::Found> FileFollower::find() {
  auto listing = co_await fetch("", 0, 0);
  if (is_bad(listing, "")) co_return Found::nothing;
  auto files = log_files(listed_names(listing->body.view()));
  if (files.empty()) co_return Found::nothing;
  // In a file of which nothing has been read there are no bytes to know it by: one is at the end of the last.
  if (place_.offset == 0 && behind_.offset > 0) place_ = behind_;
  std::size_t at = 0;
  if (first_ && options_.new_since && place_.none()) {
    at = files.size() - 1;
    if (const Found end = co_await find_end(files[at]); end != Found::files) co_return end;
  } else if (place_.offset > 0) {
    // Newest first: the file one is in has been renamed a moment ago, if at all.
    std::size_t seen = files.size();
    for (; seen > 0; --seen) {
      const Is it = co_await is_known(files[seen - 1]);
      if (stopping_ || it == Is::unclear) co_return Found::stale;
      if (it == Is::it) break;
    }
    if (seen == 0) {
      // It may have been renamed after it was listed: only the same list again is to be believed.
      if (std::exchange(doubted_, files) != files) co_return Found::stale;
      miss("the file that was being read was rotated away");
      behind_ = {};
    }
    at = seen > 0 ? seen - 1 : oldest_of(files, place_.life);
    if (seen == 0) place_ = {files[at].life, 0, {}};
  } else {
    at = oldest_of(files, place_.life);
    start_file(files[at].life);
  }
  first_ = false;
  doubted_.clear();
  files_.assign(files.begin() + static_cast<std::ptrdiff_t>(at), files.end());
  co_return Found::files;
}

/// Goes to the end of a file; a line that is just being written will come whole.
Task<FileFollower::Found> FileFollower::find_end(const LogFile& file) {
  start_file(file.life);
  auto head = co_await fetch(file.name, 0, 1);
  if (is_bad(head, file.name)) co_return Found::stale;
  const std::uint64_t size = head->status == 200 ? head->body.size() : total(head->headers).value_or(0);
  if (size == 0) co_return Found::files;
  const std::uint64_t from = size - std::min<std::uint64_t>(size, kLongestLine);
  auto end = co_await fetch(file.name, from, size);
  if (is_bad(end, file.name) || end->status == 416) co_return Found::stale;
  auto text = end->body.view();
  if (end->status == 200) text = text.substr(std::min<std::size_t>(text.size(), from));
  place_.offset = from;
  const auto newline = text.rfind('\n');
  place_.pass(text.substr(0, newline == std::string_view::npos ? 0 : newline + 1));
  co_return Found::files;
}

/// Whether the bytes before one's place are in this file.
Task<FileFollower::Is> FileFollower::is_known(const LogFile& file) {
  if (file.life != place_.life) co_return Is::another;
  const std::uint64_t from = place_.offset - place_.tail.size();
  const auto told = [&](std::string_view text) {
    return text.size() >= place_.offset && text.substr(from, place_.tail.size()) == place_.tail ? Is::it
                                                                                                : Is::another;
  };
  if (file.packed) {
    auto text = co_await unpacked(file.name);
    if (!text && text.error().what.empty()) co_return Is::unclear;
    co_return text ? told(text->view()) : Is::another;
  }
  auto part = co_await fetch(file.name, from, place_.offset);
  if (is_bad(part, file.name)) co_return Is::unclear;
  if (part->status == 200) co_return told(part->body.view());
  co_return part->status == 206 && part->body.view() == place_.tail ? Is::it : Is::another;
}

/// Reads all files there are, and stays with the last one until it is no longer the one that is written.
Task<> FileFollower::catch_up() {
  for (std::size_t i = 0; i < files_.size() && !stopping_; ++i) {
    const LogFile file = files_[i];
    const bool last = i + 1 == files_.size();
    if (i > 0) start_file(file.life);
    int idle = 0;
    for (;;) {
      const Read got = file.packed ? co_await read_packed(file) : co_await read(file, last);
      if (stopping_ || got == Read::another || got == Read::trouble) co_return;
      if (got == Read::more) {
        idle = 0;
        continue;
      }
      if (!last && got == Read::end) break;
      if (!last) continue;
      if (got == Read::some) idle = -1;
      if (!co_await pause(options_.poll_interval)) co_return;
      // A new life has a file of its own; a renamed one has a successor.
      if (!file.rotated.empty() || ++idle >= kIdleLooks) co_return;
    }
  }
}

/// Reads on in a file, a part at a time.
Task<FileFollower::Read> FileFollower::read(const LogFile& file, bool last) {
  const std::uint64_t from = place_.offset - place_.tail.size();
  auto part = co_await fetch(file.name, from, place_.offset + kPart);
  if (stopping_ || is_bad(part, file.name))
    co_return part && part->status == 404 ? Read::another : Read::trouble;
  if (part->status == 416) co_return place_.offset == 0 ? Read::end : Read::another;  // it is shorter
  Bytes bytes = std::move(part->body);
  if (part->status == 200 && from > 0) {  // who does not know Range gives the whole
    if (bytes.size() < from) co_return Read::another;
    bytes = bytes.slice(from, bytes.size() - from);
  }
  if (!bytes.view().starts_with(place_.tail)) co_return Read::another;
  std::string_view text = bytes.view().substr(place_.tail.size());
  const bool full = part->status == 206 && text.size() >= kPart;
  const auto newline = text.rfind('\n');
  const std::size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
  // A line longer than a part is no CRI line; the end of a file that nobody writes to may lack a newline.
  const bool all = (full && whole == 0) || (!last && !full);
  text = text.substr(0, all ? text.size() : whole);
  if (text.empty()) co_return Read::end;
  co_await give(file, std::move(bytes), text);
  co_return full ? Read::more : Read::some;
}

Task<Result<Bytes>> FileFollower::unpacked(const std::string& name) {
  auto packed = co_await fetch(name, 0, 0);
  if (is_bad(packed, name)) co_return fail(Fault::retryable, "");
  co_return net::decompress(net::Encoding::gzip, Chain(packed->body), {.max_bytes = kUnpacked});
}

/// The rest of a packed file: all of it at once.
Task<FileFollower::Read> FileFollower::read_packed(const LogFile& file) {
  auto text = co_await unpacked(file.name);
  if (stopping_) co_return Read::trouble;
  if (!text) {
    if (!text.error().what.empty())
      miss(fmt::format("{} cannot be unpacked: {}", file.name, text.error().what));
    co_return text.error().what.empty() ? Read::another : Read::end;
  }
  if (text->size() > place_.offset) {
    const Bytes bytes = *text;
    co_await give(file, bytes, bytes.view().substr(place_.offset));
  }
  co_return Read::end;
}

Task<> FileFollower::give(const LogFile& file, Bytes bytes, std::string_view text) {
  Chunk chunk;
  for (std::string_view rest = text; !rest.empty();) {
    const auto newline = rest.find('\n');
    const auto line = rest.substr(0, newline);
    if (!line.empty()) chunk.lines.push_back({0, line});
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  }
  if (behind_.offset > 0 && behind_.life != place_.life) counters_.restarts.add();
  behind_ = {};
  place_.pass(text);
  chunk.place = encode(place_);
  // As it is called on the node, whatever it is called now.
  chunk.file = fmt::format("/var/log/pods/{}_{}_{}/{}/{}.log", source_.name_space, source_.pod, source_.uid,
                           source_.container, file.life);
  chunk.bytes.push_back(std::move(bytes));
  if (!chunk.lines.empty()) co_await hand_over(std::move(chunk));
}

}  // namespace gleaner::receivers::k8spodlogs
