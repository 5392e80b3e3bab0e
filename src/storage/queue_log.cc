#include "storage/queue_log.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "storage/queue_jobs.h"

namespace gleaner::storage {

struct QueueLog::Segment {
  std::uint64_t number = 0;
  std::string path;
  std::shared_ptr<Disk::File> file;  // shared with the helper's job; open while written to or read from
  SegmentReader::Options position;   // of the next record to read; its end is what is committed
  Amount unread;
  std::uint64_t out = 0;  // records handed out and not done with
};

/// One append() that waits.
struct QueueLog::Waiting {
  const Chain& body;
  std::uint32_t items;
  Result<Place> result = Place();
  bool ended = false;
  Signal done = {};
};

namespace {

constexpr Duration kLockPause = std::chrono::milliseconds(20);
constexpr std::size_t kFullGroup = 8 << 20;  // bytes: what comes behind is the next group
constexpr std::string_view kLockName = "/lock";

std::uint64_t random_salt() {
  std::uint64_t salt = 0;
  if (::getrandom(&salt, sizeof salt, GRND_NONBLOCK) != sizeof salt) salt = unix_nanos();
  return salt;
}

bool read_only(int error) { return error == EROFS || error == EACCES || error == EPERM; }
bool cannot_make(int error) {
  return read_only(error) || error == ENOSPC || error == EDQUOT || error == ENOENT;
}

}  // namespace

QueueLog::QueueLog(QueueOptions options, Loop& loop, log::Logger logger)
    : options_(std::move(options)), loop_(loop), logger_(std::move(logger)), disk_(*options_.disk) {}

QueueLog::~QueueLog() = default;

/// On the helper. @return Fault::retryable while another process has it
Result<std::vector<SegmentInfo>> QueueLog::open_folder() {
  const std::string& folder = options_.folder;
  const auto lock = [&]() -> Result<std::unique_ptr<Disk::File>> {
    auto file = disk_.open(folder + std::string(kLockName), Disk::Access::create);
    if (!file) {
      if (read_only(file.error().sys)) return nullptr;  // nobody can change it
      return fail(std::move(file.error()));
    }
    if (!(*file)->lock())
      return fail(Fault::retryable, fmt::format("open {}: timeout: another process has it", folder));
    return std::move(*file);
  };
  if (auto ok = disk_.make_folder(folder); !ok && !cannot_make(ok.error().sys))
    return fail(std::move(ok.error()));
  if (auto ok = disk_.list(folder); !ok)
    return ok.error().sys == ENOENT ? Result<std::vector<SegmentInfo>>(std::vector<SegmentInfo>())
                                    : fail(std::move(ok.error()));
  auto mine = lock();
  if (!mine && !cannot_make(mine.error().sys)) return fail(std::move(mine.error()));
  if (mine) lock_ = std::move(*mine);
  if (options_.fsync) (void)disk_.sync_folder(folder);
  return inspect(disk_, folder, false);
}

Task<Result<>> QueueLog::open() {
  const TimePoint until = loop_.now() + options_.patience;
  Timer pause(loop_);
  for (;;) {
    std::function<Result<std::vector<SegmentInfo>>()> job = [this] { return open_folder(); };
    auto found = co_await loop_.blocking(std::move(job), Helper::storage);
    if (found) {
      adopt(std::move(*found));
      open_ = true;
      co_return Result<>();
    }
    if (found.error().fault != Fault::retryable || loop_.now() >= until) {
      found.error().fault = Fault::os;
      co_return fail(std::move(found.error()));
    }
    (void)co_await pause.sleep(kLockPause);
  }
}

void QueueLog::say_lost(const std::string& path, const Loss& loss) {
  lost_ += loss;
  logger_.error("Part of the sending queue is damaged and lost",
                {{"file", path}, {"bytes", loss.bytes}, {"records", loss.records}, {"items", loss.items}});
}

void QueueLog::adopt(std::vector<SegmentInfo> found) {
  salt_ = random_salt();
  for (auto& info : found) {
    next_number_ = info.number + 1;
    if (!info.readable()) {
      lost_.bytes += info.loss.bytes;
      const std::string aside = info.path + ".damaged";
      (void)disk_.rename(info.path, aside);
      logger_.error(info.kind == HeaderKind::later
                        ? "A file of the sending queue is of a later version; it is put aside"
                        : "A file of the sending queue is none of its own; it is put aside",
                    {{"file", info.path}, {"kept_as", aside}, {"bytes", info.loss.bytes}});
      continue;
    }
    if (info.loss.any()) say_lost(info.path, info.loss);
    if (info.torn > 0)
      logger_.warn("The last write before the end was not finished and is left out",
                   {{"file", info.path}, {"bytes", info.torn}});
    if (info.all.records > 0 || info.kind == HeaderKind::good) {
      salt_ = info.header.salt;
      next_sequence_ = info.next_sequence;
      next_before_ = info.next_before;
    }
    auto segment = std::make_unique<Segment>();
    segment->number = info.number;
    segment->path = info.path;
    segment->position = info.reading;
    segment->position.bodies = false;  // they are checked as they are read
    segment->unread = info.left;
    held_ += info.left;
    size_ += info.reading.end;
    Segment& made = *(segments_[info.number] = std::move(segment));
    if (info.left.records == 0) leave(made);
  }
  if (!segments_.empty()) cursor_ = segments_.begin()->first;
}

Task<Result<QueueLog::Place>> QueueLog::append(const Chain& body, std::uint32_t items) {
  if (!open_) co_return fail(Fault::cancelled, "the queue is closed");
  if (body.size() > kMostBody)
    co_return fail(Fault::permanent, fmt::format("{} bytes: a record takes {}", body.size(), kMostBody));
  const std::uint64_t most = options_.max_size ? options_.max_size : kMostQueue;
  const std::uint64_t more = body.size() + kRecordHead + kSegmentHead;
  if (size_ + waiting_bytes_ + more > most)
    co_return fail(Fault::retryable, fmt::format("{} holds {} bytes of at most {}", options_.folder,
                                                 size_ + waiting_bytes_, most));
  Waiting mine{body, items};
  waiting_.push_back(&mine);
  waiting_bytes_ += more;
  if (!writing_) {
    writing_ = true;
    gate_.spawn(write());
  }
  while (!mine.ended) co_await mine.done.wait();
  co_return std::move(mine.result);
}

Group QueueLog::next_group(std::vector<Waiting*>& taken) {
  if (active_ && active_->position.end >= options_.segment_size) {
    Segment& full = *std::exchange(active_, nullptr);
    if (full.out == 0) full.file.reset();
    drop_if_done(full);
  }
  Group group{disk_, options_.folder, {}, nullptr, {}, kSegmentHead, options_.fsync};
  group.header = {salt_, next_sequence_, next_before_, options_.kind};
  if (active_) {
    group.path = active_->path;
    group.file = active_->file;
    group.at = active_->position.end;
  } else {
    group.path = segment_path(options_.folder, next_number_);
  }
  std::size_t bytes = 0;
  while (group.records.size() < waiting_.size() && bytes < kFullGroup) {
    const Waiting& next = *waiting_[group.records.size()];
    group.records.push_back({&next.body, next.items});
    bytes += next.body.size();
  }
  const auto until = waiting_.begin() + static_cast<std::ptrdiff_t>(group.records.size());
  taken.assign(waiting_.begin(), until);
  waiting_.erase(waiting_.begin(), until);
  return group;
}

Task<> QueueLog::write() {
  co_await loop_.yield();  // what else arrives in this turn comes along
  while (!waiting_.empty()) {
    std::vector<Waiting*> taken;
    const Group group = next_group(taken);
    std::function<Result<Written>()> job = [&group] { return write_group(group); };
    auto result = co_await loop_.blocking(std::move(job), Helper::storage);
    wrote(group, taken, std::move(result));
    // In their order; each may append anew.
    for (Waiting* record : taken) {
      record->ended = true;
      record->done.notify_all();
    }
  }
  writing_ = false;
}

void QueueLog::wrote(const Group& group, const std::vector<Waiting*>& taken, Result<Written> result) {
  for (const Waiting* record : taken) waiting_bytes_ -= record->body.size() + kRecordHead + kSegmentHead;
  if (!result) {
    if (!std::exchange(failing_, true))
      logger_.error("The sending queue cannot be written; what comes is refused",
                    {{"file", group.path}, {"error", result.error().what}});
    for (Waiting* record : taken)
      record->result = fail(Error{Fault::retryable, result.error().what, result.error().sys});
    // What the kernel could not write it may have forgotten: nothing is added to this segment any more.
    if (Segment* old = std::exchange(active_, nullptr)) drop_if_done(*old);
    if (!group.file) ++next_number_;
    return;
  }
  if (std::exchange(failing_, false))
    logger_.info("The sending queue is written again", {{"file", group.path}});
  if (!active_) {
    auto segment = std::make_unique<Segment>();
    segment->number = next_number_++;
    segment->path = group.path;
    segment->position.salt = group.header.salt;
    segment->position.sequence = group.header.first;
    segment->position.before = group.header.before;
    segment->file = result->file;
    if (segments_.empty()) cursor_ = segment->number;
    active_ = segment.get();
    segments_[segment->number] = std::move(segment);
  }
  size_ += result->end - active_->position.end;
  active_->position.end = result->end;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto& one = result->records[i];
    const Amount amount{1, one.items, one.size};
    active_->unread += amount;
    held_ += amount;
    next_sequence_ = one.sequence + 1;
    next_before_ += one.items;
    taken[i]->result = Place{active_, one.at, one.sequence, one.size, one.items, one.sum};
  }
  ++work_.groups;
  work_.records += taken.size();
}

