#pragma once
// gleaner's own log, in the two shapes zap prints and people's log pipelines already parse.
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Encoding : std::uint8_t { console, json };

/// One key and its value, already in JSON.
struct Field {
  std::string key;
  std::string json;

  Field(std::string_view k, std::string_view text);
  Field(std::string_view k, const char* text) : Field(k, std::string_view(text)) {}
  Field(std::string_view k, const std::string& text) : Field(k, std::string_view(text)) {}
  Field(std::string_view k, bool value) : key(k), json(value ? "true" : "false") {}
  Field(std::string_view k, double value);
  template <class T>
    requires std::is_integral_v<T>
  Field(std::string_view k, T value) : key(k), json(std::to_string(value)) {}
  /// `text` is JSON already.
  static Field raw(std::string_view k, std::string text);

 private:
  Field() = default;
};
using Fields = std::initializer_list<Field>;

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Where lines go and how they look. One per process (and one per test); all lanes write to it.
class Sink {
 public:
  struct Options {
    Level level = Level::info;
    Encoding encoding = Encoding::console;
    bool sampling = true;  ///< first `initial` lines of one message and level per tick, then every n-th
    std::uint32_t initial = 10;
    std::uint32_t thereafter = 100;
  };
  explicit Sink(std::FILE* out = stderr) : out_(out) {}
  virtual ~Sink() = default;
  /// To be called while one thread runs, or before others log.
  void configure(const Options& options) { options_ = options; }
  const Options& options() const { return options_; }
  /// Lines dropped by sampling since start.
  std::uint64_t sampled_out() const { return sampled_out_; }
  /// Puts one record out. `fields` go behind the logger's own.
  void write(Level level, std::string_view message, const std::vector<Field>& own, Fields fields,
             bool sampled = true);

 protected:
  /// One finished line with its newline.
  virtual void put(std::string_view line);

 private:
  bool admit(Level level, std::string_view message);
  std::FILE* out_;
  std::mutex mutex_;  // over what follows, and over put()
  Options options_;
  struct Seen {
    std::int64_t tick = -1;
    std::uint32_t count = 0;
  };
  std::vector<Seen> seen_;
  std::uint64_t sampled_out_ = 0;
};

/// A sink and the fields that say who speaks. Cheap to copy.
class Logger {
 public:
  explicit Logger(Sink& sink) : sink_(&sink) {}
  /// The same logger with more fields in front of every record's own.
  Logger with(Fields fields) const;

  /// The same logger, every line of which is printed.
  Logger unsampled() const {
    Logger all = *this;
    all.sampled_ = false;
    return all;
  }

  void debug(std::string_view message, Fields fields = {}) const { write(Level::debug, message, fields); }
  void info(std::string_view message, Fields fields = {}) const { write(Level::info, message, fields); }
  void warn(std::string_view message, Fields fields = {}) const { write(Level::warn, message, fields); }
  void error(std::string_view message, Fields fields = {}) const { write(Level::error, message, fields); }
  bool enabled(Level level) const { return level >= sink_->options().level; }

 private:
  void write(Level level, std::string_view message, Fields fields) const {
    if (enabled(level)) sink_->write(level, message, own_ ? *own_ : kNone, fields, sampled_);
  }
  static const std::vector<Field> kNone;
  Sink* sink_;
  bool sampled_ = true;
  std::shared_ptr<const std::vector<Field>> own_;  // shared: every component copies its logger around
};

}  // namespace gleaner::log
