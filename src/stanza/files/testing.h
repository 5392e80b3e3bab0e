#pragma once
// Helpers for tests that follow real files: a folder, a sink, and a loop that runs until something holds.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stanza/files/tailer.h"

namespace gleaner::stanza::files::testing_support {
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// A folder of its own, gone with the test.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "tail-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name = {}) const { return name.empty() ? path_ : path_ + '/' + name; }
  void append(const std::string& name, const std::string& text) { put(name, text, std::ios::app); }
  void write(const std::string& name, const std::string& text) { put(name, text, std::ios::trunc); }
  void rename(const std::string& from, const std::string& to) {
    std::filesystem::rename(path(from), path(to));
  }
  void copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(path(from), path(to));
  }
  void truncate(const std::string& name) { std::filesystem::resize_file(path(name), 0); }
  void remove(const std::string& name) { std::filesystem::remove_all(path(name)); }
  void make(const std::string& name) { std::filesystem::create_directories(path(name)); }
  /// Lets the link `name` lead to `target` in one step.
  void link(const std::string& target, const std::string& name) {
    std::filesystem::create_symlink(path(target), path(name + ".new"));
    rename(name + ".new", name);
  }
  std::uint64_t inode(const std::string& name) const {
    struct stat info {};
    return ::stat(path(name).c_str(), &info) == 0 ? info.st_ino : 0;
  }

 private:
  void put(const std::string& name, const std::string& text, std::ios::openmode how) {
    std::ofstream out(path(name), std::ios::binary | how);
    out << text;
    ASSERT_TRUE(out.good()) << name;
  }
  std::string path_;
};

/// Remembers what was read. Can be made to block, and to keep the memory as an exporter's queue would.
class RecordCatcher : public RecordSink {
 public:
  Texts texts;                  ///< bodies, in order
  Texts names;                  ///< log.file.name of each
  std::string key = "service";  ///< an attribute
  Texts values;                 ///< and its text in each
  std::vector<Origin> origins;
  bool blocked = false, keeping = false, settling = true;
  Signal released;
  std::vector<Reservation> kept;

  Task<> take(Entries&& entries, const File&, std::vector<Reservation> memory) override {
    const Entries mine = std::move(entries);
    while (blocked) co_await released.wait();
    for (const auto& entry : mine.list) {
      texts.emplace_back(entry.body.text());
      const auto* name = entry.attributes.find("log.file.name");
      names.emplace_back(name ? name->text() : "");
      const auto* value = entry.attributes.find(key);
      values.emplace_back(value ? value->text() : "");
      origins.push_back(entry.origin);
    }
    if (keeping)
      for (auto& one : memory) kept.push_back(std::move(one));
  }
  bool settled(const File&) const override { return settling; }
  void release() {
    blocked = false;
    released.notify_all();
  }
};

/// Keeps positions in memory.
class KeptCatcher : public PositionKeeper {
 public:
  std::map<std::uint64_t, Kept> kept;
  std::uint64_t keep(const Kept& one) override {
    const std::uint64_t key = one.position.key ? one.position.key : ++last_;
    kept[key] = one;
    kept[key].position.key = key;
    return key;
  }
  void forget(std::uint64_t key) override { kept.erase(key); }
  std::vector<Kept> list() const {
    std::vector<Kept> out;
    out.reserve(kept.size());
    for (const auto& [_, one] : kept) out.push_back(one);
    return out;
  }

 private:
  std::uint64_t last_ = 0;
};

class LineSink : public log::Sink {
 public:
  Texts lines;
  int count(std::string_view part) const {
    int found = 0;
    for (const auto& line : lines) found += line.find(part) != std::string::npos;
    return found;
  }

 protected:
  void put(std::string_view line) override { lines.emplace_back(line); }
};

class TailerTest : public testing::Test {
 protected:
  Folder folder;
  Loop loop;
  LineSink log;
  Budget budget{64 << 20};
  RecordCatcher sink;
  TailerOptions options;
  std::unique_ptr<Tailer> tailer;

  TailerTest() {
    include("*.log*");
    options.from_beginning = true;
    options.force_flush_period = 30ms;
    options.poll_interval = 20ms;
  }
  ~TailerTest() override { stop(); }

  void include(const std::string& pattern) {
    options.finder.include.clear();
    options.finder.include.push_back(*text::Glob::compile(folder.path(pattern)));
  }
  void start(std::vector<Kept> kept = {}) {
    sink.texts.clear();
    sink.values.clear();
    tailer = std::make_unique<Tailer>(copied(), loop, log::Logger(log), budget, sink);
    if (!kept.empty()) tailer->restore(std::move(kept));
    tailer->start();
  }
  void stop() {
    if (!tailer) return;
    sink.release();
    loop.run_until_done(tailer->stop());
    tailer.reset();
  }
  /// Runs the loop until `condition` holds. @return false when it does not within ten seconds
  bool until(std::function<bool()> condition) { return loop.run_until_done(wait(condition)); }
  bool opened(std::size_t files) {
    return until([&] { return tailer->open_files() == files; });
  }
  /// Waits for the record `text`.
  bool got(const std::string& text) {
    return until([&] { return std::find(sink.texts.begin(), sink.texts.end(), text) != sink.texts.end(); });
  }
  bool got(std::size_t records) {
    return until([&] { return sink.texts.size() >= records; });
  }
  /// One turn of everything that is ready.
  void turn() { loop.run_ready(); }

  static Texts numbered(int from, int to, const std::string& prefix = "line ") {
    Texts out;
    for (int i = from; i < to; ++i) out.push_back(prefix + std::to_string(i));
    return out;
  }
  static std::string joined(const Texts& texts) {
    std::string out;
    for (const auto& text : texts) out += text + '\n';
    return out;
  }
  /// What the tailer has kept. @param unsafe  as in Tailer::keep()
  std::vector<Kept> positions(const Tailer::Unsafe& unsafe = [](std::uint32_t) { return std::nullopt; }) {
    KeptCatcher keeper;
    tailer->keep(keeper, unsafe);
    return keeper.list();
  }

 private:
  /// The options again, for several runs; expressions, which cannot be copied, are there for the first one
  /// only.
  TailerOptions copied() {
    TailerOptions out;
    out.finder.include = options.finder.include;
    out.split.encoding = options.split.encoding;
    out.split.line_start = std::exchange(options.split.line_start, std::nullopt);
    out.split.max_size = options.split.max_size;
    out.entries.record_number = options.entries.record_number;
    out.entries.record_offset = options.entries.record_offset;
    out.attributes = options.attributes;
    out.from_beginning = options.from_beginning;
    out.poll_interval = options.poll_interval;
    out.force_flush_period = options.force_flush_period;
    out.on_truncate = options.on_truncate;
    out.flush_at_stop = options.flush_at_stop;
    out.unpack = options.unpack;
    out.header = options.header;
    out.delete_after_read = options.delete_after_read;
    out.lock = options.lock;
    out.drop_cache = options.drop_cache;
    out.remember = options.remember;
    return out;
  }
  Task<bool> wait(std::function<bool()>& condition) {
    Timer timer(loop);
    const TimePoint end = loop.now() + 10s;
    while (!condition()) {
      if (loop.now() > end) co_return false;
      (void)co_await timer.sleep(1ms);
    }
    co_return true;
  }
};

}  // namespace gleaner::stanza::files::testing_support
