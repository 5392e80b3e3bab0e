#!/usr/bin/env python3
"""A real SDK is the client: Python's, with its gRPC and its HTTP exporter, gzip on and off, all three signals.

Two hops: SDK -> gleaner (otlp in, otlp out) -> gleaner (otlp in, files out, once as protobuf and once as JSON). What
the SDK handed to its exporter must come out field by field, in both forms, and some of it is spelt out here, so that
the SDK's own encoder is not the only witness. Also compares the schema the fuzz oracle uses with the published one.

    sdk_test.py GLEANER        with a Python that has tests/requirements.txt (tests/venv.sh)"""
import base64
import json
import pathlib
import re
import struct
import sys
import tempfile
import time

import grpc
from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.profiles.v1development import profiles_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from relay_test import free_port, start, stop  # noqa: E402

REQUESTS = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
ENCODERS = {"traces": encode_spans, "metrics": encode_metrics, "logs": encode_logs}
EXPORTERS = {
    "grpc": {"traces": grpc_traces.OTLPSpanExporter, "metrics": grpc_metrics.OTLPMetricExporter,
             "logs": grpc_logs.OTLPLogExporter},
    "http": {"traces": http_traces.OTLPSpanExporter, "metrics": http_metrics.OTLPMetricExporter,
             "logs": http_logs.OTLPLogExporter},
}
SPANS, RECORDS = 700, 600  # more than one request each: the SDK's batches hold 512


def recording(base, signal, sent, **arguments):
    """The exporter, keeping what it is given."""

    class Recording(base):
        def export(self, data, *rest, **more):
            request = REQUESTS[signal]()
            request.ParseFromString(ENCODERS[signal](data).SerializeToString())
            result = super().export(data, *rest, **more)
            assert result.name == "SUCCESS", (signal, result)
            sent[signal].append(request)
            return result

    return Recording(**arguments)


def make_telemetry(transport, gzip, ports, sent):
    def exporter(signal):
        if transport == "grpc":
            how = {"endpoint": "127.0.0.1:%d" % ports["grpc"], "insecure": True,
                   "compression": grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression}
        else:
            how = {"endpoint": "http://127.0.0.1:%d/v1/%s" % (ports["http"], signal),
                   "compression": Compression.Gzip if gzip else Compression.NoCompression}
        return recording(EXPORTERS[transport][signal], signal, sent, **how)

    resource = Resource.create({"service.name": "sdk-test", "n": 7, "list": ["a", "b"], "ok": True, "ratio": 0.25},
                               schema_url="https://example.invalid/schema/1")
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(exporter("traces"), max_queue_size=4096))
    tracer = tracers.get_tracer("scope", "1.2.3", schema_url="https://example.invalid/scope", attributes={"s": 1})
    with tracer.start_as_current_span("parent", kind=trace.SpanKind.SERVER, attributes={"text": "zażółć \u0001 \"q\"",
                                      "int": -(1 << 63), "big": (1 << 63) - 1, "float": 1e-300, "seq": [1, 2, 3]}) as parent:
        parent.add_event("event", {"k": "v"}, timestamp=1720000000000000001)
        parent.set_status(trace.Status(trace.StatusCode.ERROR, "it broke"))
        link = trace.Link(parent.get_span_context(), {"l": "x" * 300})
        for i in range(SPANS - 1):
            with tracer.start_as_current_span("child %d" % i, links=[link] if i % 7 == 0 else None):
                pass
        loggers = LoggerProvider(resource=resource)
        loggers.add_log_record_processor(BatchLogRecordProcessor(exporter("logs"), max_queue_size=4096))
        logger = loggers.get_logger("log-scope", "0.1")
        bodies = ["line", {"map": {"deep": [1, "two", 3.5, False, None]}, "bytes": b"\x00\xff"}, 42, -1.5, True, b"raw\x00",
                  ["list", {"in": "list"}], None, ""]
        for i in range(RECORDS):
            logger.emit(timestamp=1720000000000000000 + i, observed_timestamp=1720000000000001000 + i,
                        severity_number=SeverityNumber(1 + i % 24), severity_text="S%d" % (i % 24),
                        body=bodies[i % len(bodies)], attributes={"i": i, "even": i % 2 == 0, "nested": {"a": [i]}},
                        event_name="event.name" if i % 3 == 0 else None)
    reader = PeriodicExportingMetricReader(exporter("metrics"), export_interval_millis=3_600_000)
    meters = MeterProvider([reader], resource, views=[View(instrument_type=Histogram, instrument_name="exp*",
                           aggregation=ExponentialBucketHistogramAggregation())])
    meter = meters.get_meter("meter", "2", "https://example.invalid/m", {"attr": "m"})
    counter = meter.create_counter("counter", "By", "counts")
    meter.create_up_down_counter("updown").add(-5, {"a": 1})
    meter.create_observable_gauge("gauge", [lambda _: [__import__("opentelemetry.metrics").metrics.Observation(2.5, {"g": "x"})]])
    plain, exponential = meter.create_histogram("plain", "ms"), meter.create_histogram("exponential", "s")
    for i in range(100):
        counter.add(i, {"shard": i % 10})
        plain.record(i * 1.5, {"h": "x"})
        exponential.record(2.0 ** (i % 20 - 10))
    for provider in (tracers, loggers, meters):
        assert provider.force_flush(20_000)
        provider.shutdown()


