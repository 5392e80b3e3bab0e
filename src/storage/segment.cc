#include "storage/segment.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/little_endian.h"

namespace gleaner::storage {
namespace {

constexpr std::string_view kMagic = "glnrkq";
constexpr std::size_t kWindow = 64 << 10;              // bytes searched at once
constexpr std::uint64_t kMostSearched = 512ull << 20;  // bytes looked at for a record behind broken ones

std::uint32_t head_sum(const char* head, std::uint64_t salt, std::uint64_t at) {
  return static_cast<std::uint32_t>(XXH64(head + 8, kRecordHead - 8, salt ^ (at * 0x9E3779B97F4A7C15)));
}

}  // namespace

Loss& Loss::operator+=(const Loss& other) {
  records += other.records;
  items += other.items;
  bytes += other.bytes;
  return *this;
}

std::string make_segment_header(const SegmentHeader& header) {
  std::string out(kMagic);
  out += static_cast<char>(kSegmentVersion);
  out += '\n';
  out.resize(kSegmentHead);
  store(out.data() + 8, header.salt);
  store(out.data() + 16, header.first);
  store(out.data() + 24, header.before);
  out[32] = header.kind;
  return out;
}

HeaderKind read_segment_header(std::string_view bytes, SegmentHeader& out) {
  if (bytes.size() < kSegmentHead) return HeaderKind::torn;
  if (!bytes.starts_with(kMagic) || bytes[7] != '\n')
    // A machine that lost its power may leave zeros.
    return bytes.substr(0, kSegmentHead).find_first_not_of('\0') == std::string_view::npos
               ? HeaderKind::torn
               : HeaderKind::foreign;
  if (static_cast<std::uint8_t>(bytes[6]) != kSegmentVersion) return HeaderKind::later;
  out.salt = load<std::uint64_t>(bytes.data() + 8);
  out.first = load<std::uint64_t>(bytes.data() + 16);
  out.before = load<std::uint64_t>(bytes.data() + 24);
  out.kind = bytes[32];
  return HeaderKind::good;
}

std::uint32_t append_record(std::string& to, const Chain& body, RecordHead head, std::uint64_t salt,
                            std::uint64_t at) {
  const std::size_t begin = to.size();
  to.resize(begin + kRecordHead);
  for (const auto& part : body.parts()) to += part.view();
  const std::string_view whole = std::string_view(to).substr(begin + kRecordHead);
  char* out = to.data() + begin;
  store(out + 8, static_cast<std::uint32_t>(whole.size()));
  store(out + 12, head.items);
  store(out + 16, head.sequence);
  store(out + 24, head.before);
  store(out + 32, body_sum(whole));
  const std::uint32_t sum = head_sum(out, salt, at);
  store(out, sum);
  return sum;
}

std::optional<RecordHead> read_record_head(std::string_view bytes, std::uint64_t salt, std::uint64_t at) {
  if (bytes.size() < kRecordHead) return std::nullopt;
  RecordHead head;
  head.sum = load<std::uint32_t>(bytes.data());
  if (head.sum != head_sum(bytes.data(), salt, at)) return std::nullopt;
  head.done = load<std::uint32_t>(bytes.data() + kMarkAt) == ~head.sum;
  head.size = load<std::uint32_t>(bytes.data() + 8);
  head.items = load<std::uint32_t>(bytes.data() + 12);
  head.sequence = load<std::uint64_t>(bytes.data() + 16);
  head.before = load<std::uint64_t>(bytes.data() + 24);
  head.body_sum = load<std::uint32_t>(bytes.data() + 32);
  if (head.size > kMostBody) return std::nullopt;
  return head;
}

std::uint32_t body_sum(std::string_view body) {
  return static_cast<std::uint32_t>(XXH64(body.data(), body.size(), 0));
}

std::string done_mark(std::uint32_t sum) {
  std::string mark(sizeof sum, '\0');
  store(mark.data(), ~sum);
  return mark;
}

Result<bool> SegmentReader::body_is_good(std::uint64_t at, const RecordHead& head) {
  XXH64_state_t sum;
  XXH64_reset(&sum, 0);
  std::string piece;
  for (std::uint64_t done = 0; done < head.size;) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow, head.size - done)));
    auto got = file_.read(at + kRecordHead + done, piece.data(), piece.size());
    if (!got) return fail(std::move(got.error()));
    if (*got < piece.size()) return false;
    XXH64_update(&sum, piece.data(), piece.size());
    done += piece.size();
  }
  return static_cast<std::uint32_t>(XXH64_digest(&sum)) == head.body_sum;
}

