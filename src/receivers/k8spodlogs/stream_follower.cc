#include "receivers/k8spodlogs/stream_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "k8s/log_pods.h"
#include "net/url.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kConnect = 30s;     // for an answer to begin
constexpr Duration kShortest = 200ms;  // between two connections
constexpr Duration kLongest = 60s;     // while nothing new comes
// A container that keeps failing is started again after 10 s, 20 s and so on: looked for as often, none of
// its lives is missed. One that is done is left in peace soon.
constexpr Duration kAttentive = 10s;
constexpr Duration kAttentiveFor = 5min;
constexpr Duration kSettled = 3s;           // for the rest of what is repeated
constexpr std::size_t kMaxUnsure = 10'000;  // lines
constexpr std::size_t kMaxWords = 8 << 10;  // bytes of an error's body

/// "2024-05-05T05:00:00Z": the server would cut a fraction anyway.
std::string since_time(std::uint64_t nanos) {
  const auto seconds = static_cast<std::time_t>(nanos / 1'000'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

StreamFollower::StreamFollower(Source source, FollowOptions options, const Surroundings& around)
    : Follower(std::move(source), std::move(options), around),
      resume_(decode(options_.place).value_or(Position{options_.new_since, 0}),
              options_.new_since == 0 || decode(options_.place)),
      lines_(options_.max_line),
      watchdog_(around.loop) {}

void StreamFollower::cancel() {
  Follower::cancel();
  if (stream_) stream_->cancel();
}

std::string StreamFollower::path(bool previous, const Position& from) const {
  std::string out = fmt::format("/api/v1/namespaces/{}/pods/{}/log?timestamps=true",
                                net::query_escape(source_.name_space), net::query_escape(source_.pod));
  out += previous ? "&previous=true" : "&follow=true";
  if (!source_.container.empty()) out += "&container=" + net::query_escape(source_.container);
  if (from.time) out += "&sinceTime=" + since_time(from.time);
  return out;
}

Task<> StreamFollower::run() {
  Duration wait = kShortest;
  TimePoint last_new = loop_.now();
  for (bool first = true; !stopping_; first = false) {
    if (!first) counters_.reconnects.add();
    moved_ = false;
    const End end = co_await follow();
    if (end == End::gone || stopping_) break;
    if (moved_) last_new = loop_.now();
    const bool attentive = end != End::refused && loop_.now() - last_new < kAttentiveFor;
    wait = moved_ ? kShortest : std::min(wait * 2, attentive ? kAttentive : kLongest);
    // Followers of many pods that lost one server do not come back in step.
    const auto spread = static_cast<std::uint64_t>(wait.count() / 4);
    if (!co_await pause(wait - Duration(static_cast<std::int64_t>(unix_nanos() % (spread + 1))))) break;
  }
}

/// One connection, from its beginning to its end.
Task<StreamFollower::End> StreamFollower::follow() {
  auto opened = co_await api_.open(path(false, resume_.position()), loop_.now() + kConnect);
  if (stopping_) co_return End::cut;
  if (!opened) {
    complain(opened.error().what);
    co_return End::cut;
  }
  auto stream = std::move(*opened);
  stream_ = stream.get();
  End end = End::cut;
  if (stream->status() != 200) {
    end = co_await explain(*stream);
  } else {
    all_well();
    before_ = resume_.position();
    resume_.reconnected();
    lines_.clear();
    unsure_.lines.clear();
    unsure_.bytes.clear();
    previous_asked_ = false;
    end = co_await read(*stream);
  }
  stream_ = nullptr;
  co_return end;
}

/// Reads to the end, with a watchdog for silence.
Task<StreamFollower::End> StreamFollower::read(net::HttpStream& stream) {
  for (;;) {
    // What is repeated comes at once: when it stops in the middle of a search, there is no more of it.
    const Duration patience =
        unsure_.lines.empty() ? options_.silence : std::min<Duration>(kSettled, options_.silence);
    bool silent = false;
    watchdog_.start(loop_.now() + patience, [&](bool due) {
      silent = due;
      if (due) stream.cancel();
    });
    auto piece = co_await stream.next();
    watchdog_.cancel();
    if (stopping_) co_return End::cut;
    if (!piece) {
      logger_.debug("the stream ended; going on with another", {{"error", piece.error().what}});
      if (silent) co_await settle();  // cut in the middle of a search, the next connection searches again
      co_return End::cut;
    }
    Bytes carried;
    if (piece->empty()) {
      // The end of the log: its last line may lack a newline.
      auto last = lines_.finish(carried);
      co_await take(std::move(last), {carried});
      co_await settle();
      co_return End::closed;
    }
    auto lines = lines_.feed(*piece, carried);
    co_await take(std::move(lines), {std::move(*piece), std::move(carried)});
  }
}

/// Ends a search that found nothing: what was unsure is new.
Task<> StreamFollower::settle() {
  if (!resume_.give_up()) co_return;
  auto held = std::exchange(unsure_, {});
  if (held.lines.empty()) co_return;
  co_await look_at_previous();
  co_await take(std::move(held.lines), std::move(held.bytes));
}

/// Sorts lines into repeated and new ones, and hands over the new.
Task<> StreamFollower::take(std::vector<StampedLine> lines, std::vector<Bytes> bytes) {
  std::vector<StampedLine> fresh;
  std::uint64_t repeated = 0;
  bool kept = false;
  for (const auto& line : lines) {
    const bool searched = resume_.searching();
    // A line without a time belongs to the one before.
    const auto what = line.time  ? resume_.line(line.time)
                      : searched ? Resume::Line::repeated
                                 : Resume::Line::fresh;
    if (what == Resume::Line::unsure) {
      unsure_.lines.push_back(line);
      kept = true;
      continue;
    }
    if (what != Resume::Line::fresh) {
      ++repeated;
      if (!resume_.searching()) {  // found: what was unsure came before it
        repeated += unsure_.lines.size();
        unsure_.lines.clear();
        unsure_.bytes.clear();
      }
      continue;
    }
    if (searched && resume_.missed()) {
      // The last line read is not in this log any more: the container started anew, or the log was rotated.
      co_await look_at_previous();
      for (const auto& held : unsure_.lines) fresh.push_back(held);
      for (auto& block : unsure_.bytes) bytes.push_back(std::move(block));
      unsure_.lines.clear();
      unsure_.bytes.clear();
    }
    fresh.push_back(line);
  }
  counters_.repeated.add(repeated);
  if (kept && !unsure_.lines.empty())
    for (const auto& block : bytes) unsure_.bytes.push_back(block);
  if (!fresh.empty()) co_await give(std::move(fresh), std::move(bytes), resume_.position());
  if (unsure_.lines.size() > kMaxUnsure) co_await settle();
}

Task<> StreamFollower::give(std::vector<StampedLine> lines, std::vector<Bytes> bytes, const Position& last) {
  moved_ = true;
  Chunk chunk;
  chunk.lines = std::move(lines);
  chunk.bytes = std::move(bytes);
  chunk.place = encode(last);
  co_await hand_over(std::move(chunk));
}

/// The lines of the container's former life that were not read, if the last one read was of it.
Task<> StreamFollower::look_at_previous() {
  if (std::exchange(previous_asked_, true)) co_return;
  const Position last = before_;
  Resume search(last);
  auto answer = co_await api_.ask_for(path(true, last), loop_.now() + kConnect);
  if (!answer || answer->status != 200) {
    counters_.gaps.add();
    logger_.warn("lines may be missing: the last one read is not in the log any more",
                 {{"last", since_time(last.time)}});
    co_return;
  }
  counters_.restarts.add();
  search.reconnected();
  Lines cutter(options_.max_line);
  Bytes carried, tail;
  auto lines = cutter.feed(answer->body, carried);
  for (const auto& line : cutter.finish(tail)) lines.push_back(line);
  std::vector<StampedLine> rest, unsure;
  for (const auto& line : lines) {
    const auto what = line.time            ? search.line(line.time)
                      : search.searching() ? Resume::Line::repeated
                                           : Resume::Line::fresh;
    if (what == Resume::Line::unsure)
      unsure.push_back(line);
    else if (what == Resume::Line::fresh)
      rest.push_back(line);
    else if (!search.searching())
      unsure.clear();
  }
  if (search.missed() || search.give_up()) {
    rest.insert(rest.begin(), unsure.begin(), unsure.end());
    counters_.gaps.add();
    logger_.warn("lines may be missing: the container started anew and its former log was rotated",
                 {{"last", since_time(last.time)}});
  }
  if (!rest.empty()) co_await give(std::move(rest), {answer->body, carried, tail}, search.position());
}

/// Why there is no log.
Task<StreamFollower::End> StreamFollower::explain(net::HttpStream& stream) {
  std::string body;
  for (;;) {
    watchdog_.start(loop_.now() + kConnect, [&](bool due) {
      if (due) stream.cancel();
    });
    auto piece = co_await stream.next();
    watchdog_.cancel();
    if (!piece || piece->empty() || body.size() > kMaxWords) break;
    body += piece->view();
  }
  std::string words = k8s::status_message(body);
  if (words.empty()) words = body.substr(0, 200);
  const int status = stream.status();
  // A container that waits for its image is no trouble.
  if (status == 400 && words.find("waiting to start") != std::string::npos) co_return End::waiting;
  if (status == 404 && words.find("pods \"" + source_.pod + "\"") != std::string::npos) {
    logger_.info("the pod is gone");
    co_return End::gone;
  }
  if (status == 401 || status == 403) {
    complain(fmt::format("{} {}: a Role in namespace {} with resources: [pods/log], verbs: [get] is needed",
                         status, words, source_.name_space));
    co_return End::refused;
  }
  complain(fmt::format("{} {}", status, words));
  co_return End::refused;
}

}  // namespace gleaner::receivers::k8spodlogs
