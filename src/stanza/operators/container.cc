// Reads what container runtimes write: docker's JSON, CRI-O's and containerd's lines; joins partial lines;
// takes the pod's names from the path.
//
// Two ways through: the quick one for CRI lines in the body without blocks, which sets the final fields at
// once, and the reference's long one (parse, blocks, moves) for everything else. Partial lines of stdout and
// stderr are kept apart, which the reference does not do.
#include <array>

#include "stanza/joiner.h"
#include "stanza/operators/cri_line.h"
#include "stanza/operators/operators.h"
#include "stanza/operators/pod_path.h"
#include "text/go_format.h"
#include "text/json.h"

namespace gleaner::stanza {
namespace {

constexpr std::string_view kPath = "log.file.path", kStream = "log.iostream", kTag = "logtag";

struct Config {
  ParserConfig parser;
  std::string format;
  bool add_metadata_from_filepath = true;
  config::ByteSize max_log_size{1 << 20};
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::format>("format",
                                       "docker, crio or containerd; default: looked at line by line"),
        config::field<&Config::add_metadata_from_filepath>("add_metadata_from_filepath",
                                                           "set k8s.* resource attributes"),
        config::field<&Config::max_log_size>("max_log_size",
                                             "bytes of a line joined from parts; 0 = no limit"),
    };
    return kTable;
  }
};

enum class Format : std::uint8_t { detect, docker, crio, containerd };

class Container : public Conditional {
 public:
  Container(const Build& build, Conditional::Options options, ParserParts parts, Format format, bool metadata,
            std::size_t max_bytes)
      : Conditional(build.id, "container", build.logger, std::move(options)),
        parts_(std::move(parts)),
        format_(format),
        metadata_(metadata),
        old_(build.compat == config::Compat::v0_102),
        quick_(parts_.parse_from == Field() && parts_.parse_to == Field(Field::Root::attributes) &&
               !parts_.body && !parts_.timestamp && !parts_.severity && !parts_.trace && !parts_.scope_name),
        joiner_(
            {.field = Field(), .with = "", .max_parts = 0, .max_unmatched_parts = 0, .max_bytes = max_bytes},
            build.loop, logger_) {}