/// The record at `at`, if it can be the next one.
Result<std::optional<RecordHead>> SegmentReader::record_at(std::uint64_t at, bool bodies) {
  std::optional<RecordHead> head;
  if (next_.end < kRecordHead || at > next_.end - kRecordHead) return head;
  char bytes[kRecordHead];
  auto got = file_.read(at, bytes, sizeof bytes);
  if (!got) return fail(std::move(got.error()));
  head = read_record_head({bytes, *got}, next_.salt, at);
  if (!head) return head;
  if (head->size > next_.end - at - kRecordHead || head->sequence < next_.sequence ||
      head->before < next_.before) {
    head.reset();
  } else if (bodies && !head->done) {
    auto good = body_is_good(at, *head);
    if (!good) return fail(std::move(good.error()));
    if (!*good) head.reset();
  }
  return head;
}

void SegmentReader::found(std::uint64_t at, const RecordHead& head) {
  if (next_.anchored) {
    loss_.records += head.sequence - next_.sequence;
    loss_.items += head.before - next_.before;
  }
  next_.anchored = true;
  head_ = head;
  at_ = at;
  next_.sequence = head.sequence + 1;
  next_.before = head.before + head.items;
  next_.at = at + kRecordHead + head.size;
}

/// No more records from `from` on.
Result<bool> SegmentReader::ended(std::uint64_t from) {
  const std::uint64_t left = next_.end > from ? next_.end - from : 0;
  if (next_.limit && next_.anchored && *next_.limit > next_.sequence) {
    loss_.records += *next_.limit - next_.sequence;
    loss_.items += next_.limit_before > next_.before ? next_.limit_before - next_.before : 0;
    loss_.bytes += left;
  } else {
    torn_ += left;
  }
  next_.at = next_.end;
  if (next_.limit) next_.sequence = std::max(next_.sequence, *next_.limit);
  return false;
}

/// A whole record behind broken ones. Its body is checked: what is looked at is anything.
Result<bool> SegmentReader::search(std::uint64_t from) {
  const std::uint64_t until = std::min(next_.end, from + kMostSearched);
  for (std::uint64_t base = from + 1; base + kRecordHead <= until; base += kWindow) {
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow + kRecordHead, until - base)));
    auto got = file_.read(base, buffer_.data(), buffer_.size());
    if (!got) return fail(std::move(got.error()));
    const std::string_view seen(buffer_.data(), *got);
    for (std::size_t i = 0; i < kWindow && i + kRecordHead <= seen.size(); ++i) {
      if (!read_record_head(seen.substr(i), next_.salt, base + i)) continue;
      auto head = record_at(base + i, true);
      if (!head) return fail(std::move(head.error()));
      if (!*head || (next_.limit && (*head)->sequence >= *next_.limit)) continue;
      loss_.bytes += base + i - from;
      found(base + i, **head);
      return true;
    }
  }
  return ended(from);
}

Result<bool> SegmentReader::next() {
  const std::uint64_t at = next_.at;
  if (at >= next_.end) return ended(at);
  auto head = record_at(at, next_.bodies);
  if (!head) return fail(std::move(head.error()));
  if (!*head) return search(at);
  if (next_.limit && (*head)->sequence >= *next_.limit) return ended(at);
  found(at, **head);
  return true;
}

Result<bool> SegmentReader::body(char* into) {
  auto got = file_.read(at_ + kRecordHead, into, head_.size);
  if (!got) return fail(std::move(got.error()));
  if (*got == head_.size && body_sum({into, *got}) == head_.body_sum) return true;
  loss_.records += 1;
  loss_.items += head_.items;
  loss_.bytes += kRecordHead + head_.size;
  return false;
}

}  // namespace gleaner::storage