/// The segment to read next, or nullptr when everything was handed out.
QueueLog::Segment* QueueLog::reading() {
  for (;;) {
    const auto at = segments_.lower_bound(cursor_);
    if (at == segments_.end()) return nullptr;
    Segment& segment = *at->second;
    cursor_ = segment.number;
    if (segment.position.at < segment.position.end) return &segment;
    if (&segment == active_) return nullptr;
    leave(segment);
  }
}

/// Nothing more is to be read from it.
void QueueLog::leave(Segment& segment) {
  segment.position.at = segment.position.end;
  if (cursor_ <= segment.number) cursor_ = segment.number + 1;
  if (segment.unread.records > 0) say_lost(segment.path, {segment.unread.records, segment.unread.items, 0});
  held_ -= segment.unread;
  segment.unread = {};
  drop_if_done(segment);
}

bool QueueLog::unread() const {
  return std::any_of(segments_.lower_bound(cursor_), segments_.end(), [](const auto& entry) {
    return entry.second->position.at < entry.second->position.end;
  });
}

bool QueueLog::take(const Place& place) {
  if (reading_) return false;
  Segment* segment = reading();
  if (segment != place.segment || segment->position.at != place.at) return false;
  segment->position.at += kRecordHead + place.size;
  segment->position.sequence = place.sequence + 1;
  segment->position.before += place.items;
  segment->unread -= {1, place.items, place.size};
  ++segment->out;
  return true;
}

