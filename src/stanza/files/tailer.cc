#include "stanza/files/tailer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stanza/files/acks.h"

namespace gleaner::stanza::files {
namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kChunk = 64 << 10;         // bytes read at once; what a batch may grow beyond its size
constexpr Duration kPace = milliseconds(100);    // between two looks at a busy file
constexpr Duration kSlowScan = seconds(10);      // for what the kernel did not tell
constexpr Duration kCopyPatience = seconds(1);   // a copy that does not grow any more is none
constexpr Duration kLinger = seconds(10);        // a renamed file may still be written to
constexpr Duration kLingerDeleted = seconds(1);  // a deleted one keeps its disk space
constexpr Duration kHungry = milliseconds(50);   // between two tries to get memory
constexpr std::size_t kMostErrors = 20;
constexpr std::size_t kWindow = 16 << 20;      // bytes under way at once
constexpr Duration kAgeScan = seconds(2);      // while files are left out for their age
constexpr Duration kCopyMemory = seconds(60);  // how long after a file went its copy may turn up
constexpr Duration kLastReading = seconds(5);  // for what is still to be read at the end

// Scans by the clock take a hundredth of the time at most, as long as that is not too seldom.
constexpr int kScanShare = 100;
constexpr Duration kRarestScan = seconds(60);

}  // namespace

Tailer::Tailer(TailerOptions options, Loop& loop, log::Logger logger, Budget& budget, RecordSink& sink)
    : splitter_(std::move(options.split)),
      options_(std::move(options)),
      loop_(loop),
      logger_(std::move(logger)),
      budget_(budget),
      window_(kWindow),
      sink_(sink),
      watcher_(loop),
      pace_(std::min(options_.poll_interval, kPace)),
      from_beginning_(options_.from_beginning),
      timer_(loop),
      hunger_(loop) {}

Tailer::~Tailer() = default;

void Tailer::restore(std::vector<Kept> kept) {
  restored_ = true;
  from_beginning_ = true;
  if (kept.empty()) return;
  memories_.restore(std::move(kept), loop_.now(), kCopyMemory);
  logger_.info("Resuming from previously known offset(s). 'start_at' setting is not applicable.");
}

void Tailer::start() {
  if (watcher_.works()) gate_.spawn(watch());
  gate_.spawn(run());
}

Task<> Tailer::stop() {
  if (stopping_) co_return;
  stopping_ = true;
  watcher_.cancel();
  hunger_.cancel();
  wake();
  co_await gate_.join();
  timer_.cancel();
}

void Tailer::wake() {
  awake_ = true;
  wakes_.notify_all();
}

Task<> Tailer::watch() {
  while (!stopping_ && co_await watcher_.wait() && !stopping_) {
    const auto events = watcher_.drain();
    if (events.directories || events.overflow) scan_wanted_ = true;
    for (const auto source : events.sources)
      if (const auto file = by_source_.find(source); file != by_source_.end()) queue(*file->second);
    if (events.overflow)
      for (const auto& file : files_) queue(*file);
    wake();
  }
}

Task<> Tailer::run() {
  for (;;) {
    awake_ = false;
    TimePoint now = loop_.now();
    if ((scan_wanted_ && now >= scan_not_before_) || now >= scan_due_) {
      co_await scan();
      // Where names change all the time, half of the time is left for reading.
      scan_not_before_ = loop_.now() + (loop_.now() - now);
      now = loop_.now();
    }
    for (const auto& file : files_)
      if (file->due <= now) queue(*file);
    // Scans come first: a file that lives for a moment only must be opened in it.
    while (!ready_.empty() && !stopping_ && !(scan_wanted_ && loop_.now() >= scan_not_before_)) {
      const auto there = by_source_.find(ready_.front());
      ready_.pop_front();
      if (there == by_source_.end()) continue;
      there->second->queued = false;
      co_await turn(*there->second);
      co_await loop_.yield();  // others live on this loop too
    }
    if (stopping_) break;
    arm();
    while (!awake_) co_await wakes_.wait();
  }
  co_await finish();
}

/// What was written before the end is read, too, as far as there is time.
Task<> Tailer::finish() {
  const TimePoint end = loop_.now() + kLastReading;
  co_await scan();
  std::uint64_t left = 0;
  for (const auto& file : files_) {  // nothing adds or removes files any more
    for (;;) {
      if (!file->look(loop_.now())) break;
      if (!lock(*file)) break;
      co_await unpack(*file);
      check_shrunk(*file);
      if (!identify(*file) || !co_await read_header(*file) || file->position.offset >= file->size) break;
      if (loop_.now() >= end) {
        left += file->size - file->position.offset;
        break;
      }
      const auto before = file->position.offset;
      const bool more = co_await read_chunk(*file, options_.flush_at_stop);
      if (!more || file->position.offset == before) break;
    }
  }
  if (left > 0) logger_.warn("Stopped before everything was read", {{"unread_bytes", left}});
}

