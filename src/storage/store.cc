#include "storage/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "storage/frame.h"
#include "storage/rewrite.h"

namespace gleaner::storage {

struct Store::Opened {
  std::unique_ptr<Disk::File> file;
  bool locked = false;
  Recovered content;
};

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstWait = seconds(1), kLongestWait = seconds(30);  // between two tries
constexpr Duration kLook = seconds(1);  // between two looks whether the file still has its name
constexpr Duration kLockPause = milliseconds(20);
constexpr std::uint64_t kMostPending = 64 << 20;  // bytes that wait for a disk that refuses

/// What a live key costs in the file.
std::uint64_t cost(std::string_view key, std::size_t value) { return kOperationHead + key.size() + value; }

/// Keeps a file under a second name, as the first one is going to be another's. @return the name
std::string set_aside(Disk& disk, const std::string& path) {
  std::string name = fmt::format("{}.damaged-{}", path, unix_nanos() / 1'000'000);
  auto ok = disk.link(path, name);
  if (!ok) ok = disk.rename(path, name);  // a file system without second names
  return ok ? name : "(" + ok.error().what + ")";
}

/// Nothing there and nothing can be made: go on without, unlike a file that is there and cannot be read.
bool cannot_make(const Error& error, Disk& disk, const std::string& path) {
  if (error.sys == EROFS || error.sys == ENOSPC || error.sys == EDQUOT || error.sys == ENOENT) return true;
  if (error.sys != EACCES && error.sys != EPERM) return false;
  const auto there = disk.open(path, Disk::Access::read);
  return !there && there.error().sys == ENOENT;
}

}  // namespace

Store::Store(StoreOptions options, Loop& loop, log::Logger logger, metrics::Registry& metrics, Disk& disk)
    : options_(std::move(options)),
      loop_(loop),
      logger_(std::move(logger)),
      disk_(disk),
      timer_(loop),
      metrics_(metrics),
      failures_(metrics.counter("file_storage_failed_writes", options_.labels,
                                "Number of times that state could not be written to its file")),
      gauge_(metrics.gauge("file_storage_size", options_.labels, "Bytes of the file that keeps state",
                           [this] { return static_cast<double>(end_); })) {}

Store::~Store() { metrics_.remove(gauge_); }

/// One try, on the helper. @param held  the same file, opened for reading only; given up when it is no longer
/// needed
Result<Store::Opened> Store::open_file(Disk& disk, const std::string& path, Disk::File* held) {
  Opened out;
  auto file = disk.open(path, Disk::Access::create);
  if (!file) return fail(std::move(file.error()));
  out.file = std::move(*file);
  if (held) {
    if (!out.file->writable()) return fail(Fault::os, "open " + path + ": it may only be read", EROFS);
    held->unlock();
  }
  // Between opening and locking the one who had it may have put another in its place.
  out.locked = out.file->lock() && out.file->is(path);
  if (!out.locked) return out;
  auto content = recover(*out.file);
  if (!content) return fail(std::move(content.error()).in(path));
  out.content = std::move(*content);
  // More than an unfinished write can be.
  if (out.content.kind == Recovered::Kind::good && out.content.torn > kMostFrame)
    out.content.kind = Recovered::Kind::damaged;
  return out;
}

Task<Result<>> Store::open() {
  const TimePoint until = loop_.now() + options_.patience;
  Timer pause(loop_);
  Opened got;
  for (;;) {
    std::function<Result<Opened>()> job = [this] { return open_file(disk_, options_.path); };
    auto opened = co_await loop_.blocking(std::move(job), Helper::storage);
    if (!opened) {
      if (!cannot_make(opened.error(), disk_, options_.path)) co_return fail(std::move(opened.error()));
      fresh_ = open_ = true;
      failed(opened.error());
      co_return Result<>();
    }
    if (opened->locked) {
      got = std::move(*opened);
      break;
    }
    if (loop_.now() >= until)
      co_return fail(Fault::os, fmt::format("open {}: timeout: another process has it", options_.path));
    (void)co_await pause.sleep(kLockPause);
  }
  fresh_ = got.content.kind == Recovered::Kind::empty;
  open_ = true;
  adopt(std::move(got));
  work();
  co_return Result<>();
}

void Store::say_damaged(const Recovered& content) {
  logger_.error(content.version > kVersion
                    ? "The file that keeps state is of a later version; it is put aside"
                    : "The file that keeps state is damaged; it is put aside",
                {{"file", options_.path},
                 {"kept_as", set_aside(disk_, options_.path)},
                 {"damaged_bytes", content.broken + content.torn},
                 {"keys_saved", content.index.size()}});
}

