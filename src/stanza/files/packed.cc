#include "stanza/files/packed.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gleaner::stanza::files {
namespace {
constexpr std::size_t kInput = 64 << 10;   // raw bytes read at once
constexpr std::size_t kOutput = 64 << 10;  // text decoded at once where nobody wants it
constexpr std::size_t kHead = 4 << 10;     // the longest look at the beginning that is answered from memory
}  // namespace

void Packed::begin(Cursor& cursor, const Mark& mark) const {
  cursor = Cursor{};
  cursor.unpacker = make_unpacker(how_);
  cursor.raw_at = mark.raw;
  cursor.plain_at = mark.plain;
}

std::size_t Packed::decode(Cursor& cursor, int fd, char* to, std::size_t room, std::deque<Mark>* marks,
                           std::string* damage) const {
  std::size_t made = 0;
  while (made < room && !cursor.broken) {
    if (cursor.input_used == cursor.input.size()) {
      cursor.input.resize(kInput);
      cursor.input_used = 0;
      ssize_t got;
      do got = ::pread(fd, cursor.input.data(), kInput, static_cast<off_t>(cursor.raw_at));
      while (got < 0 && errno == EINTR);
      cursor.input.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      cursor.raw_at += cursor.input.size();
      // What the decoder holds back comes out without more input.
    }
    const auto in = std::string_view(cursor.input).substr(cursor.input_used);
    const auto step = cursor.unpacker->step(in, to + made, room - made);
    cursor.input_used += step.used;
    made += step.made;
    cursor.plain_at += step.made;
    if (step.used > 0 || step.boundary) cursor.fresh = step.boundary;
    if (step.boundary && marks)
      marks->push_back({cursor.raw_at - (cursor.input.size() - cursor.input_used), cursor.plain_at});
    if (!step.damage.empty()) {
      cursor.broken = true;
      if (damage && damage->empty()) *damage = step.damage;
      break;
    }
    if (in.empty() && step.made == 0) break;
  }
  return made;
}

bool Packed::measure(int fd, std::uint64_t raw_size, std::size_t most) {
  raw_size_ = raw_size;
  if (!damage_.empty()) return true;
  if (!end_.unpacker) begin(end_, end_mark_);
  std::string sink(kOutput, '\0');
  std::deque<Mark> marks;
  for (std::size_t decoded = 0; decoded < most;) {
    const bool head = end_.plain_at < kHead;
    const std::size_t got = decode(end_, fd, sink.data(), sink.size(), &marks, &damage_);
    if (head && head_.size() + got == end_.plain_at)
      head_.append(sink, 0, std::min(got, kHead - head_.size()));
    if (!marks.empty()) end_mark_ = marks.back();
    marks.clear();
    decoded += got;
    if (got == sink.size()) continue;
    // Between members nothing has to be kept to go on.
    if (end_.fresh && damage_.empty()) {
      const auto plain = end_.plain_at;
      end_ = Cursor{};
      end_.plain_at = plain;
    }
    return true;
  }
  return false;
}

Packed::Mark Packed::mark_before(std::uint64_t at) const {
  Mark best;
  for (const auto& mark : marks_)
    if (mark.plain <= at) best = mark;
  return best;
}

std::size_t Packed::read(int fd, std::uint64_t at, std::size_t count, char* to) {
  const std::uint64_t oldest = reading_.plain_at - window_.size();
  if (!reading_.unpacker || at < oldest) {
    window_.clear();
    begin(reading_, mark_before(at));
  }
  // What is before `at` will not be wanted again.
  std::string scrap;
  while (reading_.plain_at < at) {
    window_.clear();
    scrap.resize(std::min<std::uint64_t>(at - reading_.plain_at, kOutput));
    if (decode(reading_, fd, scrap.data(), scrap.size(), &marks_, nullptr) == 0) return 0;
  }
  while (marks_.size() > 1 && marks_[1].plain <= at) marks_.pop_front();
  window_.erase(0, window_.size() - std::min<std::uint64_t>(window_.size(), reading_.plain_at - at));
  const std::size_t had = window_.size();
  if (had < count) {
    window_.resize(count);
    const std::size_t got = decode(reading_, fd, window_.data() + had, count - had, &marks_, nullptr);
    window_.resize(had + got);
  }
  return window_.copy(to, count);
}

std::string Packed::peek(int fd, std::uint64_t at, std::size_t count) {
  if (at + count <= head_.size()) return head_.substr(at, count);
  if (const std::uint64_t from = reading_.plain_at - window_.size();
      reading_.unpacker && at >= from && at + count <= reading_.plain_at)
    return window_.substr(at - from, count);
  Cursor cursor;
  begin(cursor, mark_before(at));
  std::string out;
  while (cursor.plain_at < at) {
    out.resize(std::min<std::uint64_t>(at - cursor.plain_at, kOutput));
    if (decode(cursor, fd, out.data(), out.size(), nullptr, nullptr) == 0) return {};
  }
  out.resize(count);
  out.resize(decode(cursor, fd, out.data(), count, nullptr, nullptr));
  return out;
}

void Packed::rest() {
  reading_ = Cursor{};
  window_ = std::string();
}

}  // namespace gleaner::stanza::files