void Tailer::arm() {
  TimePoint next = scan_wanted_ ? std::min(scan_due_, scan_not_before_) : scan_due_;
  for (const auto& file : files_) next = std::min(next, file->due);
  timer_.start(next, [this](bool came) {
    if (came) wake();
  });
}

void Tailer::queue(File& file, bool first) {
  if (file.queued) return;
  file.queued = true;
  file.due = TimePoint::max();
  if (first)
    ready_.push_front(file.source);
  else
    ready_.push_back(file.source);
}

File* Tailer::file_of(const Identity& identity) const {
  for (const auto& file : files_)
    if (file->identity == identity) return file.get();
  return nullptr;
}

// --- which files -------------------------------------------------------------------------------------------

Task<> Tailer::scan() {
  scan_wanted_ = false;
  const TimePoint begun = loop_.now();
  const auto clock = static_cast<std::int64_t>(unix_nanos());
  std::function<Found()> work = [this, clock] { return find_files(options_.finder, clock); };
  Found found = co_await loop_.blocking(std::move(work), Loop::Helper::files);
  for (const auto& error : found.errors)
    if (failed_.insert(error).second) logger_.warn("finding files", {{"error", error}});
  if (!found.any && options_.finder.share.lane == 0 && !std::exchange(nothing_found_said_, true))
    logger_.warn("finding files", {{"error", "no files match the configured criteria"}});

  std::unordered_map<std::uint64_t, File*> by_inode;
  for (const auto& file : files_) {
    file->seen = false;
    by_inode[file->identity.inode] = file.get();
  }
  std::unordered_map<std::string_view, const FoundFile*> by_path;
  for (const auto& one : found.files) by_path[one.path] = &one;

  std::vector<const FoundFile*> fresh;
  bool by_age = options_.finder.ordering.has_value();
  for (const auto& one : found.files) {
    const auto there = by_inode.find(one.identity.inode);
    File* file = there != by_inode.end() && there->second->identity == one.identity ? there->second
                                                                                    : file_of(one.identity);
    if (!file) {
      by_age |= one.too_old;
      if (!one.too_old) fresh.push_back(&one);
      continue;
    }
    if (file->seen) continue;
    file->seen = true;
    file->leaving = false;
    const auto own = by_path.find(file->path);
    const bool moved =
        file->path != one.path && (own == by_path.end() || !(own->second->identity == file->identity));
    // A rotated file (0.log -> 0.log.20240505-050000) keeps the name its records were written under.
    if (moved && !one.path.starts_with(file->path)) {
      logger_.debug("File has been rotated(moved)", {{"path", file->path}, {"to", one.path}});
      if (auto attributes = file_attributes(options_.attributes, file->fd.get(), one.path))
        file->attributes = std::move(*attributes);
      file->path = one.path;
    }
    if (one.size != file->raw_size) queue(*file);
  }
  for (const auto& file : files_)
    if (!file->seen && !file->leaving) leave(*file);
  // Of several rotations since the last scan, or since the last run, the oldest comes first.
  const bool first_scan = scan_due_ == TimePoint{};
  if ((!first_scan || restored_) && !options_.finder.ordering)
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const auto* a, const auto* b) { return a->modified < b->modified; });
  for (const auto* one : fresh) adopt(*one);
  if (failed_.size() > 10'000) failed_.clear();

  from_beginning_ = true;  // what comes from now on is read whole
  const auto change = watcher_.watch_directories(found.directories);
  poll_directories_ = change.polled;
  if (change.added) scan_wanted_ = true;
  scan_due_ =
      loop_.now() + (poll_directories_
                         ? options_.poll_interval
                         : std::max<Duration>({by_age ? kAgeScan : kSlowScan, options_.poll_interval,
                                               std::min(kScanShare * (loop_.now() - begun), kRarestScan)}));
}

