#!/usr/bin/env python3
"""Own metrics on a running gleaner: the reference's names, labels and types after real traffic, the ledger beside
them, level none, and what happens when the port is taken."""
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from relay_test import free_port, start, stop

CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%(otlp)d"}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 200}
  attributes: {actions: [{key: a, value: b, action: insert}]}
  batch: {timeout: 20ms}
exporters:
  otlphttp: {endpoint: "http://127.0.0.1:%(sink)d"}
service:
  telemetry: {metrics: %(metrics)s}
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, attributes, batch], exporters: [otlphttp]}
"""
SINK = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
"""


def pull(port):
    return "{readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}" % port


def get(port, path="/metrics"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read().decode()


def send(port, count):
    spans = [{"traceId": "%032x" % (i + 1), "spanId": "%016x" % (i + 1), "name": "s"} for i in range(count)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/traces", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}),
                       {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="self-"))
    otlp, sink_port, metrics = free_port(), free_port(), free_port()
    sink = start(binary, work, "sink", SINK % sink_port)
    config = CONFIG % {"otlp": otlp, "sink": sink_port, "metrics": pull(metrics)}
    main_ = start(binary, work, "main", config)
    send(otlp, 7)
    text = ""
    for _ in range(500):
        text = get(metrics)[1]
        if re.search(r"^otelcol_exporter_sent_spans\{.*\} 7$", text, re.M):
            break
    where = 'server_address="127.0.0.1",server_port="%d",url_path="/v1/traces"' % sink_port
    wanted = [
        ("counter", 'otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 7'),
        ("counter", 'otelcol_receiver_refused_spans{receiver="otlp",transport="http"} 0'),
        ("counter", 'otelcol_processor_memory_limiter_accepted_spans{processor="memory_limiter"} 7'),
        ("counter", 'otelcol_processor_incoming_items{otel_signal="traces",processor="attributes"} 7'),
        ("counter", 'otelcol_processor_outgoing_items{otel_signal="traces",processor="attributes"} 7'),
        ("counter", 'otelcol_processor_batch_timeout_trigger_send{processor="batch"} 1'),
        ("histogram", 'otelcol_processor_batch_batch_send_size_bucket{processor="batch",le="10"} 1'),
        ("histogram", 'otelcol_processor_batch_batch_send_size_sum{processor="batch"} 7'),
        ("gauge", 'otelcol_processor_batch_metadata_cardinality{processor="batch"} 1'),
        ("counter", 'otelcol_exporter_sent_spans{exporter="otlphttp",%s} 7' % where),
        ("counter", 'otelcol_exporter_send_failed_spans{exporter="otlphttp",%s} 0' % where),
        ("counter", 'otelcol_exporter_enqueue_failed_spans{exporter="otlphttp"} 0'),
        ("gauge", 'otelcol_exporter_queue_size{data_type="traces",exporter="otlphttp"} 0'),
        ("gauge", 'otelcol_exporter_queue_capacity{data_type="traces",exporter="otlphttp"} 1000'),
        ("counter", 'gleaner_ledger_in{pipeline="traces"} 7'),
        ("counter", 'gleaner_ledger_delivered{pipeline="traces"} 7'),
        ("gauge", 'gleaner_ledger_held{pipeline="traces"} 0'),
    ]
    for kind, line in wanted:
        family = re.sub(r"_(bucket|sum)?\{.*", "", line) if kind == "histogram" else line.split("{")[0]
        assert line in text.splitlines(), "no %r in\n%s" % (line, text)
        assert "# TYPE %s %s" % (family, kind) in text, (family, kind, text)
    for name in ("process_uptime", "process_cpu_seconds", "process_memory_rss", "process_runtime_heap_alloc_bytes",
                 "process_runtime_total_sys_memory_bytes"):
        assert re.search(r"^otelcol_%s [0-9.e+-]+$" % name, text, re.M), name
    assert re.search(r'^target_info\{.*service_name="gleaner".*\} 1$', text, re.M), text
    for unused in ('data_type="logs"', "accepted_log_records", "send_size_bytes"):
        assert unused not in text, unused
    names = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(names) == len(set(names)), "a family stands twice"
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), "a series stands twice"
    assert get(metrics, "/")[0] == 404

    # A second one on the same port does not start, and says why in the reference's words.
    (work / "twin.yaml").write_text(CONFIG % {"otlp": free_port(), "sink": sink_port, "metrics": pull(metrics)})
    twin = subprocess.run([binary, "--config=%s/twin.yaml" % work], capture_output=True, text=True, timeout=20)
    assert twin.returncode == 1 and ("Error: failed to create SDK: binding address 127.0.0.1:%d for Prometheus "
                                     "exporter: listen tcp" % metrics) in twin.stderr, twin.stderr
    # So does one whose configuration says nothing, when localhost:8888 is taken; freed here if it was ours.
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8888))
            taken.listen()
        except OSError:
            pass  # somebody else has it: as good
        (work / "default.yaml").write_text(CONFIG % {"otlp": free_port(), "sink": sink_port, "metrics": "{}"})
        default = subprocess.run([binary, "--config=%s/default.yaml" % work], capture_output=True, text=True, timeout=20)
        assert default.returncode == 1 and "binding address localhost:8888" in default.stderr, default.stderr
        # Level none needs no port.
        quiet = start(binary, work, "quiet", CONFIG % {"otlp": free_port(), "sink": sink_port,
                                                       "metrics": "{level: none}"})
        stop(*quiet)
    assert "Internal metrics telemetry disabled" in quiet[1].read_text()
    stop(*main_)
    stop(*sink)
    print("self metrics: %d families, names and values as the reference's" % len(names))


if __name__ == "__main__":
    main()
