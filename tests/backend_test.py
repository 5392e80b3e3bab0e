#!/usr/bin/env python3
"""The gRPC exporter against a backend that answers everything there is: every status code, RetryInfo, silence, partial
success, GOAWAY in the middle of a stream of calls, requests above its limit of 4 MiB. What may be tried again arrives once, no earlier than the backend
wishes; the rest is dropped after one try, the log and the ledger say so.

    backend_test.py GLEANER    with a Python that has tests/requirements.txt (tests/venv.sh)"""
import collections
import concurrent.futures
import http.client
import json
import pathlib
import re
import sys
import tempfile
import threading
import time

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from relay_test import free_port, start, stop  # noqa: E402

AGAIN = {1, 4, 10, 11, 14, 15}  # cancelled, deadline exceeded, aborted, out of range, unavailable, data loss
WISH = 0.7  # seconds the backend asks to wait
BIG = 60  # records in one request
STREAM = 400  # records while connections come to their end
CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, timeout: 500ms, sending_queue: {num_consumers: 40}, retry_on_failure: {initial_interval: 100ms, randomization_factor: 0}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [otlp]}}}
"""


class Backend(grpc.GenericRpcHandler):
    """What a record's body says is done at its first coming; then it is taken."""

    def __init__(self):
        self.seen, self.taken, self.lock = collections.defaultdict(list), collections.Counter(), threading.Lock()

    def service(self, details):
        if details.method.endswith("LogsService/Export"):
            return grpc.unary_unary_rpc_method_handler(self.export, logs_service_pb2.ExportLogsServiceRequest.FromString,
                                                       logs_service_pb2.ExportLogsServiceResponse.SerializeToString)
        return None

    def export(self, request, context):
        body = request.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        with self.lock:
            self.seen[body].append(time.monotonic())
            first = len(self.seen[body]) == 1
        word, _, number = body.partition("-")
        if word == "big":
            with self.lock:
                self.taken["big"] += len(request.resource_logs[0].scope_logs[0].log_records)
            return logs_service_pb2.ExportLogsServiceResponse()
        if first and word in ("code", "wish"):
            if word == "wish":
                info = any_pb2.Any()
                info.Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=int(WISH * 1e9))))
                status = status_pb2.Status(code=int(number), message="no", details=[info])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(next(c for c in grpc.StatusCode if c.value[0] == int(number)), "no")
        if first and word == "silence":
            time.sleep(1.5)
        with self.lock:
            self.taken[body] += 1
        answer = logs_service_pb2.ExportLogsServiceResponse()
        if word == "partial":
            answer.partial_success.rejected_log_records = 1
            answer.partial_success.error_message = "one of them"
        return answer


def post(port, *texts):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}} for text in texts]}]}]})
    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200, texts[0]
    connection.close()


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="backend-"))
    backend = Backend()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(64), handlers=[backend],
                         options=[("grpc.max_connection_age_ms", 300), ("grpc.max_connection_age_grace_ms", 5000)])
    port, entry = server.add_insecure_port("127.0.0.1:0"), free_port()
    server.start()
    process, log = start(sys.argv[1], work, "exporter", CONFIG % (entry, port))
    bodies = ["code-%d" % n for n in range(1, 17)] + ["wish-%d" % n for n in range(1, 17)] + ["silence-1", "partial-1"]
    for body in bodies:
        post(entry, body)
    post(entry, *["big-" + "x" * 150_000] * BIG)  # 9 MB: cut until the parts are below 4 MiB
    for i in range(STREAM):  # over several connections' lives
        post(entry, "plain-%d" % i)
        time.sleep(0.003)
    time.sleep(1)
    stop(process, log)
    server.stop(0)
    text = log.read_text()
    kept = 0
    for body in bodies:
        word, _, number = body.partition("-")
        again = word in ("silence", "partial") or int(number) in AGAIN | ({8} if word == "wish" else set())
        tries, taken = backend.seen[body], backend.taken[body]
        if word == "partial":
            assert len(tries) == 1 and taken == 1, (body, len(tries))
        elif word == "silence":
            assert len(tries) >= 2 and taken >= 1, (body, len(tries))
        else:
            assert len(tries) == (2 if again else 1) and taken == (1 if again else 0), (body, len(tries), taken)
            if again and word == "wish":
                assert tries[1] - tries[0] >= WISH, (body, tries[1] - tries[0])
        kept += again
    plain = [backend.taken["plain-%d" % i] for i in range(STREAM)]
    assert plain == [1] * STREAM, "taken %d times of %d" % (sum(plain), STREAM)
    dropped = len(bodies) - kept
    assert text.count("Exporting failed. Dropping data.") >= 10, text[-3000:]  # the log keeps ten equal lines a second
    assert backend.taken["big"] == BIG and "Sending its halves" in text, backend.taken["big"]
    assert text.count("Partial success response") == 1 and "one of them" in text
    ledger = json.loads(re.search(r"\tLedger\t(\{.*\})", text).group(1))
    assert ledger["in"] == len(bodies) + STREAM + BIG and ledger["delivered"] == kept + STREAM + BIG, ledger
    assert ledger["dropped"] == dropped and ledger["held"] == 0, ledger
    print("backend: 32 refusals, %d of them tried again and taken; silence, partial success, a request of 9 MB in parts; %d records over connections that end: %s" %
          (kept - 2, STREAM, {k: v for k, v in ledger.items() if k != "pipeline"}))


if __name__ == "__main__":
    main()
