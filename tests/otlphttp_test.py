#!/usr/bin/env python3
"""Two gleaners over OTLP/HTTP: the first sends by otlp_http, in every encoding; between them a gate that can say 503
with Retry-After. What went in must come out once, no earlier than the gate allows, and the ledger must be exact."""
import gzip
import http.client
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading
import time

from relay_test import free_port, start, stop


class Gate(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the second gleaner, after the refusals it was told to make."""
    protocol_version = "HTTP/1.1"
    refusals, seen, target = [], [], 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Gate.seen.append((time.monotonic(), dict(self.headers.items()), body))
        if Gate.refusals:
            status, headers = Gate.refusals.pop(0)
            return self.answer(status, headers, b"")
        onward = http.client.HTTPConnection("127.0.0.1", Gate.target)
        onward.request("POST", self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
        got = onward.getresponse()
        self.answer(got.status, {"content-type": got.headers["content-type"]}, got.read())
        onward.close()

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def send(port, texts):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    records = [{"body": {"stringValue": text}} for text in texts]
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    connection.request("POST", "/v1/logs", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    assert response.status == 200, response.status
    connection.close()


def lines_of(out, count):
    end = time.time() + 20
    while time.time() < end:
        got = re.findall(r"line-[a-z]+-\d+", out.read_text()) if out.exists() else []
        if len(got) >= count:
            return got
        time.sleep(0.02)
    raise SystemExit("%d of %d lines came" % (len(got), count))


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="otlphttp-"))
    second_port = free_port()
    out = work / "out.json"
    second = start(binary, work, "second", """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (second_port, out))
    Gate.target = second_port
    gate = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    threading.Thread(target=gate.serve_forever, daemon=True).start()

    total = 0
    for round_, (name, keys, refusals, least) in enumerate([
            ("gzip", "", [], 0),
            ("json", "encoding: json, compression: none", [], 0),
            ("jsonzstd", "encoding: json, compression: zstd", [], 0),
            ("wish", "compression: snappy", [(503, {"Retry-After": "1"})], 1.0),
            ("backoff", "compression: lz4", [(502, {}), (429, {"Retry-After": "0"}), (504, {})], 0),
            ("lost", "compression: zlib", [(400, {})], 0)]):
        port = free_port()
        Gate.refusals, Gate.seen = list(refusals), []
        first = start(binary, work, "first-" + name, """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {otlphttp: {endpoint: "http://127.0.0.1:%d", headers: {X-Tenant: t1}, %s
            retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [otlphttp]}}}
""" % (port, gate.server_port, keys + "," if keys else ""))
        texts = ["line-%s-%d" % (name, i) for i in range(50)]
        send(port, texts)
        if name == "lost":
            end = time.time() + 10
            while "Dropping data" not in first[1].read_text() and time.time() < end:
                time.sleep(0.02)
        else:
            total += len(texts)
            assert sorted(lines_of(out, total)[-50:]) == sorted(texts), name
        stop(*first)
        log = first[1].read_text()
        ledger = json.loads(re.search(r"Ledger\t(\{.*\})", log).group(1))
        ends = ("dropped", "delivered") if name == "lost" else ("delivered", "dropped")
        assert ledger["in"] == ledger[ends[0]] == 50 and ledger[ends[1]] == ledger["held"] == 0, (name, ledger)
        assert len(Gate.seen) == len(refusals) + (name != "lost"), (name, len(Gate.seen))
        assert all(headers["x-tenant" if "x-tenant" in headers else "X-Tenant"] == "t1" for _, headers, _ in Gate.seen)
        waited = Gate.seen[-1][0] - Gate.seen[0][0]
        assert waited >= least, (name, waited)
        if name == "gzip":
            headers = {k.lower(): v for k, v in Gate.seen[0][1].items()}
            assert headers["content-encoding"] == "gzip" and headers["content-type"] == "application/x-protobuf"
            assert b"line-gzip-49" in gzip.decompress(Gate.seen[0][2])
        if name == "json":
            assert len(json.loads(Gate.seen[0][2])["resourceLogs"][0]["scopeLogs"][0]["logRecords"]) == 50
        if refusals and name != "lost":
            assert "Will retry the request after interval" in log, name
    stop(*second)
    print("otlphttp: %d records in six ways; retries, Retry-After and ledgers exact" % total)


main()
