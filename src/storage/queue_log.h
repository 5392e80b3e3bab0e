#pragma once
// A queue of byte strings that survives the process: segments in a folder (segment.h), written in groups.
//
// append() returns when its record is as safe as the options ask for: in the kernel's hands, which a kill -9
// survives, or with `fsync` on the disk, which a loss of power survives. While the helper thread writes one
// group, what comes in meanwhile becomes the next: as many records share a write (and a sync) as arrive
// during one, and nobody waits for others to come. What is done with is marked in place at once; a segment
// whose records are all done is deleted.
//
// Memory: a few words for each segment and each record handed out; nothing for those that wait.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "storage/queue_files.h"

namespace gleaner::storage {

struct Group;
struct Written;

struct QueueOptions {
  Disk* disk = nullptr;
  std::string folder;
  bool fsync = false;
  std::uint64_t max_size = 0;                   ///< bytes of all files; 0 = kMostQueue
  Duration patience = std::chrono::seconds(1);  ///< how long another process may still have the folder
  std::uint64_t segment_size = 4 << 20;         ///< bytes; a record may make one larger
  char kind = 0;                                ///< of the bodies, for whoever reads them offline
};

class QueueLog {
  struct Segment;

 public:
  static constexpr std::uint64_t kMostQueue = 16ull << 30;  ///< bytes

  QueueLog(QueueOptions options, Loop& loop, log::Logger logger);
  ~QueueLog();

  /// A record that was handed out. Valid until done().
  struct Place {
    Segment* segment = nullptr;
    std::uint64_t at = 0, sequence = 0;
    std::uint32_t size = 0, items = 0, sum = 0;
  };
  struct Got {
    Place place;
    Bytes body;
  };

  /// Finds what is there. A folder that cannot be made is no failure: every append() tries again.
  /// @return Fault::os when it is there and cannot be read, or another process has it
  Task<Result<>> open();
  /// Returns when it is kept. @param body  has to live that long
  /// @return Fault::retryable when the disk refuses, Fault::permanent when it is too large
  Task<Result<Place>> append(const Chain& body, std::uint32_t items);
  /// Hands out a record that was just appended, unless others are to be read before it.
  bool take(const Place& place);
  /// Hands out the next records: `bytes` of them, and one at least unless there are none. One call at a time.
  Task<Result<std::vector<Got>>> read(std::size_t bytes);
  /// Whether there is something to read.
  bool unread() const;
  /// A record that was handed out is not needed any more.
  void done(const Place& place);
  /// Waits for what is under way, and lets go of the folder.
  Task<> close();

  /// Everything that is not done with.
  const Amount& held() const { return held_; }
  std::uint64_t size() const { return size_; }  ///< bytes of the files
  const Loss& lost() const { return lost_; }    ///< since open(), inclusive
  struct Work {
    std::uint64_t groups = 0, records = 0;
  };
  const Work& work() const { return work_; }

 private:
  struct Waiting;
  Result<std::vector<SegmentInfo>> open_folder();
  void adopt(std::vector<SegmentInfo> found);
  void say_lost(const std::string& path, const Loss& loss);
  Task<> write();
  Group next_group(std::vector<Waiting*>& taken);
  void wrote(const Group& group, const std::vector<Waiting*>& taken, Result<Written> result);
  Segment* reading();
  void leave(Segment& segment);
  void drop_if_done(Segment& segment);
  Task<> remove();

  const QueueOptions options_;
  Loop& loop_;
  log::Logger logger_;
  Disk& disk_;
  std::unique_ptr<Disk::File> lock_;
  std::map<std::uint64_t, std::unique_ptr<Segment>> segments_;
  Segment* active_ = nullptr;  ///< the one that is written to
  std::uint64_t cursor_ = 0;   ///< number of the segment to read next
  std::uint64_t next_number_ = 1, salt_ = 0, next_sequence_ = 0, next_before_ = 0;
  std::vector<Waiting*> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::vector<std::string> removing_;
  Amount held_;
  Loss lost_;
  Work work_;
  std::uint64_t size_ = 0;
  bool open_ = false, writing_ = false, reading_ = false, removing_now_ = false;
  bool failing_ = false, marks_failing_ = false;
  Gate gate_;
};

}  // namespace gleaner::storage