/// Takes over what the file says.
void Store::adopt(Opened opened) {
  file_ = std::move(opened.file);
  Recovered& content = opened.content;
  using Kind = Recovered::Kind;
  if (content.kind == Kind::damaged || content.kind == Kind::foreign)
    say_damaged(content);
  else if (content.torn > 0 && content.kind == Kind::good)
    logger_.warn("The last write before the end was not finished and is left out",
                 {{"file", options_.path}, {"bytes", content.torn}});
  renew_wanted_ = content.kind != Kind::good;
  salt_ = content.salt;
  end_ = content.end;
  index_ = std::move(content.index);
  live_ = 0;
  for (const auto& [key, place] : index_) live_ += cost(key, place.size);
}

std::optional<std::string> Store::get(std::string_view key) const {
  if (const auto waits = pending_.find(key); waits != pending_.end()) return waits->second;
  const auto place = index_.find(std::string(key));
  if (place == index_.end() || !file_) return std::nullopt;
  std::string value(place->second.size, '\0');
  const auto got = file_->read(place->second.at, value.data(), value.size());
  if (!got || *got < value.size()) {
    logger_.error("Reading state failed",
                  {{"file", options_.path}, {"error", got ? "it became shorter" : got.error().what}});
    return std::nullopt;
  }
  return value;
}

void Store::each(const std::function<void(std::string_view, std::string_view)>& what) const {
  for (const auto& [key, _] : index_)
    if (!pending_.contains(key))
      if (const auto value = get(key)) what(key, *value);
  for (const auto& [key, value] : pending_)
    if (value) what(key, *value);
}

void Store::put(std::string_view key, std::string_view value) {
  if (key.size() > kMostKey || value.size() > kMostValue || pending_bytes_ > kMostPending) {
    failures_.add();
    logger_.error("State is not kept: it is too large",
                  {{"file", options_.path}, {"bytes", value.size()}, {"waiting_bytes", pending_bytes_}});
    return;
  }
  const auto [there, made] = pending_.try_emplace(std::string(key));
  if (!made) pending_bytes_ -= cost(key, there->second ? there->second->size() : 0);
  there->second = value;
  pending_bytes_ += cost(key, value.size());
}

void Store::erase(std::string_view key) {
  if (!pending_.contains(key) && !index_.contains(std::string(key))) return;
  const auto [there, made] = pending_.try_emplace(std::string(key));
  if (!made) pending_bytes_ -= cost(key, there->second ? there->second->size() : 0);
  there->second.reset();
  pending_bytes_ += cost(key, 0);
}

void Store::flush() {
  if (pending_.empty() || !open_) return;
  flush_wanted_ = true;
  if (!busy_ && !timer_.running()) work();
}

/// Does what is to be done now, the small things here, the others by the helper. Comes back when it is done.
void Store::work() {
  if (busy_ || !open_ || gave_up_) return;
  if (flush_wanted_ && file_ && !renew_wanted_ && file_->writable()) {
    if (loop_.now() - looked_ >= kLook) {
      looked_ = loop_.now();
      if (!file_->is(options_.path)) {
        logger_.warn("The file that keeps state is gone; it is written anew", {{"file", options_.path}});
        renew_wanted_ = true;
      }
    }
    if (!renew_wanted_) write();
  }
  if (timer_.running() || gave_up_) return;  // it failed
  if (!file_ || !file_->writable()) {
    if (flush_wanted_) gate_.spawn(reopen());
  } else if (renew_wanted_ || wants_rewriting()) {
    gate_.spawn(renew());
  } else if (options_.fsync && unsynced_) {
    gate_.spawn(sync());
  }
}

bool Store::wants_rewriting() const {
  return end_ > 2 * live_ + options_.spare && loop_.now() >= renew_not_before_;
}

