#include "storage/bbolt.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace gleaner::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "the numbers are read in place");
constexpr std::size_t kPageHead = 16, kElement = 16, kBucketHead = 16;
constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02;
constexpr std::uint32_t kMagic = 0xED0CDAED, kVersion = 2, kIsBucket = 1;
constexpr std::size_t kMetaCovered = 56, kMetaSize = kMetaCovered + 8;

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
  return hash;
}

struct Meta {
  std::uint32_t page_size = 0;
  std::uint64_t root = 0, pages = 0, transaction = 0;
};

class Walker {
 public:
  using What = std::function<void(std::string_view, std::string_view)>;
  Walker(Disk::File& file, const BboltLimits& limits) : file_(file), limits_(limits) {}

  Result<> run(std::string_view bucket, const What& what) {
    auto size = file_.size();
    if (!size) return fail(std::move(size.error()));
    size_ = *size;
    auto found = find_meta();
    if (!found) return fail(std::move(found.error()));
    meta_ = *found;
    std::optional<std::string> header;
    const What look = [&](std::string_view key, std::string_view value) {
      if (key == bucket) header = value;
    };
    wanted_ = kIsBucket;
    if (auto ok = page(meta_.root, look, 0); !ok) return ok;
    if (!header) return {};
    if (header->size() < kBucketHead) return broken("a bucket without a head");
    wanted_ = 0;
    const auto root = load<std::uint64_t>(*header, 0);
    return root == 0 ? content(std::string_view(*header).substr(kBucketHead), what, 0) : page(root, what, 0);
  }

 private:
  static tl::unexpected<Error> broken(const char* why) {
    return fail(Fault::permanent, std::string("not a sound bbolt database: ") + why);
  }

  Result<std::string> read(std::uint64_t at, std::size_t count) {
    if (at > size_ || size_ - at < count) return broken("a page behind the end of the file");
    if ((read_ += count) > limits_.bytes) return broken("larger than what is read of it");
    std::string out(count, '\0');
    auto got = file_.read(at, out.data(), count);
    if (!got) return fail(std::move(got.error()));
    if (*got < count) return broken("it became shorter");
    return out;
  }

  /// The newest meta page that is whole.
  Result<Meta> find_meta() {
    std::optional<Meta> best;
    const auto look = [&](std::uint64_t at) -> Result<> {
      if (size_ < at + kPageHead + kMetaSize) return {};
      auto bytes = read(at + kPageHead, kMetaSize);
      if (!bytes) return fail(std::move(bytes.error()));
      const std::string_view b = *bytes;
      if (load<std::uint32_t>(b, 0) != kMagic || load<std::uint32_t>(b, 4) != kVersion ||
          load<std::uint64_t>(b, kMetaCovered) != fnv1a(b.substr(0, kMetaCovered)))
        return {};
      const Meta meta{load<std::uint32_t>(b, 8), load<std::uint64_t>(b, 16), load<std::uint64_t>(b, 40),
                      load<std::uint64_t>(b, 48)};
      if (std::has_single_bit(meta.page_size) && meta.page_size >= 1024 && meta.page_size <= (1 << 16) &&
          (!best || meta.transaction > best->transaction))
        best = meta;
      return {};
    };
    if (auto ok = look(0); !ok) return fail(std::move(ok.error()));
    // The second one is a page away; when the first is broken that says how far a page is.
    const std::uint32_t known = best ? best->page_size : 0;
    for (std::uint32_t step = known ? known : 1024; step <= (1u << 16); step *= 2) {
      if (auto ok = look(step); !ok) return fail(std::move(ok.error()));
      if (known || best) break;
    }
    if (!best) return broken("no whole meta page");
    return *best;
  }

  Result<> page(std::uint64_t id, const What& what, int depth) {
    if (depth > limits_.depth) return broken("too deep");
    if (id < 2 || id >= meta_.pages) return broken("a page that is not there");
    if (id > size_ / meta_.page_size) return broken("a page behind the end of the file");
    const std::uint64_t at = id * meta_.page_size;
    auto head = read(at, kPageHead);
    if (!head) return fail(std::move(head.error()));
    if (load<std::uint64_t>(*head, 0) != id) return broken("a page with another number");
    const auto more = load<std::uint32_t>(*head, 12);
    const std::uint64_t bytes = (std::uint64_t{more} + 1) * meta_.page_size;
    if (bytes > limits_.page) return broken("a page that is too large");
    auto whole = read(at, static_cast<std::size_t>(bytes));
    if (!whole) return fail(std::move(whole.error()));
    return content(*whole, what, depth);
  }

  /// @param page  its head, elements, keys and values
  Result<> content(std::string_view page, const What& what, int depth) {
    if (page.size() < kPageHead) return broken("a page that is cut short");
    const auto flags = load<std::uint16_t>(page, 8);
    const std::size_t count = load<std::uint16_t>(page, 10);
    if (page.size() - kPageHead < count * kElement) return broken("a page with too many elements");
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = kPageHead + i * kElement;
      if (flags & kBranch) {
        if (auto ok = this->page(load<std::uint64_t>(page, at + 8), what, depth + 1); !ok) return ok;
        continue;
      }
      if (!(flags & kLeaf)) return broken("a page of another kind");
      const auto position = at + load<std::uint32_t>(page, at + 4);
      const std::uint64_t key = load<std::uint32_t>(page, at + 8), value = load<std::uint32_t>(page, at + 12);
      if (position > page.size() || page.size() - position < key + value) return broken("an element outside");
      if ((load<std::uint32_t>(page, at) & kIsBucket) != wanted_) continue;
      what(page.substr(position, key), page.substr(position + key, value));
    }
    return {};
  }

  Disk::File& file_;
  const BboltLimits limits_;
  std::uint64_t size_ = 0, read_ = 0;
  std::uint32_t wanted_ = 0;  ///< buckets or values
  Meta meta_;
};

}  // namespace

Result<> walk_bbolt(Disk::File& file, std::string_view bucket,
                    const std::function<void(std::string_view, std::string_view)>& what,
                    const BboltLimits& limits) {
  return Walker(file, limits).run(bucket, what);
}

}  // namespace gleaner::storage
