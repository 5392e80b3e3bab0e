#include "receivers/filelog/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>

namespace gleaner::receivers::filelog {
namespace {
using stanza::files::Kept;
using stanza::files::Position;

constexpr char kVersion = 1;
constexpr std::string_view kRun = "run";
constexpr std::size_t kPositionHead = 2 + 4 * 8;

std::string name(char kind, std::uint64_t key) { return fmt::format("{}{}", kind, key); }

std::optional<std::uint64_t> key_of(std::string_view name) {
  std::uint64_t key = 0;
  const auto end = name.data() + name.size();
  const auto got = std::from_chars(name.data() + 1, end, key);
  if (got.ec != std::errc() || got.ptr != end || key == 0) return std::nullopt;
  return key;
}

std::string encode(const Kept& kept) {
  std::string out{kVersion, static_cast<char>(kept.fate)};
  for (const std::uint64_t number :
       {kept.position.offset, kept.position.record_number, kept.identity.device, kept.identity.inode})
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  return out += kept.position.anchor;
}

bool decode(std::string_view bytes, Kept& into) {
  if (bytes.size() < kPositionHead || bytes.size() > kPositionHead + Position::kAnchor ||
      bytes[0] != kVersion || bytes[1] < 0 || bytes[1] > static_cast<char>(Kept::Fate::truncated))
    return false;
  into.fate = static_cast<Kept::Fate>(bytes[1]);
  std::size_t at = 2;
  for (std::uint64_t* number :
       {&into.position.offset, &into.position.record_number, &into.identity.device, &into.identity.inode}) {
    std::memcpy(number, bytes.data() + at, sizeof *number);
    at += sizeof *number;
  }
  into.position.anchor = bytes.substr(kPositionHead);
  return into.position.anchor.size() <= into.position.offset;
}

}  // namespace

std::vector<Kept> Checkpoints::load() {
  struct Half {
    Kept kept;
    bool beginning = false, position = false;
  };
  std::map<std::uint64_t, Half> found;
  std::vector<std::string> broken;
  store_.each([&](std::string_view name, std::string_view value) {
    if (name == kRun) return void(earlier_run_ = true);
    const auto key = name.empty() ? std::nullopt : key_of(name);
    bool good = false;
    if (key && name[0] == 'f' && value.size() > 1 && value[0] == kVersion) {
      auto& half = found[*key];
      half.kept.position.fingerprint = value.substr(1);
      good = half.beginning = true;
    } else if (key && name[0] == 'p') {
      auto& half = found[*key];
      good = half.position = decode(value, half.kept);
    }
    if (!good) broken.emplace_back(name);
  });
  std::size_t halves = 0;
  std::vector<Kept> out;
  for (auto& [key, half] : found) {
    last_ = key;
    if (!half.beginning || !half.position) {
      ++halves;
      if (half.beginning) broken.push_back(name('f', key));
      if (half.position) broken.push_back(name('p', key));
      continue;
    }
    half.kept.position.key = key;
    out.push_back(std::move(half.kept));
  }
  if (halves + broken.size() > 0)
    logger_.warn("Some of the offsets kept cannot be used; their files are read from the beginning",
                 {{"values", broken.size()}});
  for (const auto& key : broken) store_.erase(key);
  if (out.size() > kMost) {
    for (std::size_t i = 0; i < out.size() - kMost; ++i) forget(out[i].position.key);
    out.erase(out.begin(), out.end() - kMost);
  }
  for (const auto& kept : out) {
    const auto& at = kept.position;
    known_[at.key] = {at.offset, at.record_number, kept.identity.inode,
                      static_cast<std::uint32_t>(at.fingerprint.size()), kept.fate};
  }
  store_.put(kRun, std::string_view(&kVersion, 1));
  return out;
}

void Checkpoints::adopt(std::vector<Kept>& kept) {
  for (auto& one : kept) one.position.key = keep(one);
}

std::uint64_t Checkpoints::keep(const Kept& kept) {
  const auto& at = kept.position;
  const std::uint64_t key = at.key ? at.key : ++last_;
  const Known now{at.offset, at.record_number, kept.identity.inode,
                  static_cast<std::uint32_t>(at.fingerprint.size()), kept.fate};
  const auto [known, fresh] = known_.try_emplace(key);
  Known& before = known->second;
  if (fresh || before.fingerprint != now.fingerprint) {
    std::string value(1, kVersion);
    store_.put(name('f', key), value += at.fingerprint);
  }
  if (fresh || before.offset != now.offset || before.record_number != now.record_number ||
      before.inode != now.inode || before.fate != now.fate)
    store_.put(name('p', key), encode(kept));
  before = now;
  return key;
}

void Checkpoints::forget(std::uint64_t key) {
  known_.erase(key);
  store_.erase(name('f', key));
  store_.erase(name('p', key));
}

}  // namespace gleaner::receivers::filelog
