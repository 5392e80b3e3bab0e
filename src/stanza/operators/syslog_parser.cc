// Parses a syslog line and takes timestamp and severity from it.
#include <algorithm>

#include "stanza/operators/operators.h"
#include "stanza/operators/syslog_message.h"
#include "text/go_format.h"

namespace gleaner::stanza {
namespace {

struct Config {
  ParserConfig parser;
  std::string protocol, location;
  bool enable_octet_counting = false, allow_skip_pri_header = false;
  std::optional<std::string> non_transparent_framing_trailer;
  std::uint32_t max_octets = 8192;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::parser>(),
        config::field<&Config::protocol>("protocol", "rfc3164, rfc5424 or none"),
        config::field<&Config::location>("location", "time zone of rfc3164 timestamps; default: UTC"),
        config::field<&Config::enable_octet_counting>("enable_octet_counting",
                                                      "the text is \"LENGTH MESSAGE\""),
        config::field<&Config::max_octets>("max_octets", "longest message with octet counting, bytes"),
        config::field<&Config::non_transparent_framing_trailer>("non_transparent_framing_trailer",
                                                                "LF or NUL behind rfc5424 messages"),
        config::field<&Config::allow_skip_pri_header>("allow_skip_pri_header",
                                                      "accept messages without <PRI>"),
    };
    return kTable;
  }
};

enum class Protocol : std::uint8_t { rfc3164, rfc5424, none };

/// Severity numbers of emerg .. debug.
constexpr int kSeverity[] = {21, 19, 18, 17, 13, 10, 9, 5};

/// Whether there is a <1>, <12> or <123> somewhere in the text.
bool has_priority(std::string_view text) {
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && end - at <= 3 && text[end] >= '0' && text[end] <= '9') ++end;
    if (end > at + 1 && end < text.size() && text[end] == '>') return true;
  }
  return false;
}

class SyslogParser : public Transformer<SyslogParser> {
 public:
  SyslogParser(const Build& build, Conditional::Options options, ParserParts parts, const Config& config,
               Protocol protocol, text::Zone zone)
      : Transformer(build.id, "syslog_parser", build.logger, std::move(options)),
        parts_(std::move(parts)),
        protocol_(protocol),
        zone_(zone),
        octets_(config.enable_octet_counting ? config.max_octets : 0),
        counted_(config.enable_octet_counting),
        old_(build.compat == config::Compat::v0_102),
        skip_pri_(config.allow_skip_pri_header && !config.enable_octet_counting) {
    if (config.non_transparent_framing_trailer)
      trailer_ = *config.non_transparent_framing_trailer == "LF" ? '\n' : '\0';
  }

  bool apply(Entry& entry, Flow& flow) {
    const pdata::Value* from = parts_.parse_from.get(entry);
    if (!from)
      return fail(missing_field("Entry is missing the expected parse_from field.", parts_.parse_from));
    if (!from->is_string())
      return fail("unable to convert type '" + std::string(text::go_type(*from)) + "' to bytes");
    std::string_view line = from->text();
    if (protocol_ == Protocol::none) return raw(entry, line, flow);
    const bool without_priority = skip_pri_ && line.size() > 1 && line[0] != '<';
    SyslogMessage message;
    if (!read(line, flow.arena, message)) return false;
    return put(entry, message, without_priority, flow);
  }

 private:
  bool read(std::string_view line, Arena& arena, SyslogMessage& out) {
    if (counted_) return frames(line, arena, out);
    if (trailer_ && line.ends_with(*trailer_)) line.remove_suffix(1);
    if (skip_pri_ && !has_priority(line)) line = arena.copy("<0>" + std::string(line));
    return one(line, arena, out);
  }
  bool one(std::string_view line, Arena& arena, SyslogMessage& out) {
    out = {};
    return protocol_ == Protocol::rfc5424 ? parse_rfc5424(line, arena, out, error_)
                                          : parse_rfc3164(line, zone_, out, error_);
  }
  /// LENGTH SP MESSAGE, one behind the other; the last one counts.
  bool frames(std::string_view text, Arena& arena, SyslogMessage& out) {
    do {
      std::size_t at = 0, length = 0;
      while (at < text.size() && at < 9 && text[at] >= '0' && text[at] <= '9')
        length = length * 10 + static_cast<std::size_t>(text[at++] - '0');
      if (at == 0 || text[0] == '0' || at >= text.size() || text[at] != ' ')
        return fail("found no length, expecting a MSGLEN");
      if (length > octets_)
        return fail("message too long to parse. was size " + std::to_string(length) + ", max length " +
                    std::to_string(octets_));
      text.remove_prefix(at + 1);
      if (text.size() < length)
        return fail("found EOF, expecting a SYSLOGMSG containing " + std::to_string(length) + " octets");
      if (!one(text.substr(0, length), arena, out)) return false;
      text.remove_prefix(length);
    } while (!text.empty());
    return true;
  }

