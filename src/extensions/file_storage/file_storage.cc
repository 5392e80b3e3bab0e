#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "extensions/file_storage/config.h"
#include "extensions/file_storage/names.h"
#include "storage/storage.h"
#include "text/utf8.h"

namespace gleaner::extensions::file_storage {
namespace {

constexpr std::string_view kSuffix = ".gleaner";
constexpr std::size_t kLongestName = 200;  // bytes; a file system takes 255, and suffixes come behind it

bool safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

/// The same for the same text, and hardly ever for another.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
  return hash;
}

/// mkdir -p
Result<> make_folders(const std::string& path, unsigned mode) {
  for (std::size_t at = 1; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/') continue;
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("mkdir " + part);
  }
  return {};
}

class FileStorage final : public Extension, public storage::Storage {
 public:
  FileStorage(const Config& config, const Context& context) : config_(config), context_(context) {}

  Task<Result<>> start() override {
    struct stat info {};
    std::string words;
    if (config_.create_directory && ::stat(config_.directory.c_str(), &info) != 0)
      co_return make_folders(config_.directory, config_.mode(words).value_or(0750));
    co_return Result<>();
  }
  Task<Result<>> stop() override {
    for (const auto& store : stores_) co_await store->close();
    co_return Result<>();
  }

  Task<Result<storage::Store*>> open(storage::Owner owner) override {
    const std::string name = short_name(owner);
    const std::string path = fmt::format("{}/{}{}", config_.directory, name, kSuffix);
    for (const auto& store : stores_) {
      if (store->path() != path || !store->released()) continue;
      store->take();
      co_return store.get();
    }
    stores_.push_back(std::make_unique<storage::Store>(
        storage::StoreOptions{.path = path,
                              .fsync = config_.fsync,
                              .max_size = static_cast<std::uint64_t>(config_.max_size),
                              .patience = config_.timeout,
                              .labels = {{"extension", context_.id}, {"file", name}}},
        context_.loop, context_.logger, context_.metrics, storage::real_disk()));
    storage::Store* store = stores_.back().get();
    auto ok = co_await store->open();
    if (ok) co_return store;
    stores_.pop_back();
    co_return fail(std::move(ok.error()));
  }
  storage::QueueOptions queue(const storage::Owner& owner) override {
    storage::QueueOptions options;
    options.disk = &storage::real_disk();
    options.folder = fmt::format("{}/{}.queue", config_.directory, short_name(owner));
    options.fsync = config_.fsync;
    options.max_size = static_cast<std::uint64_t>(config_.max_size);
    options.patience = config_.timeout;
    return options;
  }
  std::string reference_path(const storage::Owner& owner) const override {
    return config_.directory + '/' + file_name(owner);
  }

 private:
  /// The reference's name, unless it is too long for a file system.
  static std::string short_name(const storage::Owner& owner) {
    std::string name = file_name(owner);
    if (name.size() > kLongestName)
      name =
          fmt::format("{}~{:016x}", std::string_view(name).substr(0, kLongestName - 17), fingerprint(name));
    return name;
  }
  const Config config_;
  const Context context_;
  std::vector<std::unique_ptr<storage::Store>> stores_;
};

}  // namespace

std::string file_name(const storage::Owner& owner) {
  std::string type(owner.type);
  std::erase(type, '_');
  std::string raw = fmt::format("{}_{}_{}", owner.kind, type, owner.name);
  if (!owner.part.empty()) raw.append(1, '_').append(owner.part);
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    if (safe(raw[at])) {
      out += raw[at++];
      continue;
    }
    const auto rune = text::next_rune(std::string_view(raw).substr(at));
    out += fmt::format("~{:04X}", static_cast<std::uint32_t>(rune.code));
    at += rune.size;
  }
  return out;
}

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  return std::make_unique<FileStorage>(config, context);
}

}  // namespace gleaner::extensions::file_storage
