// The wire scan accepts exactly what libprotobuf accepts, but for what its comment names: groups, known
// fields with a wrong wire type, ids of odd length, tags with bits above the 32nd (libprotobuf drops the
// bits). It counts the items libprotobuf finds. Cutting an accepted request anywhere and joining the parts
// gives the items back, each with its resource, scope and metric. Reading and writing it as records keeps the
// count and comes to rest. The first byte chooses the signal, the second the place of the cut.
#include <google/protobuf/unknown_field_set.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "otlp.pb.h"
#include "otlp/cut.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/scan.h"
#include "otlp/wire.h"

namespace {
using namespace gleaner;
namespace pb = google::protobuf;

void check(bool good, int line = __builtin_LINE()) {
  if (good) return;
  std::fprintf(stderr, "otlp_wire_fuzz.cc:%d: the property does not hold\n", line);
  std::abort();
}

struct Oracle {
  bool strict = true;  ///< no group, no known field in a wrong type, no odd id
  std::size_t items = 0;

  void look(const pb::Message& message) {
    const auto& type = *message.GetDescriptor();
    const std::string& name = type.name();
    const bool item =
        name == "LogRecord" || name == "Span" || name == "Sample" || (name.ends_with("DataPoint"));
    items += item;
    const auto& reflection = *message.GetReflection();
    const auto& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i)
      if (unknown.field(i).type() == pb::UnknownField::TYPE_GROUP ||
          type.FindFieldByNumber(unknown.field(i).number()))
        strict = false;
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const auto* field : fields) {
      const std::size_t id = field->name() == "trace_id" || field->name() == "profile_id" ? 16
                             : field->name().ends_with("span_id")                         ? 8
                                                                                          : 0;
      const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE)
          look(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                    : reflection.GetMessage(message, field));
        if (id == 0) continue;
        const auto size = reflection.GetRepeatedString(message, field, i).size();
        if (size != 0 && size != id) strict = false;
      }
    }
  }
};

std::unique_ptr<pb::Message> message_of(SignalKind signal) {
  switch (signal) {
    case SignalKind::logs:
      return std::make_unique<oracle::ExportLogsServiceRequest>();
    case SignalKind::traces:
      return std::make_unique<oracle::ExportTraceServiceRequest>();
    case SignalKind::metrics:
      return std::make_unique<oracle::ExportMetricsServiceRequest>();
    case SignalKind::profiles:
      return std::make_unique<oracle::ExportProfilesServiceRequest>();
  }
  return nullptr;
}

/// One item with everything that stands above it: the fields that lead to no item, in order.
void flatten(SignalKind signal, int level, std::string_view message, const std::string& above,
             std::vector<std::string>& out) {
  const int item_level = signal == SignalKind::metrics ? 5 : 3;
  if (level == item_level) return out.push_back(above + "=" + std::string(message));
  const auto leads_down = [&](std::uint32_t number) {
    if (level == 0 || level == 4) return number == 1;
    if (level == 3) return number == 5 || number == 7 || (number >= 9 && number <= 11);
    return number == 2;
  };
  std::string own = above;
  for (otlp::FieldReader field(message); field.next();)
    if (level > 0 && !leads_down(field.number()))
      own += field.raw();  // above resources nothing belongs to an item
  own += '/';
  for (otlp::FieldReader field(message); field.next();) {
    if (!leads_down(field.number())) continue;
    flatten(signal, level + 1, field.data(), level == 3 ? own + std::to_string(field.number()) : own, out);
  }
}

template <class S>
std::size_t count(const Records<S>& records) {
  Bytes written = otlp::encode(records);
  const auto found = otlp::scan(S::kind, written.view());
  check(found.ok());
  return found.items;
}

template <class S>
void records(const Bytes& request, std::size_t items, bool legacy) {
  Records<S> first;
  otlp::decode(request, first);
  const Bytes once = otlp::encode(first);
  check(legacy ? count(first) <= items : count(first) == items);
  Records<S> second;
  otlp::decode(once, second);
  check(otlp::encode(second).view() == once.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pb::SetLogHandler(nullptr);
  if (size < 2) return 0;
  const SignalKind signal = kSignals[data[0] % std::size(kSignals)];
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto found = otlp::scan(signal, input);

  Oracle oracle;
  const auto message = message_of(signal);
  const bool parsed = message->ParsePartialFromArray(input.data(), static_cast<int>(input.size()));
  if (parsed) oracle.look(*message);
  if (found.fault == otlp::Fault::bad_tag) return 0;  // see above: libprotobuf may have dropped bits
  check(found.ok() == (parsed && oracle.strict));
  if (!found.ok()) {
    check(!found.text().empty());
    return 0;
  }
  check(found.items == oracle.items);
  const Bytes request = Bytes::copy(input);
  if (signal == SignalKind::logs) records<Logs>(request, found.items, found.legacy);
  if (signal == SignalKind::traces) records<Traces>(request, found.items, found.legacy);
  if (signal == SignalKind::metrics) records<Metrics>(request, found.items, found.legacy);
  if (signal == SignalKind::profiles) return 0;  // neither cut nor read as records
  if (found.legacy) return 0;                    // is read as records: never cut as it came
  std::vector<std::string> whole;
  flatten(signal, 0, input, "", whole);
  check(whole.size() == found.items);
  if (found.items < 2) return 0;

  const std::size_t at = 1 + data[1] % (found.items - 1);
  const auto parts = otlp::cut(signal, request, at);
  std::vector<std::string> again;
  flatten(signal, 0, parts.head.flat().view(), "", again);
  check(again.size() == at);
  flatten(signal, 0, parts.tail.flat().view(), "", again);
  check(again == whole);
  return 0;
}