def spell_out(sent):
    """What the test itself knows of what was sent."""
    spans = [s for r in sent["traces"] for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans]
    records = [l for r in sent["logs"] for rl in r.resource_logs for sl in rl.scope_logs for l in sl.log_records]
    metrics = {m.name: m for r in sent["metrics"] for rm in r.resource_metrics for sm in rm.scope_metrics for m in sm.metrics}
    assert len(spans) == SPANS and len(records) == RECORDS, (len(spans), len(records))
    parent = [s for s in spans if s.name == "parent"][0]
    assert parent.kind == 2 and parent.status.code == 2 and parent.status.message == "it broke"
    assert parent.events[0].name == "event" and parent.events[0].time_unix_nano == 1720000000000000001
    values = {a.key: a.value for a in parent.attributes}
    assert values["int"].int_value == -(1 << 63) and values["big"].int_value == (1 << 63) - 1
    assert values["text"].string_value == "zażółć \u0001 \"q\"" and values["float"].double_value == 1e-300
    assert all(s.parent_span_id == parent.span_id and s.trace_id == parent.trace_id for s in spans if s.name != "parent")
    assert records[1].body.kvlist_value.values[0].key == "map" and records[5].body.bytes_value == b"raw\x00"
    assert all(r.trace_id == parent.trace_id and r.span_id == parent.span_id for r in records)
    assert records[3].event_name == "event.name" and records[23].severity_number == 24
    points = {m: len(getattr(metrics[m], metrics[m].WhichOneof("data")).data_points) for m in metrics}
    assert points == {"counter": 10, "updown": 1, "gauge": 1, "plain": 1, "exponential": 1}, points
    assert sum(p.as_int for p in metrics["counter"].sum.data_points) == 4950
    assert metrics["counter"].sum.is_monotonic and not metrics["updown"].sum.is_monotonic
    assert metrics["exponential"].exponential_histogram.data_points[0].count == 100


def read_protobuf(path, kind):
    data, out = path.read_bytes() if path.exists() else b"", []
    while len(data) >= 4:
        size = struct.unpack(">I", data[:4])[0]
        if len(data) < 4 + size:
            break
        out.append(kind.FromString(data[4:4 + size]))
        data = data[4 + size:]
    return out


IDS = {"traceId", "spanId", "parentSpanId"}


def as_otlp_json(value, key=""):
    """protobuf's JSON as OTLP writes it: ids in hex; empty objects are the writer's choice."""
    if isinstance(value, dict):
        out = {k: as_otlp_json(v, k) for k, v in value.items()}
        return {k: v for k, v in out.items() if v not in ({}, []) or k in ("arrayValue", "kvlistValue")}
    if isinstance(value, list):
        return [as_otlp_json(v) for v in value]
    if key in IDS and isinstance(value, str) and not re.fullmatch("[0-9a-f]{16}|[0-9a-f]{32}", value):
        return base64.b64decode(value).hex()
    return float(value) if isinstance(value, float) or (isinstance(value, int) and key.startswith(("double", "asDouble", "sum",
                "min", "max", "zeroThreshold")) and not isinstance(value, bool)) else value


def json_of(request):
    return as_otlp_json(json_format.MessageToDict(request, use_integers_for_enums=True))


