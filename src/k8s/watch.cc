#include "k8s/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "net/http1.h"
#include "net/url.h"

namespace gleaner::k8s {
namespace {

using namespace std::chrono_literals;

constexpr int kPage = 250;  // objects in an answer: a few MB of pods
constexpr int kSmallestPage = 10;
constexpr Duration kAsk = 60s;      // for a page, and for a watch to begin
constexpr Duration kShortest = 1s;  // waits after trouble
constexpr Duration kLongest = 30s;
// Bookmarks come about once a minute. A silent stream may be dead: a load balancer forgot it.
constexpr Duration kSilence = 3min;
constexpr int kWatchFor = 300, kWatchSpread = 300;  // seconds until the server ends a watch
// etcd holds objects of up to 1.5 MiB; as JSON, in a frame, they are a little longer.
constexpr std::size_t kMaxFrame = 4 << 20;

std::uint64_t random_below(std::uint64_t limit) {
  static thread_local std::minstd_rand engine(std::random_device{}());
  return limit ? engine() % limit : 0;
}

std::string refusal(int status, std::string_view body) {
  const auto said = read_status(body).message;
  return fmt::format("{} {}{}{}", status, net::http_reason(status), said.empty() ? "" : ": ", said);
}

}  // namespace

Watch::Watch(Client& api, Loop& loop, log::Logger logger, Source source, WatchSink& sink)
    : api_(api),
      loop_(loop),
      logger_(logger.with({{"resource", source.path}})),
      source_(std::move(source)),
      sink_(sink),
      page_(kPage),
      lines_(kMaxFrame),
      timer_(loop),
      watchdog_(loop) {}

void Watch::cancel() {
  stopping_ = true;
  timer_.cancel();
  if (stream_) stream_->cancel();
}

std::string Watch::ask(std::string_view more) const {
  return fmt::format("{}?{}{}{}", source_.path, source_.query, source_.query.empty() ? "" : "&", more);
}

void Watch::complain(const Error& error) {
  if (std::exchange(trouble_, error.what) == error.what) return;
  if (error.fault == Fault::permanent)
    logger_.warn("cannot watch objects", {{"error", error.what}});
  else
    logger_.info("watching objects was interrupted", {{"error", error.what}});
}

Task<> Watch::run() {
  Duration wait = kShortest;
  while (!stopping_) {
    moved_ = false;
    const TimePoint begun = loop_.now();
    Result<> ok;
    if (version_.empty()) ok = co_await list();
    if (ok && !stopping_) ok = co_await watch();
    if (stopping_) break;
    if (!ok) complain(ok.error());
    if (moved_) wait = kShortest;
    // A stream that the server ends in order is taken up at once, unless it ends as soon as it begins.
    if (ok && moved_ && loop_.now() - begun >= kShortest) continue;
    const auto spread = static_cast<std::uint64_t>(wait.count() / 2);
    (void)co_await timer_.sleep(wait - Duration(static_cast<std::int64_t>(random_below(spread + 1))));
    wait = std::min(wait * 2, kLongest);
  }
}

Task<Result<>> Watch::list() {
  ++lists_;
  sink_.listing();
  std::string next, version;
  do {
    const std::string where =
        ask(next.empty() ? fmt::format("limit={}", page_)
                         : fmt::format("limit={}&continue={}", page_, net::query_escape(next)));
    auto answer = co_await api_.ask_for(where, loop_.now() + kAsk);
    if (stopping_) co_return Result<>();
    if (!answer && answer.error().sys == EMSGSIZE && page_ > kSmallestPage) page_ /= 2;  // large objects
    if (!answer) co_return fail(std::move(answer.error()).in("list"));
    if (answer->status != 200) {
      // 410: the list took longer than the server remembers. It begins anew.
      const bool passing = answer->status == 410 || answer->status == 429 || answer->status >= 500;
      co_return fail(passing ? Fault::retryable : Fault::permanent,
                     "list: " + refusal(answer->status, answer->body.view()));
    }
    Arena arena;
    auto page = read_list_page(answer->body.view(), arena);
    if (!page) co_return fail(std::move(page.error()).in("list"));
    for (const auto item : page->items) {
      Arena scratch;
      auto object = read_object(item, scratch);
      if (!object) {
        logger_.warn("passing over an object", {{"error", object.error().what}});
        continue;
      }
      object->json = item;
      sink_.there(*object);
    }
    next = page->next;
    version = page->resource_version;
  } while (!next.empty());
  if (version.empty()) co_return fail(Fault::permanent, "list: the answer has no resourceVersion");
  version_ = version;
  moved_ = true;
  sink_.listed();
  synced_ = true;
  co_return Result<>();
}

Task<Result<>> Watch::watch() {
  const auto seconds = kWatchFor + static_cast<int>(random_below(kWatchSpread));
  auto opened = co_await api_.open(
      ask(fmt::format("watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}", seconds,
                      net::query_escape(version_))),
      loop_.now() + kAsk);
  if (stopping_) co_return Result<>();
  if (!opened) co_return fail(std::move(opened.error()).in("watch"));
  auto stream = std::move(*opened);
  stream_ = stream.get();
  lines_.clear();
  Result<> end;
  std::string body;  // of a refusal
  const int status = stream->status();
  const std::uint64_t left_out = lines_.left_out();
  if (status == 200) trouble_.clear();
  for (;;) {
    watchdog_.start(loop_.now() + kSilence, [&](bool due) {
      if (due) stream->cancel();
    });
    auto piece = co_await stream->next();
    watchdog_.cancel();
    if (stopping_) break;
    if (!piece) {
      if (piece.error().fault != Fault::cancelled) end = fail(std::move(piece.error()).in("watch"));
      break;  // cancelled: silent for too long. Goes on from the same place
    }
    if (piece->empty()) break;
    if (status != 200) {
      if (body.size() < 8192) body += piece->view();
      continue;
    }
    moved_ = true;
    lines_.feed(piece->view(), [&](std::string_view line) {
      if (end) end = take(line);
    });
    if (!end) break;
  }
  stream_ = nullptr;
  if (lines_.left_out() > left_out)
    logger_.warn("passed over events longer than an object can be", {{"bytes", kMaxFrame}});
  if (status == 410) version_.clear();
  if (status != 200 && !stopping_)
    end = fail(status == 410 || status == 429 || status >= 500 ? Fault::retryable : Fault::permanent,
               "watch: " + refusal(status, body));
  co_return end;
}

/// One event. An error ends the watch.
Result<> Watch::take(std::string_view line) {
  Arena arena;
  auto frame = read_watch_frame(line, arena);
  if (!frame) return fail(std::move(frame.error()).in("watch"));
  if (frame->event == WatchEvent::error) {
    const auto status = read_status(frame->object);
    if (status.code == 410) version_.clear();  // too old to go on from: everything is listed again
    return fail(Fault::retryable, fmt::format("watch: {} {}", status.code, status.message));
  }
  if (frame->event == WatchEvent::unknown) return {};
  auto object = read_object(frame->object, arena);
  if (!object) {
    logger_.warn("passing over an event", {{"error", object.error().what}});
    return {};
  }
  object->json = frame->object;
  if (frame->event == WatchEvent::deleted)
    sink_.gone(*object);
  else if (frame->event != WatchEvent::bookmark)
    sink_.there(*object);
  if (!object->resource_version.empty()) version_ = object->resource_version;
  return {};
}

}  // namespace gleaner::k8s
