#include "receivers/filelog/reference_offsets.h"

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "otlp/wire.h"
#include "storage/bbolt.h"
#include "text/json.h"

namespace gleaner::receivers::filelog {
namespace {
using stanza::files::Kept;

constexpr std::string_view kBucket = "default", kKey = ".knownFiles";
constexpr std::size_t kMostFiles = 100'000;
constexpr std::size_t kMostFingerprint = 1 << 20;  // bytes: as fingerprint_size

tl::unexpected<Error> broken(const char* why) {
  return fail(Fault::permanent, std::string("knownFiles: ") + why);
}

/// Files by their beginnings.
class Collector {
 public:
  void add(std::string fingerprint, std::int64_t offset, std::int64_t records) {
    if (fingerprint.empty() || fingerprint.size() > kMostFingerprint || offset < 0) return;
    auto [there, fresh] = by_beginning_.try_emplace(fingerprint, kept_.size());
    if (fresh) kept_.emplace_back();
    auto& position = kept_[there->second].position;
    if (!fresh && position.offset >= static_cast<std::uint64_t>(offset)) return;
    position.fingerprint = std::move(fingerprint);
    position.offset = static_cast<std::uint64_t>(offset);
    position.record_number = static_cast<std::uint64_t>(std::max<std::int64_t>(records, 0));
  }
  bool full() const { return kept_.size() >= kMostFiles; }
  std::vector<Kept> take() { return std::move(kept_); }

 private:
  std::vector<Kept> kept_;
  std::unordered_map<std::string, std::size_t> by_beginning_;
};

std::int64_t integer(const pdata::Map& map, std::string_view key) {
  const auto* value = map.find(key);
  return value && value->kind() == pdata::Value::Kind::integer ? value->as_int() : 0;
}

/// A count, then as many objects, one a line.
Result<> read_json(std::string_view value, Collector& into) {
  text::JsonReader reader({.parse_ints = true, .strict = true});
  bool first = true;
  while (!value.empty() && !into.full()) {
    const auto line = value.substr(0, value.find('\n'));
    value.remove_prefix(std::min(value.size(), line.size() + 1));
    if (std::exchange(first, false) || line.empty()) continue;
    Arena arena;
    const auto object = reader.read_object(line, arena);
    if (!object) return broken("not JSON");
    const auto* print = object->find("Fingerprint");
    if (!print || !print->is_map()) continue;
    const auto* bytes = print->as_map().find("first_bytes");
    std::string fingerprint;
    if (bytes && bytes->is_string() && !pdata::unbase64(bytes->text(), fingerprint))
      return broken("not base64");
    into.add(std::move(fingerprint), integer(*object, "Offset"), integer(*object, "RecordNum"));
  }
  return {};
}

/// MetadataList{1: Metadata{1: Fingerprint{1: first_bytes}, 2: offset, 3: record_num}}
Result<> read_protobuf(std::string_view value, Collector& into) {
  using otlp::WireType;
  otlp::FieldReader list(value);
  while (list.next() && !into.full()) {
    if (list.number() != 1 || list.type() != WireType::length) continue;
    std::string fingerprint;
    std::int64_t offset = 0, records = 0;
    otlp::FieldReader file(list.data());
    while (file.next()) {
      if (file.number() == 1 && file.type() == WireType::length) {
        otlp::FieldReader print(file.data());
        while (print.next())
          if (print.number() == 1 && print.type() == WireType::length) fingerprint = print.data();
        if (!print.ok()) return broken("not protobuf");
      } else if (file.number() == 2 && file.type() == WireType::varint) {
        offset = static_cast<std::int64_t>(file.value());
      } else if (file.number() == 3 && file.type() == WireType::varint) {
        records = static_cast<std::int64_t>(file.value());
      }
    }
    if (!file.ok()) return broken("not protobuf");
    into.add(std::move(fingerprint), offset, records);
  }
  if (!list.ok()) return broken("not protobuf");
  return {};
}

Result<> read(std::string_view value, Collector& into) {
  if (value.empty()) return {};
  return value[0] >= '0' && value[0] <= '9' ? read_json(value, into) : read_protobuf(value, into);
}

/// "file_input.knownFiles", and with numbers behind it those of polls_to_archive.
bool is_known_files(std::string_view key) {
  const auto at = key.find(kKey);
  return at != std::string_view::npos &&
         key.find_first_not_of("0123456789", at + kKey.size()) == std::string_view::npos;
}

}  // namespace

Result<std::vector<Kept>> decode_known_files(std::string_view value) {
  Collector files;
  if (auto ok = read(value, files); !ok) return fail(std::move(ok.error()));
  return files.take();
}

Result<std::vector<Kept>> read_reference_offsets(const std::string& path) {
  auto file = storage::real_disk().open(path, storage::Disk::Access::read);
  if (!file) {
    if (file.error().sys == ENOENT) return std::vector<Kept>();
    return fail(std::move(file.error()));
  }
  if (!(*file)->lock()) return fail(Fault::retryable, "open " + path + ": timeout: another process has it");
  Collector files;
  Result<> inside;
  auto walked = storage::walk_bbolt(**file, kBucket, [&](std::string_view key, std::string_view value) {
    if (inside && is_known_files(key)) inside = read(value, files);
  });
  if (!walked) return fail(std::move(walked.error()).in(path));
  if (!inside) return fail(std::move(inside.error()).in(path));
  return files.take();
}

}  // namespace gleaner::receivers::filelog