def floats(value, key=""):
    if isinstance(value, dict):
        return {k: floats(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [floats(v, key) for v in value]
    return float(value) if key == "explicitBounds" else value


def same(what, want, got):
    """Both are lists of messages (protobuf or dict), in any order."""
    want, got = sorted(want, key=str), sorted(got, key=str)
    if want == got:
        return
    for a, b in zip(want, got):
        if a != b:
            lines = [(x, y) for x, y in zip(str(a).split("\n"), str(b).split("\n")) if x != y][:10]
            raise SystemExit("%s differs:\n%s" % (what, "\n".join("  want %s\n  got  %s" % line for line in lines)))
    raise SystemExit("%s: %d messages instead of %d" % (what, len(got), len(want)))


def through(binary, transport, gzip):
    work = pathlib.Path(tempfile.mkdtemp(prefix="sdk-"))
    ports = {"grpc": free_port(), "http": free_port(), "second": free_port()}
    pipelines = "\n".join("    %s: {receivers: [otlp], exporters: [%%s]}" % s for s in REQUESTS)
    files = "".join("  file/%s_%s: {path: %s/%s.%s, format: %s, flush_interval: 0s}\n" % (s, f, work, s, f, f)
                    for s in REQUESTS for f in ("json", "proto"))
    second, second_log = start(binary, work, "second", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters:
%s
service:
  telemetry: {metrics: {level: none}}
  pipelines:
%s
""" % (ports["second"], files, pipelines % tuple("file/%s_json, file/%s_proto" % (s, s) for s in REQUESTS)))
    first, first_log = start(binary, work, "first", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}, http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, compression: %s}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
%s
""" % (ports["grpc"], ports["http"], ports["second"], "gzip" if gzip else "none", pipelines % (("otlp",) * 3)))
    sent = {s: [] for s in REQUESTS}
    make_telemetry(transport, gzip, ports, sent)
    spell_out(sent)
    stop(first, first_log)  # drains
    stop(second, second_log)
    for signal, kind in REQUESTS.items():
        same("%s over %s as protobuf" % (signal, transport), sent[signal], read_protobuf(work / (signal + ".proto"), kind))
        lines = [json.loads(line) for line in (work / (signal + ".json")).read_text().splitlines()]
        same("%s over %s as JSON" % (signal, transport), [floats(json_of(r)) for r in sent[signal]],
             [floats(as_otlp_json(line)) for line in lines])
    ledger = json.loads(re.search(r"Ledger\t(\{.*\})", first_log.read_text()).group(1))
    assert ledger["held"] == ledger["dropped"] == 0 and ledger["in"] == ledger["delivered"], ledger
    return sum(len(sent[s]) for s in sent)


def check_oracle_schema():
    """fuzz/otlp.proto against the published descriptors: names of messages, numbers and wire types of fields."""
    def flat(message, out):
        out[message.name if message.containing_type is None else message.containing_type.name + "." + message.name] = message
        for field in message.fields:
            if field.message_type and field.message_type.full_name not in seen:
                seen.add(field.message_type.full_name)
                flat(field.message_type, out)
        return out

    seen, published = set(), {}
    for kind in [*REQUESTS.values(), profiles_service_pb2.ExportProfilesServiceRequest]:
        flat(kind.DESCRIPTOR, published)
    own, stack = {}, []
    for line in (pathlib.Path(__file__).parent.parent / "fuzz" / "otlp.proto").read_text().splitlines():
        opened = re.match(r"\s*message (\w+) \{", line)
        if opened:
            stack.append(".".join(stack[-1:] + [opened.group(1)]))
            own[stack[-1]] = {}
        elif re.match(r"\s*enum .*\}", line):
            continue
        for label, kind, name, number in re.findall(r"(repeated |optional |)(\w+) (\w+) = (\d+);", line):
            if stack:
                own[stack[-1]][int(number)] = (kind, name)
        if line.rstrip().endswith("}") and stack:
            stack.pop()
    wire = {1: "double", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "bytes", 12: "bytes",
            13: "uint32", 16: "sfixed64", 17: "sint32"}
    for name, message in published.items():
        for field in message.fields:
            want = field.message_type.name if field.message_type else field.enum_type.name if field.enum_type else wire[field.type]
            got = own.get(name, {}).get(field.number)
            assert got == (want, field.name), "fuzz/otlp.proto: %s.%d is %s, published (%s, %s)" % (
                name, field.number, got, want, field.name)
    return len(published)


def main():
    binary = sys.argv[1]
    begin = time.time()
    messages = check_oracle_schema()
    requests = sum(through(binary, transport, gzip) for transport in ("grpc", "http") for gzip in (False, True))
    print("sdk: %d requests of a real SDK over two hops, gRPC and HTTP, plain and gzip, equal field by field; "
          "%d messages of the schema agree; %.1f s" % (requests, messages, time.time() - begin))


if __name__ == "__main__":
    main()