  void process(EntryList& list, Flow& flow) override {
    memo_ = {};
    std::size_t kept = 0;
    EntryList out;  // used from the first record on that leaves more or other records behind
    bool moved = false;
    const auto keep = [&](std::size_t i) {
      if (moved) {
        out.push_back(list[i]);
      } else {
        if (kept != i) list[kept] = list[i];
        ++kept;
      }
    };
    for (std::size_t i = 0; i < list.size(); ++i) {
      Entry& entry = list[i];
      const Gate gate_says = options_.condition ? gate(entry) : Gate::run;
      Part part = Part::whole;
      reported_.clear();
      if (gate_says == Gate::failed || (gate_says == Gate::run && !read(entry, flow, part))) {
        if (handle(entry, flow, reported_)) keep(i);
        continue;
      }
      if (part == Part::whole || (part == Part::last && joiner_.empty())) {
        keep(i);
        continue;
      }
      const std::string& key = source_of(entry);
      if (part == Part::last && !joiner_.holds(key)) {
        keep(i);
        continue;
      }
      if (!moved) {
        moved = true;
        out.assign(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept));
      }
      joiner_.add(key, entry, part == Part::last, out, flow);
      if (part == Part::last) joiner_.finish(key, out, flow);
    }
    joiner_.settle();
    if (moved)
      list.swap(out);
    else
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(kept), list.end());
  }
  void flush(TimePoint now, bool all, EntryList& list, Flow& flow) override {
    joiner_.flush(now, all, list, flow);
  }
  std::optional<TimePoint> due() const override { return joiner_.due(); }
  std::uint64_t held() const override { return joiner_.held(); }
  std::optional<Spot> held_from(std::uint32_t source) const override { return joiner_.held_from(source); }

 private:
  enum class Part : std::uint8_t { whole, more, last };

  bool read(Entry& entry, Flow& flow, Part& part) {
    if (quick_ && entry.body.is_string() && format_ != Format::docker) {
      CriLine line;
      const auto text = entry.body.text();
      const bool json = format_ == Format::detect && text.starts_with('{');
      if (!json && scan_cri(text, line) &&
          (format_ == Format::detect || line.zulu == (format_ == Format::containerd)))
        return quick(entry, line, flow, part);
    }
    return slow(entry, flow, part);
  }

  bool quick(Entry& entry, const CriLine& line, Flow& flow, Part& part) {
    const auto time = layout(line.zulu).parse(line.time, text::Zone::utc());
    if (!time) return slow(entry, flow, part);
    entry.timestamp = static_cast<std::uint64_t>(*time);
    entry.body = pdata::Value::string(line.log);
    // One look at the attributes: where the path is, and whether something is in the way.
    const pdata::Value* path = nullptr;
    bool in_the_way = false;
    for (const auto& [key, value] : entry.attributes) {
      if (key == kPath) path = &value;
      in_the_way =
          in_the_way || key == kTag || key == kStream || key == "time" || key == "log" || key == "stream";
    }
    if (in_the_way) {
      for (const std::string_view key : {"time", "log", "stream"}) entry.attributes.erase(key);
      if (old_) entry.attributes.set(flow.arena, "time", pdata::Value::string(line.time));
      entry.attributes.set(flow.arena, kTag, pdata::Value::string(line.tag));
      entry.attributes.set(flow.arena, kStream, pdata::Value::string(line.stream));
      path = entry.attributes.find(kPath);
    } else {
      const bool grows = path != nullptr;
      entry.attributes.items.push_back(flow.arena, {kStream, pdata::Value::string(line.stream)});
      entry.attributes.items.push_back(flow.arena, {kTag, pdata::Value::string(line.tag)});
      if (old_) entry.attributes.items.push_back(flow.arena, {"time", pdata::Value::string(line.time)});
      if (grows) path = entry.attributes.find(kPath);
    }
    part = line.tag == "F" ? Part::last : Part::more;
    return !metadata_ || add_metadata(entry, path, flow);
  }

  bool slow(Entry& entry, Flow& flow, Part& part) {
    const pdata::Value* from = parts_.parse_from.get(entry);
    Format format = format_;
    if (format == Format::detect && !detect(from, format)) return false;
    static constexpr std::string_view kNames[] = {"", "docker container", "cri-o container", "containerd"};
    const auto wrapped = [&] {
      reported_ = (format == Format::docker ? "failed to process the docker log: "
                   : format == Format::crio ? "failed to parse crio log: "
                                            : "failed to parse containerd log: ") +
                  error_;
      return false;
    };
    if (!from)
      return fail(missing_field("Entry is missing the expected parse_from field.", parts_.parse_from)),
             wrapped();
    if (!from->is_string())
      return fail("type '" + std::string(text::go_type(*from)) + "' cannot be parsed as " +
                  std::string(kNames[static_cast<std::size_t>(format)]) + " logs"),
             wrapped();
    pdata::Map found;
    if (format == Format::docker) {
      auto object = reader_.read_object(from->text(), flow.arena);
      if (!object) return fail(object.error().what), wrapped();
      found = *object;
    } else {
      CriLine line;
      if (!scan_cri(from->text(), line) || line.zulu != (format == Format::containerd))
        return fail("regex pattern does not match"), wrapped();
      const auto put = [&](std::string_view key, std::string_view value) {
        found.items.push_back(flow.arena, {key, pdata::Value::string(value)});
      };
      put("time", line.time);
      put("stream", line.stream);
      put(kTag, line.tag);
      put("log", line.log);
    }
    if (!parts_.finish(entry, found, flow.arena, error_)) return wrapped();
    if (!set_time(entry, format != Format::crio)) return false;
    if (!move_attribute(entry, "log", {}, flow) || !move_attribute(entry, "stream", kStream, flow))
      return false;
    if (metadata_ && !add_metadata(entry, entry.attributes.find(kPath), flow)) return false;
    if (format == Format::docker) return true;
    const pdata::Value* tag = entry.attributes.find(kTag);
    part = tag && tag->is_string() && tag->text() == "F" ? Part::last : Part::more;
    return true;
  }

  bool detect(const pdata::Value* from, Format& format) {
    constexpr const char* kPrefix = "failed to detect a valid container log format: ";
    if (!from) return fail(std::string(kPrefix) + "entry cannot be parsed as container logs");
    if (!from->is_string())
      return fail(kPrefix + ("type '" + std::string(text::go_type(*from))) +
                  "' cannot be parsed as container logs");
    CriLine line;
    if (from->text().starts_with('{'))
      format = Format::docker;
    else if (scan_cri(from->text(), line))
      format = line.zulu ? Format::containerd : Format::crio;
    else
      return fail(std::string(kPrefix) +
                  "entry cannot be parsed as container logs: " + std::string(from->text()));
    return true;
  }

  static const text::TimeLayout& layout(bool zulu) {
    static const auto kZulu = *text::TimeLayout::gotime("2006-01-02T15:04:05.999Z");
    static const auto kOffset = *text::TimeLayout::gotime("2006-01-02T15:04:05.999999999Z07:00");
    return zulu ? kZulu : kOffset;
  }

  bool set_time(Entry& entry, bool zulu) {
    const pdata::Value* value = entry.attributes.find("time");
    if (!value) return fail("failed to parse time: failed to get the time from the record");
    if (!value->is_string())
      return fail("failed to parse time: type " + std::string(text::go_type(*value)) +
                  " cannot be parsed as a time");
    const auto time = layout(zulu).parse(value->text(), zulu ? text::Zone::utc() : text::Zone::local());
    if (!time) return fail("failed to parse time: " + time.error().what);
    entry.timestamp = static_cast<std::uint64_t>(*time);
    if (!old_) entry.attributes.erase("time");
    return true;
  }

  /// To an attribute of another name, or to the body when there is none.
  bool move_attribute(Entry& entry, std::string_view from, std::string_view to, Flow& flow) {
    const pdata::Value* there = entry.attributes.find(from);
    if (!there) return fail("move: field " + std::string(from) + " does not exist");
    const pdata::Value value = *there;
    entry.attributes.erase(from);
    if (to.empty()) return Field().set(entry, value, flow.arena);
    if (value.is_map())
      return Field(Field::Root::attributes, {std::string(to)}).set(entry, value, flow.arena);
    entry.attributes.set(flow.arena, to, value);
    return true;
  }

  bool add_metadata(Entry& entry, const pdata::Value* path, Flow& flow) {
    if (!path)
      return fail("operator '" + id() +
                  "' has 'add_metadata_from_filepath' enabled, but the log record attribute '" +
                  std::string(kPath) + "' is missing. Perhaps enable the 'include_file_path' option?");
    if (!path->is_string())
      return fail("type '" + std::string(text::go_type(*path)) + "' cannot be parsed as log path field");
    const auto text = path->text();
    const bool same_path =
        memo_.path.size() == text.size() && (memo_.path.data() == text.data() || memo_.path == text);
    if (!same_path || memo_.base != entry.resource.items.begin() || !memo_.ready) {
      const PodPath& pod = paths_.find(text);
      if (!pod.valid) return fail("failed to detect a valid log path");
      if (old_) {
        for (const auto& [key, value] : named(pod))
          entry.attributes.set(flow.arena, key, pdata::Value::string(flow.arena.copy(*value)));
        return true;
      }
      pdata::Map resource;
      for (const auto& item : entry.resource) resource.items.push_back(flow.arena, item);
      const auto put = [&](std::string_view key, const std::string& value) {
        resource.set(flow.arena, key, pdata::Value::string(flow.arena.copy(value)));
      };
      for (const auto& [key, value] : named(pod)) put(key, *value);
      memo_ = {text, entry.resource.items.begin(), resource, entry.resource_shared || entry.resource.empty()};
      entry.resource = resource;
      entry.resource_shared = memo_.ready;
      return true;
    }
    entry.resource = memo_.resource;
    entry.resource_shared = true;
    return true;
  }

  static std::array<std::pair<std::string_view, const std::string*>, 5> named(const PodPath& pod) {
    return {{{"k8s.namespace.name", &pod.name_space},
             {"k8s.pod.name", &pod.pod},
             {"k8s.pod.uid", &pod.uid},
             {"k8s.container.name", &pod.container},
             {"k8s.container.restart_count", &pod.restart_count}}};
  }

  /// Parts are told apart by file and stream.
  const std::string& source_of(const Entry& entry) {
    const pdata::Value* path = entry.attributes.find(kPath);
    const pdata::Value* stream = entry.attributes.find(kStream);
    if (path && path->is_string())
      key_ = path->text();
    else
      key_ = '#' + std::to_string(entry.origin.source);
    if (stream && stream->is_string()) key_.append(1, '\0').append(stream->text());
    return key_;
  }

  /// The resource of the last path in this batch; entries share it.
  struct Memo {
    std::string_view path;
    const pdata::KeyValue* base = nullptr;  ///< the resource it was made from
    pdata::Map resource;
    bool ready = false;
  };

  ParserParts parts_;
  Format format_;
  bool metadata_;
  bool old_;  ///< as 0.102: k8s.* are attributes, and so is the time
  bool quick_;
  Joiner joiner_;
  PodPaths paths_;
  text::JsonReader reader_;
  Memo memo_;
  std::string key_, reported_;
};

}  // namespace

std::span<const config::Field> container_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_container(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.parser.transformer);
  auto parts = build.parts(config.parser);
  static constexpr std::string_view kFormats[] = {"", "docker", "crio", "containerd"};
  for (std::size_t i = 0; i < 4; ++i)
    if (config.format == kFormats[i])
      return std::make_unique<Container>(build, std::move(options), std::move(parts), static_cast<Format>(i),
                                         config.add_metadata_from_filepath, config.max_log_size.bytes);
  return build.error("format", "operator config has an invalid `format` field: \"" + config.format +
                                   "\" is not one of docker, crio, containerd");
}

}  // namespace gleaner::stanza