void Tailer::adopt(const FoundFile& found) {
  auto file = std::make_unique<File>();
  file->fd = Fd(::open(found.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  const auto refuse = [&](const std::string& why) {
    if (failed_.insert(found.path).second)
      logger_.error("Failed to open file", {{"path", found.path}, {"error", why}});
  };
  if (!file->fd) return refuse("open " + found.path + ": " + std::strerror(errno));
  struct stat info;
  if (::fstat(file->fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  file->identity = {info.st_dev, info.st_ino};
  if (file_of(file->identity)) return;  // replaced meanwhile by one that is known
  auto attributes = file_attributes(options_.attributes, file->fd.get(), found.path);
  if (!attributes) return refuse(attributes.error().what);
  failed_.erase(found.path);
  file->attributes = std::move(*attributes);
  file->path = found.path;
  file->segment = is_segment(found.path);
  file->source = ++last_source_;
  file->by_clock = !watcher_.works() || is_remote(file->fd.get());
  file->seen = true;
  file->look(loop_.now());
  if (!from_beginning_) file->first = file->size;
  by_source_[file->source] = file.get();
  files_.push_back(std::move(file));
  queue(*files_.back());
}

void Tailer::leave(File& file) {
  file.leaving = true;
  file.changed = loop_.now();
  queue(file, true);  // before whatever replaces it
}

void Tailer::forget(File& file) {
  logger_.debug("File is gone", {{"path", file.path}});
  watcher_.forget_file(file.source);
  if (file.identified && !file.duplicate) {
    file.position.skipping = file.skipping;
    file.position.former.push_back(file.source);
    // A deleted one does not come back, but a copy that was made before may be known already (mv across
    // disks).
    const bool deleted = file.links == 0;
    const Duration copies = deleted ? 2 * kCopyPatience : kCopyMemory;
    memories_.add({file.position,
                   {},
                   deleted ? Identity{} : file.identity,
                   loop_.now() + std::max(copies, options_.remember),
                   file.source,
                   deleted && options_.remember == Duration{0}});
    sink_.moved(file.source);
    for (const auto& other : files_)
      if (other->duplicate) queue(*other);  // a copy goes on where this one ended
  }
  by_source_.erase(file.source);
  std::erase_if(files_, [&](const auto& one) { return one.get() == &file; });
}

// --- one file ----------------------------------------------------------------------------------------------

void Tailer::restart(File& file, const char* why) {
  logger_.debug("File has been rotated(truncated)", {{"path", file.path}, {"reason", why}});
  const auto& before = file.position.fingerprint;
  const bool same_start =
      file.size < file.position.offset && before.starts_with(peek(file, 0, before.size()));
  if (options_.on_truncate == OnTruncate::ignore && same_start) return;
  file.position.skipping = file.skipping;
  file.position.former.push_back(file.source);
  memories_.add({file.position, file.identity, {}, loop_.now() + kCopyMemory, file.source});
  sink_.moved(file.source);
  renumber(file);
  const bool skip = options_.on_truncate == OnTruncate::read_new && same_start;
  file.position = Position{};
  file.identified = file.duplicate = file.skipping = false;
  file.pending = 0;
  file.header.reset();
  if (file.packed) file.size = file.raw_size;
  file.packed.reset();
  file.packing_known = false;
  file.first = skip ? file.size : 0;
  for (const auto& other : files_)
    if (other->duplicate) queue(*other);  // the copy that was made of it may now be the one to read
}

/// What is read from now on is not to be taken for what was read before.
void Tailer::renumber(File& file) {
  watcher_.forget_file(file.source);
  by_source_.erase(file.source);
  file.source = ++last_source_;
  by_source_[file.source] = &file;
  if (std::exchange(file.queued, false)) queue(file);
}

/// Notices that what was read is not in the file any more.
void Tailer::check_shrunk(File& file) {
  if (!file.identified || file.duplicate || file.packed) return;  // unpack() looks at packed ones
  const auto& at = file.position;
  if (file.size < at.offset) return restart(file, "it is shorter than what was read");
  if (peek(file, at.offset - at.anchor.size(), at.anchor.size()) != at.anchor)
    restart(file, "it was written anew");
}

/// A file that looks like another one may be the copy that was made before that one was truncated: that comes
/// first.
void Tailer::check_relatives(const File& file) {
  for (const auto& other : files_) {
    if (other.get() == &file || !other->identified || other->duplicate) continue;
    const auto& mine = file.position.fingerprint;
    const auto& theirs = other->position.fingerprint;
    const std::size_t common = std::min(mine.size(), theirs.size());
    if (mine.compare(0, common, theirs, 0, common) != 0 || !other->look(loop_.now())) continue;
    check_shrunk(*other);
    if (!other->identified) queue(*other);
  }
}

/// @return whether there is something to read in it
bool Tailer::identify(File& file) {
  if (file.identified && !file.duplicate) {
    auto& fingerprint = file.position.fingerprint;
    auto beginning = peek(file, 0, std::min<std::uint64_t>(file.size, options_.fingerprint_size));
    if (beginning.starts_with(fingerprint)) {
      if (beginning.size() == fingerprint.size()) return true;
      fingerprint = std::move(beginning);
      sink_.moved(file.source);
      for (const auto& other : files_)
        if (other->duplicate) queue(*other);  // it is not one any more
      return true;
    }
    restart(file, "it begins otherwise than before");
    if (file.identified) return true;  // on_truncate: ignore
  }
  if (file.size == 0) return false;
  file.position = Position{};
  file.position.fingerprint = peek(file, 0, std::min<std::uint64_t>(file.size, options_.fingerprint_size));
  if (file.position.fingerprint.empty()) {  // truncated since the last look
    file.size = 0;
    return false;
  }
  check_relatives(file);
  bool waiting = false;
  const Kind kind = compare(file, files_);
  if (kind == Kind::duplicate) {
    if (!file.duplicate) logger_.debug("Skipping duplicate file", {{"path", file.path}});
    file.identified = file.duplicate = true;
    return false;
  }
  if (file.duplicate) {  // until now: time for the one it was a copy of to be truncated
    file.identified = file.duplicate = false;
    file.changed = loop_.now();
  }
  auto known = memories_.claim(file, loop_.now(), waiting);
  const bool settled = stopping_ || loop_.now() - file.changed >= kCopyPatience;
  if (!known && (waiting || kind == Kind::unclear) && !settled) return false;
  file.identified = true;
  file.duplicate = false;
  sink_.moved(file.source);
  if (known) {
    auto fingerprint = std::move(file.position.fingerprint);
    file.position = std::move(*known);
    file.position.fingerprint = std::move(fingerprint);
    file.skipping = file.position.skipping;
    return true;
  }
  logger_.info("Started watching file", {{"component", "fileconsumer"}, {"path", file.path}});
  const std::uint64_t start = std::min(file.first, file.size);
  file.position.offset = start;
  file.position.anchor = peek(file, start - std::min<std::uint64_t>(start, Position::kAnchor),
                              std::min<std::uint64_t>(start, Position::kAnchor));
  return true;
}

Task<> Tailer::turn(File& file) {
  const TimePoint now = loop_.now();
  if (!file.look(now)) {
    forget(file);
    co_return;
  }
  if (!lock(file)) co_return rest(file);
  co_await unpack(file);
  if (file.size <= file.position.offset + file.pending) check_shrunk(file);  // otherwise read_chunk() sees it
  if (identify(file) && co_await read_header(file)) {
    const std::uint64_t ahead = file.size > file.position.offset ? file.size - file.position.offset : 0;
    const bool flush = ahead > 0 && options_.force_flush_period > Duration{0} &&
                       now - file.changed >= options_.force_flush_period;
    if (ahead > 0 && (ahead != file.pending || flush)) {
      reading_ = true;
      const bool more = co_await read_chunk(file, flush);
      reading_ = false;
      if (more) {
        queue(file, file.leaving || file.segment);
        co_return;
      }
    }
  }
  rest(file);
}

/// @return whether there is more to be read at once
Task<bool> Tailer::read_chunk(File& file, bool flush) {
  const std::uint64_t ahead = file.size - file.position.offset;
  std::size_t want = std::min<std::uint64_t>(ahead, kChunk);
  for (;;) {
    const std::size_t back = file.position.anchor.size();
    // Room for the records too: an entry of a short line is larger than the line.
    auto memory = co_await reserve(want * 2);
    Buffer buffer(back + want);
    auto got = co_await read_at(loop_, file, file.position.offset - back, back + want, buffer);
    unlock(file);
    if (!got) {
      if (failed_.insert(file.path).second)
        logger_.error("Failed to read file", {{"path", file.path}, {"error", got.error().what}});
      co_return false;
    }
    Bytes block = std::move(buffer).finish();
    if (block.view().substr(0, std::min(back, block.size())) != file.position.anchor) {
      restart(file, "it was written anew");
      co_return true;
    }
    const auto bytes = block.view().substr(back);
    // Between the look at its beginning and now: what is read must be what it will be recognised by.
    if (file.position.offset == 0 &&
        !bytes.starts_with(std::string_view(file.position.fingerprint).substr(0, bytes.size()))) {
      restart(file, "it was written anew");
      co_return true;
    }
    if (bytes.empty()) co_return false;
    const bool at_end = bytes.size() >= ahead;
    Entries entries;
    const std::size_t consumed = split(file, bytes, at_end, flush && at_end, block, entries);
    if (consumed == 0 && !at_end && bytes.size() == want) {
      want = std::min<std::uint64_t>(
          ahead, want * 4);  // a record longer than the chunk; the splitter ends it at max_log_size
      continue;
    }
    file.pending = at_end ? bytes.size() - consumed : 0;
    if (consumed > 0) sink_.moved(file.source);
    if (!entries.list.empty()) co_await sink_.take(std::move(entries), file, std::move(memory));
    co_return !at_end;
  }
}

std::size_t Tailer::split(File& file, std::string_view bytes, bool at_end, bool flush, Bytes block,
                          Entries& entries) {
  EntryMaker maker(options_.entries, file.attributes, file.header.get(), entries.arena, unix_nanos());
  const std::uint64_t base = file.position.offset;
  std::size_t at = 0, errors = 0;
  while (at < bytes.size()) {
    const auto token = splitter_.next(bytes.substr(at), at_end, flush, file.skipping);
    if (token.consumed == 0) break;
    const auto number = static_cast<std::uint32_t>(file.position.record_number + 1);
    const Origin origin{file.source, number, base + at, base + at + token.consumed};
    at += token.consumed;
    if (!token.is_record) continue;
    ++file.position.record_number;  // blank lines count, though they are not given out
    if (token.text.empty()) continue;
    const auto made =
        maker.make(token.text, origin, file.position.record_number, entries.list.emplace_back());
    if (made) continue;
    entries.list.pop_back();
    if (++errors <= kMostErrors)
      logger_.error("failed to emit token",
                    {{"component", "fileconsumer"}, {"path", file.path}, {"error", made.error().what}});
  }
  if (errors > kMostErrors)
    logger_.error("failed to emit more tokens of the same kind",
                  {{"component", "fileconsumer"}, {"path", file.path}, {"tokens", errors - kMostErrors}});
  if (at > 0) {
    move_offset(file.position, bytes.substr(0, at));
    if (!entries.list.empty()) entries.arena.adopt(std::move(block));
  }
  return at;
}

/// Nothing to read now: who says when there is?
void Tailer::rest(File& file) {
  const TimePoint now = loop_.now();
  unlock(file);
  if (file.packed) file.packed->rest();
  if (options_.drop_cache)
    (void)::posix_fadvise(file.fd.get(), 0, static_cast<off_t>(file.position.offset), POSIX_FADV_DONTNEED);
  if (delete_read(file) || std::exchange(file.locked, false)) {
    file.due = now + options_.poll_interval;
    return;
  }
  if (file.leaving) {
    const Duration linger = file.links == 0 ? kLingerDeleted : kLinger;
    if (now - file.changed >= linger && file.pending == 0) return forget(file);
    if (now - file.changed >= linger + options_.force_flush_period) return forget(file);
    file.due = now + pace_;
    if (file.grew || file.by_clock) {
      file.grew = false;
      return;
    }
    file.due = file.changed + (file.pending ? std::max(linger, options_.force_flush_period) + pace_ : linger);
    if (file.pending && options_.force_flush_period > Duration{0})
      file.due = std::min(file.due, std::max(now + pace_, file.changed + options_.force_flush_period));
    (void)watcher_.watch_file(file.fd.get(), file.source);
    return;
  }
  if (std::exchange(file.grew, false) || (!file.identified && file.size > 0)) {
    file.due = now + pace_;
    return;
  }
  file.due = TimePoint::max();
  if (file.pending > 0 && options_.force_flush_period > Duration{0})
    file.due = std::max(now + milliseconds(1), file.changed + options_.force_flush_period);
  if (file.by_clock || !watcher_.watch_file(file.fd.get(), file.source)) {
    file.by_clock = true;
    file.due = now + options_.poll_interval;
    return;
  }
  if (file.look(now) && file.grew) file.due = now;  // between the last look and the watch
}

Task<std::vector<Reservation>> Tailer::reserve(std::size_t bytes) {
  std::vector<Reservation> memory;
  for (;;) {
    auto own = window_.try_reserve(std::min(bytes, window_.limit() / 2));
    if (own)
      if (auto all = budget_.try_reserve(std::min(bytes, budget_.limit() / 2))) {
        memory.push_back(std::move(own));
        memory.push_back(std::move(all));
        co_return memory;
      }
    if (stopping_) co_return memory;
    (void)co_await hunger_.sleep(kHungry);
  }
}

}  // namespace gleaner::stanza::files
