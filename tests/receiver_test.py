#!/usr/bin/env python3
"""What senders are told, on both protocols: of requests that are wrong, and of every gRPC code and HTTP status that a
backend answers when no queue stands between it and the sender. The tables are the reference's answers.

    receiver_test.py COLLECTOR    with a Python that has tests/requirements.txt (tests/venv.sh)"""
import concurrent.futures
import http.client
import http.server
import json
import pathlib
import sys
import tempfile
import threading

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from relay_test import free_port, start, stop  # noqa: E402

CONFIG = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d", max_recv_msg_size_mib: 1}, http: {endpoint: "127.0.0.1:%(http)d", max_request_body_size: 100000}}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%(backend)d", tls: {insecure: true}, compression: none, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}
  otlp_http: {endpoint: "http://127.0.0.1:%(web)d", compression: none, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}
service: {telemetry: {metrics: {level: none}}, pipelines: {%(signal)s: {receivers: [otlp], exporters: [%(exporter)s]}}}
"""
LOGS, TRACES = "/opentelemetry.proto.collector.logs.v1.LogsService/Export", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
# A backend's gRPC code: what gRPC senders get, then what HTTP senders get; the same with RetryInfo of 2.9 s.
CODES = {
    1: (1, 503), 2: (2, 500), 3: (3, 400), 4: (4, 503), 5: (5, 500), 6: (6, 500), 7: (7, 403), 8: (8, 429), 9: (9, 500), 10: (10, 503),
    11: (11, 503), 12: (12, 404), 13: (13, 500), 14: (14, 503), 15: (15, 503), 16: (16, 401)}
# A backend's HTTP status: gRPC code, HTTP status.
STATUSES = {
    301: (2, 500), 400: (3, 400), 401: (16, 401), 403: (7, 403), 404: (12, 404), 408: (2, 500), 413: (2, 500), 429: (8, 429), 500: (2, 500),
    501: (2, 500), 502: (14, 503), 503: (14, 503), 504: (14, 503), 505: (2, 500)}


class Backend(grpc.GenericRpcHandler):
    """A record's body says which code it is answered with, "14" or "14+" for one with RetryInfo."""

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.export, logs_service_pb2.ExportLogsServiceRequest.FromString,
                                                   logs_service_pb2.ExportLogsServiceResponse.SerializeToString)

    def export(self, request, context):
        body = request.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        code = int(body.rstrip("+"))
        if body.endswith("+"):
            info = any_pb2.Any()
            info.Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=2, nanos=900_000_000)))
            status = status_pb2.Status(code=code, message="no", details=[info])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(next(c for c in grpc.StatusCode if c.value[0] == code), "no")


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = logs_service_pb2.ExportLogsServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        body = request.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        self.send_response(int(body.rstrip("+")))
        if body.endswith("+"):
            self.send_header("Retry-After", "7")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def request_of(text):
    request = logs_service_pb2.ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = text
    return request.SerializeToString()


