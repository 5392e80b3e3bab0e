// A segment of a queue, damaged. Properties: no record comes back that was not written, at its place and in
// order; what stands before the damage comes back whole; and found, lost and torn add up.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "storage/memory_disk.h"
#include "storage/segment.h"

using namespace gleaner;
using namespace gleaner::storage;
using testing_support::MemoryDisk;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::uint64_t kSalt = 42;

struct Found {
  std::vector<std::pair<std::uint64_t, std::string>> bodies;  ///< by sequence
  Loss loss;
  std::uint64_t next = 0;
};

Found read(const std::string& bytes, SegmentReader::Options options) {
  MemoryDisk disk;
  disk.names["f"] = std::make_shared<MemoryDisk::Inode>();
  disk.names["f"]->now = bytes;
  auto file = disk.open("f", Disk::Access::read);
  options.end = bytes.size();
  SegmentReader reader(**file, options);
  Found out;
  for (;;) {
    auto more = reader.next();
    require(more.has_value());
    if (!*more) break;
    require(reader.at() + kRecordHead + reader.head().size <= bytes.size());
    std::string body(reader.head().size, '\0');
    auto good = reader.body(body.data());
    require(good.has_value());
    if (*good) out.bodies.emplace_back(reader.head().sequence, std::move(body));
  }
  out.loss = reader.loss();
  out.next = reader.position().sequence;
  auto again = reader.next();  // the end stays the end
  require(again.has_value() && !*again && reader.loss().records == out.loss.records);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string raw(reinterpret_cast<const char*>(data), size);
  SegmentHeader header;
  (void)read_segment_header(raw, header);
  SegmentReader::Options options;
  options.salt = header.salt;
  (void)read(raw, options);  // as it is: no record of ours, as a rule

  // A segment of records, then bytes of it changed.
  options.salt = kSalt;
  std::string file = make_segment_header({kSalt, 0, 0, 'l'});
  std::vector<std::string> written;
  std::vector<std::size_t> ends;
  RecordHead head;
  std::size_t at = 0;
  for (; at + 1 < size && data[at] != 0; at += 2) {
    written.emplace_back(data[at], static_cast<char>(data[at + 1]));
    head.items = data[at + 1];
    append_record(file, Chain(Bytes::copy(written.back())), head, kSalt, file.size());
    ++head.sequence;
    head.before += head.items;
    ends.push_back(file.size());
  }
  const Found whole = read(file, options);
  require(whole.bodies.size() == written.size() && !whole.loss.any());

  std::size_t first = file.size();  // where the damage begins
  for (++at; at + 3 < size; at += 4) {
    const std::size_t where = (data[at] << 8 | data[at + 1]) % file.size();
    if (where < kSegmentHead) continue;  // read by others: the header
    first = std::min(first, where);
    if (data[at + 2] == 0)
      file.resize(where);
    else if (data[at + 2] == 1)  // a part of the file somewhere else: a block of another one
      file.replace(where, 64, file, kSegmentHead, std::min<std::size_t>(64, file.size() - where));
    else
      file[where] = static_cast<char>(file[where] ^ data[at + 3]);
  }
  if (size & 1) {  // the next segment says where this one ended
    options.limit = written.size();
    options.limit_before = head.before;
  }
  for (const bool bodies : {false, true}) {
    options.bodies = bodies;
    const Found got = read(file, options);
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < got.bodies.size(); ++i) {
      const auto& [sequence, body] = got.bodies[i];
      require(sequence < written.size() && body == written[sequence]);
      require(i == 0 || sequence > last);
      last = sequence;
    }
    std::size_t intact = 0;
    while (intact < ends.size() && ends[intact] <= first) ++intact;
    require(got.bodies.size() >= intact);
    for (std::size_t i = 0; i < intact; ++i) require(got.bodies[i].first == i);
    require(got.bodies.size() + got.loss.records == got.next);
    if (options.limit) require(got.next == written.size());
  }
  return 0;
}
