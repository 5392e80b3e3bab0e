#include "service/config_watch.h"

#include <sys/stat.h>

#include <algorithm>

#include "config/sources.h"

namespace gleaner::service {
namespace {
constexpr Duration kEvery = std::chrono::seconds(2);
}  // namespace

ConfigWatch::ConfigWatch(Loop& loop, const std::vector<std::string>& sources, std::function<void()> changed)
    : loop_(loop), changed_(std::move(changed)) {
  for (const auto& source : sources)
    if (auto uri = config::parse_uri(source); uri.scheme == "file") paths_.push_back(std::move(uri.opaque));
}

Task<> ConfigWatch::stop() {
  stopped_ = true;
  timer_.cancel();
  co_await gate_.join();
}

Task<> ConfigWatch::run() {
  if (paths_.empty()) co_return;
  Stamps served = co_await look(), before = served;
  while (!stopped_ && co_await timer_.sleep(kEvery)) {
    const Stamps now = co_await look();
    const bool settled = now == before && std::find(now.begin(), now.end(), Stamp{}) == now.end();
    before = now;
    if (stopped_ || !settled || now == served) continue;
    served = now;
    changed_();
  }
}

Task<ConfigWatch::Stamps> ConfigWatch::look() {
  std::function<Stamps()> work = [paths = paths_] {
    Stamps stamps;
    for (const auto& path : paths) {
      struct ::stat found {};
      if (::stat(path.c_str(), &found) != 0) {
        stamps.emplace_back();
        continue;
      }
      stamps.push_back({found.st_dev, found.st_ino, found.st_size,
                        found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec});
    }
    return stamps;
  };
  co_return co_await loop_.blocking(std::move(work), Loop::Helper::files);
}

}  // namespace gleaner::service
