#include "capture/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstring>

#include "capture/scan.h"

namespace gleaner::capture {
namespace {

constexpr std::size_t kBuffer = 64 << 10;            // bytes
constexpr std::int64_t kBlockedPause = 200'000'000;  // ns between two looks while blocked at the cap
constexpr std::string_view kMarker = "gleaner exec\nversion 1\n";

/// Every folder of `path` that is missing, readable for every uid.
int make_folders(const char* path) {
  Path part;
  for (const char* at = path; *at; ++at) {
    if (*at == '/' && at != path && ::mkdir(part.c_str(), 0755) && errno != EEXIST) return errno;
    part.add(std::string_view(at, 1));
  }
  return ::mkdir(path, 0755) && errno != EEXIST ? errno : 0;
}

}  // namespace

Segments::Segments(const SegmentOptions& options, Waiter& waiter)
    : options_(options), waiter_(waiter), buffer_(kBuffer) {}

int Segments::open() {
  if (!buffer_.data() || !catalog_.usable()) return ENOMEM;
  if (const int why = make_folders(options_.dir)) return why;
  dir_.reset(::open(options_.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir_) return errno;
  marker_.reset(::openat(dir_.get(), ".gleaner-exec", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!marker_ || ::flock(marker_.get(), LOCK_EX | LOCK_NB)) {
    const int why = errno;
    dir_.reset();
    return why;
  }
  (void)::fchmod(marker_.get(), 0644);
  // Rewritten as a whole, never shortened: a reader sees it complete or empty. Losing it costs nothing.
  (void)!::pwrite(marker_.get(), kMarker.data(), kMarker.size(), 0);
  if (::mkdirat(dir_.get(), ".ack", 0777) == 0) (void)::fchmodat(dir_.get(), ".ack", 01777, 0);
  catalog_.scan(dir_.get());
  return 0;
}

void Segments::make_ready() {
  if (dir_ && !file_ && options_.at_cap != AtCap::block) (void)roll();
}

void Segments::tick(std::uint64_t wall, std::int64_t steady) {
  stamper_.tick(wall);
  wall_ = wall;
  now_ = steady;
}

void Segments::drop(std::uint64_t size, bool partial, int why) {
  missing_.lines += !partial;
  dropped_lines_ += !partial;
  missing_.bytes += size;
  if (!missing_.why) missing_.why = why;
}

void Segments::record(Stream stream, std::string_view text, bool partial) {
  const std::uint64_t size = record_size(options_.format, stream, text);
  if (!room_for(size)) return drop(size, partial, missing_.why);
  failed_ = false;
  if (options_.format == Format::cri && kBuffer - used_ >= size)
    used_ = static_cast<std::size_t>(
        copy_cri(buffer_.data() + used_, stream, stamper_.next(), partial, text) - buffer_.data());
  else
    write_record(*this, options_.format, stream, stamper_.next(), partial, text);
  if (failed_) return drop(size, partial, missing_.why);
  lines_ += !partial;
}

void Segments::append(std::string_view bytes) {
  while (!bytes.empty() && !failed_) {
    if (used_ == kBuffer) write_out();
    const std::size_t room = kBuffer - used_, take = bytes.size() < room ? bytes.size() : room;
    copy(buffer_.data() + used_, {bytes.data(), take});
    used_ += take;
    bytes.remove_prefix(take);
  }
}

bool Segments::room_for(std::uint64_t size) {
  if (file_ && size_ + used_ + size <= options_.segment) return true;
  if (!file_ && now_ < retry_at_) return false;
  return roll();
}

bool Segments::roll() {
  flush();
  finish_file();
  if (!dir_) {
    if (const int why = open()) {
      missing_.why = why;
      retry_at_ = now_ + kRetry;
      return false;
    }
  }
  if (!below_cap() || !create()) return false;
  announce_gaps();
  return static_cast<bool>(file_);
}

/// Makes room for one more segment, or says that there is none.
bool Segments::below_cap() {
  look_at_acks();
  for (;;) {
    if (catalog_.count() < options_.files &&
        catalog_.disk_bytes() + options_.segment + kOverhead <= options_.total)
      return true;
    if (!catalog_.count()) return true;  // one segment always has its place
    if (options_.at_cap == AtCap::drop_oldest) {
      const std::uint64_t before = gone_.lines;
      catalog_.remove_oldest(dir_.get(), ack_, gone_);
      dropped_lines_ += gone_.lines - before;
      continue;
    }
    if (options_.at_cap == AtCap::drop_newest || waiter_.child_ended()) {
      retry_at_ = now_ + kAckEvery;
      return false;
    }
    (void)waiter_.wait_for(-1, steady_clock() + kBlockedPause);
    now_ = steady_clock();
    wall_ = wall_clock();
    look_at_acks();
  }
}

bool Segments::create() {
  for (number_ = catalog_.newest() + 1;; ++number_) {
    file_.reset(::openat(dir_.get(), segment_name(number_).c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
    if (file_ || errno != EEXIST) break;
  }
  int why = file_ ? 0 : errno;
  if (file_ && ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(options_.segment)) &&
      errno != EOPNOTSUPP && errno != ENOSYS) {
    why = errno;
    (void)::unlinkat(dir_.get(), segment_name(number_).c_str(), 0);
    file_.reset();
  }
  if (why) {
    missing_.why = why;
    retry_at_ = now_ + kRetry;
    return false;
  }
  (void)::fchmod(file_.get(), 0644);  // the reader may have another uid, the program any umask
  catalog_.saw(number_);
  size_ = good_ = lines_ = 0;
  return true;
}

void Segments::announce_gaps() {
  said_ = missing_;
  said_gone_ = gone_;
  announced_ = 0;
  gone_ = {};
  missing_ = {};
  if (said_gone_.any())
    announce(Message("gleaner exec: dropped ", said_gone_.lines, " lines, ", said_gone_.bytes,
                     " bytes, segments ", std::uint64_t(said_gone_.first), "-",
                     std::uint64_t(said_gone_.last))
                 .view());
  if (said_.bytes)
    announce(Message("gleaner exec: dropped ", said_.lines, " lines, ", said_.bytes, " bytes, ",
                     said_.why ? ::strerror(said_.why) : "size cap")
                 .view());
}

void Segments::announce(std::string_view words) {
  failed_ = false;
  write_record(*this, options_.format, Stream::err, stamper_.next(), false, words);
  ++lines_;
  ++announced_;
}

void Segments::look_at_acks() {
  acks_at_ = now_ + kAckEvery;
  ack_ = read_acks(dir_.get(), static_cast<std::int64_t>(wall_ / 1'000'000'000));
  catalog_.remove_read(dir_.get(), ack_);
}

void Segments::flush() {
  if (!file_ || !used_) return;
  write_out();
  if (dir_ && now_ >= acks_at_) look_at_acks();
}

void Segments::write_out() {
  struct stat about {};
  // Somebody deleted it: nobody would ever see what is added.
  if (::fstat(file_.get(), &about) == 0 && about.st_nlink == 0) {
    const std::uint64_t lines = lines_;
    file_.reset();
    size_ = good_ = 0;
    if (!below_cap() || !create()) return write_failed(0, missing_.why);
    lines_ = lines;  // at most: those that were in the deleted file are no loss of ours
  }
  std::size_t done = 0;
  while (done < used_) {
    const auto wrote = ::write(file_.get(), buffer_.data() + done, used_ - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return write_failed(done, wrote ? errno : EIO);
    done += static_cast<std::size_t>(wrote);
  }
  size_ += used_;
  const void* last = ::memrchr(buffer_.data(), '\n', used_);
  if (last)
    good_ = size_ - used_ + static_cast<std::size_t>(static_cast<const char*>(last) - buffer_.data()) + 1;
  used_ = 0;
  said_ = {};
  said_gone_ = {};
  announced_ = 0;
}

/// Only without a reservation: cuts the file back to its last whole record and counts what is lost.
void Segments::write_failed(std::size_t written, int why) {
  const void* last = written ? ::memrchr(buffer_.data(), '\n', written) : nullptr;
  const std::size_t kept =
      last ? static_cast<std::size_t>(static_cast<const char*>(last) - buffer_.data()) + 1 : 0;
  if (last) good_ = size_ + kept;
  missing_.why = why;
  std::uint64_t lost = 0;
  for (std::size_t i = kept; i < used_; ++i) lost += buffer_.data()[i] == '\n';
  if (!kept && !size_) {  // the announcements are lost too: what they said is still to be said
    lost -= announced_ < lost ? announced_ : lost;
    missing_.lines += said_.lines;
    missing_.bytes += said_.bytes;
    if (said_gone_.any()) gone_ = said_gone_;
  }
  said_ = {};
  said_gone_ = {};
  announced_ = 0;
  missing_.lines += lost;
  dropped_lines_ += lost;
  lines_ -= lost < lines_ ? lost : lines_;
  // A record without its end is counted by record() when it is dropped.
  const void* end = ::memrchr(buffer_.data(), '\n', used_);
  const std::size_t whole =
      end ? static_cast<std::size_t>(static_cast<const char*>(end) - buffer_.data()) + 1 : 0;
  missing_.bytes += whole > kept ? whole - kept : 0;
  failed_ = true;
  used_ = 0;
  if (file_) (void)!::ftruncate(file_.get(), static_cast<off_t>(good_));
  size_ = good_;
  finish_file();
  retry_at_ = now_ + kRetry;
}

void Segments::finish_file() {
  if (!file_) return;
  struct stat about {};
  if (size_ == 0 && ::fstat(file_.get(), &about) == 0 && about.st_nlink > 0) {
    (void)::unlinkat(dir_.get(), segment_name(number_).c_str(), 0);
  } else {
    (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));  // the reservation goes back
    if (::fstat(file_.get(), &about) == 0 && about.st_nlink > 0)
      catalog_.add(number_, static_cast<std::uint64_t>(about.st_blocks) * 512, lines_);
  }
  file_.reset();
}

void Segments::close() {
  flush();
  finish_file();
}

}  // namespace gleaner::capture