/// One frame as a rule; more where a lot has waited.
void Store::write() {
  FrameWriter frame;
  auto waits = pending_.begin();
  while (waits != pending_.end()) {
    const auto first = waits;
    Index places;
    for (; waits != pending_.end() && !frame.full(); ++waits) {
      const auto& [key, value] = *waits;
      if (!value) {
        frame.erase(key);
        continue;
      }
      places[key] = {end_ + frame.size() + kOperationHead + key.size(),
                     static_cast<std::uint32_t>(value->size())};
      frame.put(key, *value);
    }
    if (auto ok = write_frame(frame.finish(salt_, end_)); !ok) return failed(ok.error());
    frame.clear();
    for (auto one = first; one != waits; one = pending_.erase(one)) {
      const auto& [key, value] = *one;
      pending_bytes_ -= cost(key, value ? value->size() : 0);
      if (const auto old = index_.find(key); old != index_.end()) {
        live_ -= cost(key, old->second.size);
        if (!value) index_.erase(old);
      }
      if (!value) continue;
      live_ += cost(key, value->size());
      index_[key] = places[key];
    }
  }
  flush_wanted_ = false;
  went_well();
}

Result<> Store::write_frame(std::string_view frame) {
  const std::uint64_t most = options_.max_size > 0 ? options_.max_size : kMostSize;
  if (end_ + frame.size() > most) {
    if (end_ > 2 * live_ + kHeaderSize) renew_wanted_ = true;  // there is something to be gained
    return fail(Fault::os, fmt::format("write {}: it would be larger than {} bytes", options_.path, most),
                ENOSPC);
  }
  if (auto ok = file_->write(end_, frame); !ok) {
    (void)file_->truncate(end_);                               // what was written of it
    if (end_ > 2 * live_ + kHeaderSize) renew_wanted_ = true;  // a smaller file may fit
    return fail(std::move(ok.error()).in(options_.path));
  }
  end_ += frame.size();
  unsynced_ = true;
  return {};
}

Task<> Store::sync() {
  busy_ = true;
  unsynced_ = false;
  std::function<Result<>()> job = [this] { return file_->sync(); };
  auto ok = co_await loop_.blocking(std::move(job), Helper::storage);
  busy_ = false;
  if (ok) {
    went_well();
  } else {
    renew_wanted_ = true;  // what the kernel could not write it may have forgotten: write all of it again
    failed(std::move(ok.error()).in(options_.path));
  }
  work();
}

Task<> Store::renew() {
  busy_ = true;
  std::function<Result<Rewritten>()> job = [this] {
    return rewrite(disk_, options_.path, file_.get(), index_);
  };
  auto made = co_await loop_.blocking(std::move(job), Helper::storage);
  busy_ = false;
  if (made) {
    file_ = std::move(made->file);
    index_ = std::move(made->index);
    salt_ = made->salt;
    end_ = made->end;
    renew_wanted_ = unsynced_ = false;
    went_well();
  } else {
    // While only room is to be gained, the old file does as well.
    renew_not_before_ = loop_.now() + kLongestWait;
    if (renew_wanted_) {
      failed(made.error());
    } else {
      failures_.add();
      logger_.warn("The file that keeps state could not be made smaller",
                   {{"file", options_.path}, {"error", made.error().what}});
    }
  }
  work();
}

/// There was no file, or it could not be written to.
Task<> Store::reopen() {
  busy_ = true;
  std::function<Result<Opened>()> job = [this] { return open_file(disk_, options_.path, file_.get()); };
  auto opened = co_await loop_.blocking(std::move(job), Helper::storage);
  busy_ = false;
  if (opened && opened->locked)
    adopt(std::move(*opened));
  else
    failed(opened ? Error{Fault::os, "another process has " + options_.path} : opened.error());
  work();
}

void Store::failed(const Error& error) {
  failures_.add();
  if (!failing_)
    logger_.error("State cannot be written to its file; it is kept in memory and tried again",
                  {{"file", options_.path}, {"error", error.what}});
  failing_ = true;
  if (closing_)
    gave_up_ = true;
  else
    retry();
}

void Store::went_well() {
  if (std::exchange(failing_, false))
    logger_.info("State is written to its file again", {{"file", options_.path}});
  wait_ = Duration{0};
}

void Store::retry() {
  wait_ = wait_ == Duration{0} ? kFirstWait : std::min(wait_ * 2, kLongestWait);
  timer_.start(loop_.now() + wait_, [this](bool came) {
    if (!came) return;
    if (!pending_.empty()) flush_wanted_ = true;
    work();
  });
}

Task<> Store::close() {
  if (!open_ || closing_) co_return;
  closing_ = true;
  timer_.cancel();
  if (!pending_.empty()) flush_wanted_ = true;
  work();
  co_await gate_.join();
  open_ = false;
  if (!pending_.empty())
    logger_.error("The last state could not be written to its file",
                  {{"file", options_.path}, {"keys", pending_.size()}});
  file_.reset();
}

}  // namespace gleaner::storage