class Collector:
    def __init__(self, binary, work, name, signal="logs", exporter="otlp", backend=1, web=1):
        self.grpc, self.http = free_port(), free_port()
        self.process, self.log = start(binary, work, name, CONFIG % {
            "grpc": self.grpc, "http": self.http, "backend": backend, "web": web, "signal": signal, "exporter": exporter})
        self.channel = grpc.insecure_channel("127.0.0.1:%d" % self.grpc)

    def call(self, body, path=LOGS, **more):
        """@return code, text, seconds of RetryInfo or None"""
        try:
            self.channel.unary_unary(path)(body, timeout=10, **more)
            return 0, "", None
        except grpc.RpcError as error:
            wish = None
            for key, value in error.trailing_metadata() or ():
                if key == "grpc-status-details-bin":
                    for detail in status_pb2.Status.FromString(value).details:
                        info = error_details_pb2.RetryInfo()
                        if detail.Unpack(info):
                            wish = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
            return error.code().value[0], error.details(), wish

    def post(self, body, kind="application/x-protobuf", path="/v1/logs", method="POST", **headers):
        """@return status, content type, Retry-After, body"""
        connection = http.client.HTTPConnection("127.0.0.1", self.http)
        connection.request(method, path, body, {**({"Content-Type": kind} if kind else {}), **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = connection.getresponse()
        found = answer.status, answer.headers["content-type"], answer.headers["retry-after"], answer.read()
        connection.close()
        return found

    def stop(self):
        self.channel.close()
        stop(self.process, self.log)


def said(answer):
    """Code and text of an HTTP answer's google.rpc.Status."""
    status = status_pb2.Status.FromString(answer[3])
    return status.code, status.message


def codes(binary, work):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=[Backend()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    one, rows = Collector(binary, work, "codes", backend=port), 0
    for code, (grpc_code, status) in CODES.items():
        for wish in (False, True):
            body = request_of("%d%s" % (code, "+" * wish))
            got = one.call(body)
            assert got[0] == grpc_code and (got[2] == 2.9 if wish else got[2] is None), (code, wish, got)
            assert "no" in got[1], (code, got)
            answer = one.post(body)
            waits = "2" if wish and status in (429, 503) else None
            assert answer[:3] == (status, "application/x-protobuf", waits), (code, wish, answer)
            assert said(answer)[0] == grpc_code and "no" in said(answer)[1], (code, answer)
            rows += 2
    one.stop()
    server.stop(0)
    gone = Collector(binary, work, "gone", backend=free_port())  # nobody listens
    got, answer = gone.call(request_of("0")), gone.post(request_of("0"))
    assert got[0] == 14 and answer[0] == 503 and said(answer)[0] == 14 and answer[2] is None, (got, answer)
    gone.stop()
    return rows + 2


def statuses(binary, work):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    one, rows = Collector(binary, work, "statuses", exporter="otlp_http", web=web.server_port), 0
    for status, (code, answered) in STATUSES.items():
        for wish in (False, True):
            body = request_of("%d%s" % (status, "+" * wish))
            got, answer = one.call(body), one.post(body)
            throttled = wish and status in (429, 503)  # gleaner passes the wish on, the reference keeps it to itself
            assert got[0] == code and got[2] in ((None, 7) if throttled else (None,)), (status, wish, got)
            assert answer[0] == answered and said(answer)[0] == code, (status, wish, answer)
            assert answer[2] in ((None, "7") if throttled else (None,)), (status, wish, answer)
            rows += 2
    one.stop()
    web.shutdown()
    return rows


def wrong_requests(binary, work):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    one = Collector(binary, work, "wrong", exporter="otlp_http", web=web.server_port)
    good = request_of("200")
    calls = [  # gRPC: code, text
        (dict(body=good), 0, ""),
        (dict(body=b""), 0, ""),
        (dict(body=b"\x0a\xff"), 13, "grpc: error unmarshalling request: "),
        (dict(body=good, path=TRACES), 12, "unknown service opentelemetry.proto.collector.trace.v1.TraceService"),
        (dict(body=good, path=LOGS + "2"), 12, "unknown method Export2 for service opentelemetry.proto.collector.logs.v1.LogsService"),
        (dict(body=good, path="/x"), 12, "malformed method name: \"/x\""),
        (dict(body=request_of("x" * (1 << 20))), 8, "larger than max"),
        (dict(body=good, compression=grpc.Compression.Gzip), 0, ""),
        (dict(body=good, compression=grpc.Compression.Deflate), 12, "Decompressor is not installed for grpc-encoding \"deflate\""),
    ]
    for arguments, code, text in calls:
        got = one.call(**arguments)
        assert got[0] == code and text in got[1], (arguments, got)
    taken = (200, "application/x-protobuf", None, b"\x0a\x00")
    posts = [  # HTTP: status, content type, Retry-After, body; None is anything
        (dict(body=good), *taken),
        (dict(body=b""), *taken),
        (dict(body=b"{}", kind="application/json"), 200, "application/json", None, b'{"partialSuccess":{}}'),
        (dict(body=b"{}", kind="application/json; charset=utf-8"), 200, "application/json", None, b'{"partialSuccess":{}}'),
        (dict(body=b"{", kind="application/json"), 400, "application/json", None, None),
        (dict(body=b"\x0a\xff"), 400, "application/x-protobuf", None, None),
        (dict(body=good, kind="text/plain"), 415, "text/plain", None, b"415 unsupported media type, supported: [application/json, application/x-protobuf]"),
        (dict(body=good, kind=None), 415, "text/plain", None, b"415 unsupported media type, supported: [application/json, application/x-protobuf]"),
        (dict(body=None, kind=None, method="GET"), 405, "text/plain", None, b"405 method not allowed, supported: [POST]"),
        (dict(body=good, kind="text/plain", method="PUT"), 405, "text/plain", None, b"405 method not allowed, supported: [POST]"),
        (dict(body=good, path="/v1/traces"), 404, "text/plain; charset=utf-8", None, b"404 page not found\n"),
        (dict(body=good, path="/v1/logs/"), 404, "text/plain; charset=utf-8", None, b"404 page not found\n"),
        (dict(body=good, path="//v1/logs"), 307, None, None, None),
        (dict(body=good, Content_Encoding="br"), 400, "application/x-protobuf", None, b"\x08\x03\x12\x20unsupported Content-Encoding: br"),
        (dict(body=good, Content_Encoding="gzip"), 400, "application/x-protobuf", None, None),
        (dict(body=request_of("x" * 100001)), 400, "application/x-protobuf", None, b"\x08\x03\x12\x1chttp: request body too large"),
    ]
    for arguments, *wanted in posts:
        got = one.post(**arguments)
        assert all(w is None and i in (1, 3) or w == g for i, (w, g) in enumerate(zip(wanted, got))), (arguments, got)
    one.stop()
    web.shutdown()
    return len(calls) + len(posts)


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="receiver-"))
    counts = [test(sys.argv[1], work) for test in (wrong_requests, codes, statuses)]
    print("receiver: %d wrong or odd requests, %d answers for gRPC codes, %d for HTTP statuses" % tuple(counts))


if __name__ == "__main__":
    main()