Task<Result<std::vector<QueueLog::Got>>> QueueLog::read(std::size_t bytes) {
  std::vector<Got> out;
  reading_ = true;
  while (out.empty()) {
    Segment* segment = reading();
    if (!segment) break;
    Harvest from{segment->file, segment->position, {}};
    std::function<Result<Harvest>()> job = [this, segment, &from, bytes] {
      return harvest(disk_, segment->path, std::move(from), bytes);
    };
    auto got = co_await loop_.blocking(std::move(job), Helper::storage);
    if (!got) {
      logger_.error("Reading the sending queue failed; the rest of the file is lost",
                    {{"file", segment->path}, {"error", got.error().what}});
      if (segment == active_) active_ = nullptr;
      leave(*segment);
      continue;
    }
    got->position.end = segment->position.end;  // more may have been written meanwhile
    segment->position = got->position;
    if (!got->records.empty()) segment->file = std::move(got->file);
    for (auto& one : got->records) {
      segment->unread -= {1, one.head.items, one.head.size};
      ++segment->out;
      out.push_back({{segment, one.at, one.head.sequence, one.head.size, one.head.items, one.head.sum},
                     std::move(one.body)});
    }
  }
  reading_ = false;
  co_return out;
}

void QueueLog::done(const Place& place) {
  Segment& segment = *place.segment;
  Result<> ok;
  if (segment.file) ok = segment.file->write(place.at + kMarkAt, done_mark(place.sum));
  if (!ok && !std::exchange(marks_failing_, true))
    logger_.error("The sending queue cannot note what is delivered; after a restart it is sent again",
                  {{"file", segment.path}, {"error", ok.error().what}});
  if (ok) marks_failing_ = false;
  --segment.out;
  held_ -= {1, place.items, place.size};
  drop_if_done(segment);
}

void QueueLog::drop_if_done(Segment& segment) {
  if (segment.out > 0 || segment.position.at < segment.position.end) return;
  if (&segment == active_) {
    // A segment that is mostly done and empties goes too, so that an idle queue takes no room.
    if (writing_ || segment.position.end < options_.segment_size / 4) return;
    active_ = nullptr;
  }
  removing_.push_back(segment.path);
  size_ -= segment.position.end;
  segments_.erase(segment.number);
  if (!std::exchange(removing_now_, true)) gate_.spawn(remove());
}

Task<> QueueLog::remove() {
  while (!removing_.empty()) {
    std::function<int()> job = [this, paths = std::exchange(removing_, {})] {
      for (const auto& path : paths) (void)disk_.remove(path);
      return 0;
    };
    (void)co_await loop_.blocking(std::move(job), Helper::storage);
  }
  removing_now_ = false;
}

Task<> QueueLog::close() {
  open_ = false;
  co_await gate_.join();
  if (Segment* last = std::exchange(active_, nullptr)) drop_if_done(*last);
  co_await gate_.join();
  lock_.reset();
  segments_.clear();
  active_ = nullptr;
}

}  // namespace gleaner::storage
