#!/usr/bin/env python3
"""A real SDK is the client: OpenTelemetry for Python hands traces, metrics and logs to a gleaner, over gRPC and HTTP,
compressed and not. They go through two hops (otlp, batch that joins and splits, otlp; otlp, file) and what stands in the
file is compared with the SDK's own requests, field by field.

The SDK lives in build/venv, made on the first run from the packages below."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

PACKAGES = [
    "opentelemetry-sdk==1.45.2", "opentelemetry-api==1.45.2", "opentelemetry-proto==1.45.2",
    "opentelemetry-exporter-otlp-proto-grpc==1.45.2", "opentelemetry-exporter-otlp-proto-http==1.45.2",
    "grpcio==1.85.3", "protobuf==7.36.2", "requests==2.34.2",
]
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "build/venv"


def enter_venv():
    """Starts this program again with the interpreter of the virtual environment; returns there."""
    if pathlib.Path(sys.prefix) == FOLDER:
        return
    made_of = FOLDER / "made_of"  # written last: a half-made folder is made again
    words = "\n".join([sys.version, *PACKAGES])
    if not made_of.exists() or made_of.read_text() != words:
        venv.create(FOLDER, clear=True, with_pip=True)
        subprocess.run([FOLDER / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
        made_of.write_text(words)
    os.execv(FOLDER / "bin/python3", [str(FOLDER / "bin/python3"), *sys.argv])


enter_venv()
import base64
import collections
import json
import logging
import re

import grpc
from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs, metric_exporter as grpc_metrics, trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression, _log_exporter as http_logs, metric_exporter as http_metrics, trace_exporter as http_traces
from opentelemetry.metrics import Observation
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk import metrics as sdk_metrics
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from relay_test import free_port, start, stop

HOPS = ["""
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}}
processors: {batch: {timeout: 100ms, send_batch_size: 20, send_batch_max_size: 23}}
exporters: {otlp: {endpoint: "127.0.0.1:%(second)d", tls: {insecure: true}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [otlp]}
    logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}
""", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(second)d"}}}}
exporters: {file: {path: "%(out)s"}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
    metrics: {receivers: [otlp], exporters: [file]}
    logs: {receivers: [otlp], exporters: [file]}
"""]
VALUES = {
    "text": "Grüße, 世界 \U0001f600 \"quoted\" \\ \n\t\x01 </script>", "empty": "", "yes": True, "no": False, "zero": 0,
    "least": -(2**63), "most": 2**63 - 1, "double": 0.1, "whole": 3.0, "tiny": 5e-324, "huge": 1.7976931348623157e308,
    "minus zero": -0.0, "inf": float("inf"), "minus inf": float("-inf"), "nan": float("nan"), "bytes": bytes(range(256)),
    "texts": ["a", "", "ö"], "bools": [True, False], "ints": [1, -1, 2**62], "doubles": [1.5, -2.25], "none left": [],
    "map": {"inner": {"deep": [1, "two", 3.0, None]}, "x": b"\x00\xff"},
}
LABELS = {key: value for key, value in VALUES.items() if isinstance(value, (str, bool, int, float))}


class Signal:
    """What one signal of one run handed over: the requests as the SDK encoded them, and what its exporter said."""

    def __init__(self, request, encode):
        self.request, self.encode, self.requests, self.results = request, encode, [], []

    def recording(self, base, **options):
        """The SDK's exporter `base`, which also keeps what it is given."""
        signal = self

        class Recording(base):
            def export(self, data, *more, **named):
                signal.requests.append(signal.encode(data))
                result = super().export(data, *more, **named)
                signal.results.append(result.name)
                return result

        return Recording(**options)


def send_traces(exporter, resource):
    provider = TracerProvider(resource=resource, span_limits=SpanLimits(max_events=4, max_links=3, max_span_attributes=30))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.cart", "1.2.3", schema_url="https://opentelemetry.io/schemas/1.27.0", attributes={"scope": "yes"})
    state = trace.TraceState([("vendor", "a-b:c"), ("other", "1")])
    remote = trace.SpanContext(0x0123456789ABCDEF0123456789ABCDEF, 0xFEDCBA9876543210, True, trace.TraceFlags(1), state)
    local = trace.SpanContext(1, 1, False, trace.TraceFlags(0))
    parent = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    for i, kind in enumerate(trace.SpanKind):
        links = [trace.Link(remote, VALUES), trace.Link(local), trace.Link(remote, {"n": i}), trace.Link(local, {"n": -i})]
        with tracer.start_as_current_span("span %d" % i, parent if i % 2 else None, kind, VALUES, links) as span:
            span.add_event("all", VALUES, timestamp=1)
            span.add_event("bare")
            span.record_exception(ValueError("bad väl"))
            for n in range(3):  # more than the limit: the oldest are dropped, and counted
                span.add_event("event %d" % n, {"n": n})
            for n in range(20):
                span.set_attribute("more %d" % n, n)
            with tracer.start_as_current_span("child") as child:
                child.set_status(*[(trace.StatusCode.UNSET,), (trace.StatusCode.OK,), (trace.StatusCode.ERROR, "broken: ü")][i % 3])
    provider.get_tracer("plain").start_span("alone", start_time=1).end(2)
    for i in range(60):
        provider.get_tracer("many").start_span("many %d" % i, attributes={"i": i}).end()
    provider.shutdown()