  bool put(Entry& entry, const SyslogMessage& message, bool without_priority, Flow& flow) {
    pdata::Map found;
    const auto word = [&](std::string_view key, std::string_view value) {
      if (value.data()) found.items.push_back(flow.arena, {key, pdata::Value::string(value)});
    };
    const auto number = [&](std::string_view key, int value) {
      found.items.push_back(flow.arena, {key, pdata::Value::integer(value)});
    };
    word("hostname", message.hostname);
    word("appname", message.appname);
    word("proc_id", message.proc_id);
    word("msg_id", message.msg_id);
    word("message", message.message);
    if (protocol_ == Protocol::rfc5424) {
      number("version", message.version);
      if (!message.elements.empty()) {
        auto data = pdata::Value::new_map(flow.arena);
        for (const auto& element : message.elements) {
          auto parameters = pdata::Value::new_map(flow.arena);
          for (const auto& [name, value] : element.parameters)
            parameters.as_map().items.push_back(flow.arena, {name, pdata::Value::string(value)});
          data.as_map().items.push_back(flow.arena, {element.id, parameters});
        }
        found.items.push_back(flow.arena, {"structured_data", data});
      }
    }
    const int severity = message.priority % 8;
    if (!without_priority) {
      number("priority", message.priority);
      number("severity", severity);
      number("facility", message.priority / 8);
      if (!old_) word("facility_text", facility_name(message.priority / 8));
    }
    const bool ok = parts_.finish(entry, found, flow.arena, error_);
    // The reference keeps the time in attributes.timestamp for a moment; without one, its time parser fails.
    const bool at_home = parts_.parse_to == Field(Field::Root::attributes);
    if (!parts_.timestamp) {
      if (!message.timestamp || !at_home)
        return fail("time parser: " + missing_field("log entry does not have the expected parse_from field",
                                                    Field(Field::Root::attributes, {"timestamp"})));
      entry.timestamp = static_cast<std::uint64_t>(*message.timestamp);
    }
    if (!ok) return false;
    if (!without_priority && !set_severity(entry, severity)) return false;
    return (message.timestamp && at_home) || fail("failed to cleanup timestamp");
  }

  bool set_severity(Entry& entry, int severity) {
    if (!entry.attributes.erase("severity")) return fail("severity field does not exist");
    entry.severity = kSeverity[severity];
    entry.severity_text = severity_word(severity);
    return true;
  }

  /// Anything at all; only a leading <PRI> is looked at.
  bool raw(Entry& entry, std::string_view text, Flow& flow) {
    if (counted_) {
      std::size_t at = 0;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      if (at > 0 && text[0] != '0' && at < text.size() &&
          std::string_view(" \t\n\v\f\r").find(text[at]) != std::string_view::npos)
        text.remove_prefix(at + 1);
    }
    int priority = -1;
    if (text.starts_with('<') && has_priority(text.substr(0, 5))) {
      priority = 0;
      for (std::size_t i = 1; text[i] != '>'; ++i) priority = priority * 10 + (text[i] - '0');
    }
    pdata::Map found;
    const bool known = priority >= 0 && priority <= 191;
    if (known) {
      found.set(flow.arena, "priority", pdata::Value::integer(priority));
      found.set(flow.arena, "severity", pdata::Value::integer(priority % 8));
      found.set(flow.arena, "facility", pdata::Value::integer(priority / 8));
      if (!old_) found.set(flow.arena, "facility_text", pdata::Value::string(facility_name(priority / 8)));
    }
    found.set(flow.arena, "message", pdata::Value::string(text));
    if (!parts_.finish(entry, found, flow.arena, error_)) return false;
    if (known && entry.attributes.find("severity")) return set_severity(entry, priority % 8);
    return true;
  }

  ParserParts parts_;
  Protocol protocol_;
  text::Zone zone_;
  std::size_t octets_;
  bool counted_, old_, skip_pri_;
  std::optional<char> trailer_;
};

}  // namespace

std::span<const config::Field> syslog_parser_fields() { return Config::fields(); }

std::unique_ptr<Operator> make_syslog_parser(const Build& build) {
  const auto config = build.decode<Config>();
  auto options = build.options(config.parser.transformer);
  auto parts = build.parts(config.parser);
  std::string name = config.protocol;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (name.empty()) return build.error("protocol", "missing field 'protocol'");
  if (name != "rfc3164" && name != "rfc5424" && name != "none")
    return build.error("protocol", "unsupported protocol version: " + name);
  const auto& trailer = config.non_transparent_framing_trailer;
  if (trailer && config.enable_octet_counting)
    return build.error("non_transparent_framing_trailer",
                       "only one of octet_counting or non_transparent_framing can be enabled");
  if (trailer && name != "rfc5424")
    return build.error("non_transparent_framing_trailer",
                       "non_transparent_framing is only compatible with protocol rfc5424");
  if (trailer && *trailer != "LF" && *trailer != "NUL")
    return build.error("non_transparent_framing_trailer", "invalid non_transparent_framing_trailer '" +
                                                              *trailer + "'. Must be either 'LF' or 'NUL'");
  const auto zone = text::Zone::load(config.location);
  if (!zone)
    return build.error("location", "failed to load location " + config.location + ": " + zone.error().what);
  const Protocol protocol = name == "rfc3164"   ? Protocol::rfc3164
                            : name == "rfc5424" ? Protocol::rfc5424
                                                : Protocol::none;
  return std::make_unique<SyslogParser>(build, std::move(options), std::move(parts), config, protocol, *zone);
}

}  // namespace gleaner::stanza