def send_metrics(exporter, resource):
    # Long enough never to come by itself: force_flush and shutdown export, so it is known what is sent.
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    exponential = View(instrument_name="exponential*", aggregation=ExponentialBucketHistogramAggregation(max_size=20))
    provider = sdk_metrics.MeterProvider([reader], resource, views=[exponential])
    meter = provider.get_meter("shop.meter", "0.1", "https://opentelemetry.io/schemas/1.27.0", {"scope": "metrics"})
    counter, floats = meter.create_counter("counter", "1", "how many"), meter.create_counter("floats", "s")
    updown, gauge = meter.create_up_down_counter("updown", "By"), meter.create_gauge("gauge", "Cel", "warmth, °")
    histogram, bounds = meter.create_histogram("histogram", "ms"), meter.create_histogram("bounds", explicit_bucket_boundaries_advisory=[0, 0.5, 1e9])
    exponential = meter.create_histogram("exponential")
    observed = lambda options: [Observation(2**53 + 1, {"disk": "sda"}), Observation(-0.5, {"disk": "sdb"})]
    meter.create_observable_counter("observed_counter", [lambda options: [Observation(7, LABELS)]])
    meter.create_observable_up_down_counter("observed_updown", [observed])
    meter.create_observable_gauge("observed_gauge", [observed])
    tracer = TracerProvider(resource=resource).get_tracer("for exemplars")
    for round_ in range(2):
        with tracer.start_as_current_span("sampled"):  # so that points have exemplars with trace ids
            for i in range(30):
                counter.add(i, {"shard": i % 7})
                floats.add(i / 3, {"shard": i % 2, "list": ("a", "b")})
                updown.add(1 - i)
                gauge.set((-1) ** i * i / 7, {"room": i % 5})
                for instrument in (histogram, bounds, exponential):
                    instrument.record(i * i / 2, {"route": "/%d" % (i % 3)})
        gauge.set(-1e300, LABELS)
        provider.force_flush()
    provider.shutdown()


def send_logs(exporter, resource):
    provider = LoggerProvider(resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("shop.log", "2", schema_url="https://opentelemetry.io/schemas/1.27.0", attributes={"scope": "logs"})
    for severity in SeverityNumber:
        logger.emit(timestamp=severity.value, severity_number=severity, severity_text=severity.name, body="as text", attributes=VALUES)
    with TracerProvider(resource=resource).get_tracer("t").start_as_current_span("around"):
        for body in [*VALUES.values(), VALUES, None]:
            logger.emit(body=body, event_name="shop.event", observed_timestamp=2**63, attributes={"k": "v"})
    try:
        raise KeyError("missing ß")
    except KeyError as error:
        provider.get_logger("plain").emit(body="with exception", exception=error)
    provider.shutdown()


def send_all(name, modules, options, delta):
    """One run: every signal of one application through exporters with these options."""
    resource = Resource({"service.name": "shop", "run": name, **VALUES}, "https://opentelemetry.io/schemas/1.27.0")
    signals = [Signal(ExportTraceServiceRequest, encode_spans), Signal(ExportMetricsServiceRequest, encode_metrics), Signal(ExportLogsServiceRequest, encode_logs)]
    kinds = [sdk_metrics.Counter, sdk_metrics.Histogram, sdk_metrics.ObservableCounter]
    temporality = {"preferred_temporality": {kind: AggregationTemporality.DELTA for kind in kinds}} if delta else {}
    send_traces(signals[0].recording(modules[0].OTLPSpanExporter, **options("traces")), resource)
    send_metrics(signals[1].recording(modules[1].OTLPMetricExporter, **options("metrics"), **temporality), resource)
    send_logs(signals[2].recording(modules[2].OTLPLogExporter, **options("logs")), resource)
    for signal in signals:
        assert signal.results and set(signal.results) == {"SUCCESS"}, (name, signal.request.__name__, signal.results)
    return signals


def copy_without(message, *fields):
    copy = type(message)()
    copy.CopyFrom(message)
    for field in fields:
        if field in copy.DESCRIPTOR.fields_by_name:
            copy.ClearField(field)
    return copy


def flatten(request):
    """One entry for each span, data point or log record, with all that stands around it, as text a person can read."""
    out = []
    for resource in request.ListFields()[0][1] if request.ListFields() else []:
        (scopes,) = [value for field, value in resource.ListFields() if field.name.startswith("scope_")]
        around = copy_without(resource, "scope_spans", "scope_metrics", "scope_logs")
        for scope in scopes:
            (records,) = [value for field, value in scope.ListFields() if field.name in ("spans", "metrics", "log_records")]
            inside = copy_without(scope, "spans", "metrics", "log_records")
            for record in records:
                kind = record.WhichOneof("data") if record.DESCRIPTOR.name == "Metric" else None
                points = getattr(record, kind).data_points if kind else [None]
                about = copy_without(record)
                if kind:
                    getattr(about, kind).ClearField("data_points")
                out += ["\n".join(map(str, (around, inside, about, point))) for point in points]
    return out


def from_json(text, request):
    """A line of OTLP JSON as the protobuf message; unknown names are an error. Ids are hex there, base64 in plain JSON."""

    def whole(digits):  # Python reads -0 as 0
        return -0.0 if digits == "-0" else int(digits)

    def with_ids(node):
        if isinstance(node, list):
            return [with_ids(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: base64.b64encode(bytes.fromhex(value)).decode() if key in ("traceId", "spanId", "parentSpanId") else with_ids(value) for key, value in node.items()}

    return json_format.ParseDict(with_ids(json.loads(text, parse_int=whole)), request())


def check_covered(sent):
    """The SDK did hand over what this test is about."""
    text = "\n".join(sent)
    wanted = ["gauge {", "sum {", "histogram {", "exponential_histogram {", "is_monotonic: true", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE",
              "exemplars {", "as_int", "as_double", "explicit_bounds", "positive {", "dropped_events_count: ", "dropped_links_count: ", "dropped_attributes_count: ",
              "trace_state", "parent_span_id", "links {", "events {", "STATUS_CODE_ERROR", "STATUS_CODE_OK", "event_name", "kvlist_value", "bytes_value", "SEVERITY_NUMBER_FATAL4", "schema_url"]
    missing = [word for word in wanted if word not in text]
    assert not missing, "the SDK sent no %s" % missing


def ledgers(log):
    return {line["pipeline"]: line for line in map(json.loads, re.findall(r"Ledger\t(\{.*\})", log.read_text()))}


def main():
    binary = sys.argv[1]
    logging.getLogger("opentelemetry.attributes").setLevel(logging.ERROR)  # that attributes are dropped is meant
    work = pathlib.Path(tempfile.mkdtemp(prefix="sdk-"))
    places = {"grpc": free_port(), "http": free_port(), "second": free_port(), "out": work / "out.json"}
    second = start(binary, work, "second", HOPS[1] % places)
    first = start(binary, work, "first", HOPS[0] % places)
    try:
        check(places, work, first, second)
    finally:
        for process, _ in (first, second):
            process.poll() is None and process.kill()


def check(places, work, first, second):
    over_grpc = lambda kind: lambda signal: {"endpoint": "127.0.0.1:%d" % places["grpc"], "insecure": True, "compression": kind}
    over_http = lambda kind: lambda signal: {"endpoint": "http://127.0.0.1:%d/v1/%s" % (places["http"], signal), "compression": kind}
    grpc_modules, http_modules = (grpc_traces, grpc_metrics, grpc_logs), (http_traces, http_metrics, http_logs)
    runs = [
        send_all("grpc", grpc_modules, over_grpc(grpc.Compression.NoCompression), False),
        send_all("grpc gzip", grpc_modules, over_grpc(grpc.Compression.Gzip), True),
        send_all("http", http_modules, over_http(Compression.NoCompression), True),
        send_all("http gzip", http_modules, over_http(Compression.Gzip), False),
        send_all("http deflate", http_modules, over_http(Compression.Deflate), False),
    ]
    stop(*first)  # drains the batches
    stop(*second)

    lines = places["out"].read_text().splitlines()
    counts, everything = [], []
    for number, (signal, key) in enumerate((("traces", "resourceSpans"), ("metrics", "resourceMetrics"), ("logs", "resourceLogs"))):
        sent = [entry for run in runs for request in run[number].requests for entry in flatten(request)]
        mine = [line for line in lines if line.startswith('{"%s"' % key)]
        got = [entry for line in mine for entry in flatten(from_json(line, runs[0][number].request))]
        missing, extra = collections.Counter(sent) - collections.Counter(got), collections.Counter(got) - collections.Counter(sent)
        if missing or extra:
            for title, entries in (("sent", missing), ("received", extra)):
                (work / title).write_text("\n".join(sorted(entries)))
            difference = subprocess.run(["diff", "-u", work / "sent", work / "received"], capture_output=True, text=True).stdout
            sys.exit("%s: %d missing, %d others\n%s" % (signal, sum(missing.values()), sum(extra.values()), difference[:4000]))
        for hop in (first, second):
            ledger = ledgers(hop[1])[signal]
            assert ledger["in"] == ledger["delivered"] == len(sent) and ledger["held"] == ledger["dropped"] == ledger["refused"] == 0, ledger
        counts.append(len(sent))
        everything += sent
    assert len(lines) == sum(1 for line in lines if line.startswith('{"resource')), "a line that is no signal"
    check_covered(everything)
    shutil.rmtree(work)
    print("sdk: %d spans, %d data points, %d log records in %d ways over two hops, every field the same" % (*counts, len(runs)))


if __name__ == "__main__":
    main()
