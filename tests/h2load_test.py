#!/usr/bin/env python3
"""h2load, a client that knows nothing of gleaner, against both ports, in the clear and over TLS: every request is answered
with 2xx, and every record is in the ledger. Skipped where h2load (package nghttp2-client) is not installed.

    h2load_test.py GLEANER"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from overload_test import PATH, bodies
from relay_test import certificate, free_port, start, stop

REQUESTS, RECORDS = 5000, 100
CONFIG = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"%s}, http: {endpoint: "127.0.0.1:%d"%s}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
"""


def main():
    if not shutil.which("h2load"):
        return print("h2load: skipped, it is not installed")
    work = pathlib.Path(tempfile.mkdtemp(prefix="h2load-"))
    bodies(work)
    certificate(work)
    tls = ", tls: {cert_file: %s/cert.pem, key_file: %s/key.pem}" % (work, work)
    grpc = ["-d", work / "grpc.bin", "-H", "content-type: application/grpc", "-H", "te: trailers"]
    http = ["-d", work / "http.bin", "-H", "content-type: application/x-protobuf"]
    said = []
    for name, key, scheme in (("plain", "", "http"), ("tls", tls, "https")):
        grpc_port, http_port = free_port(), free_port()
        process, log = start(sys.argv[1], work, name, CONFIG % (grpc_port, key, http_port, key))
        rows = [("gRPC", grpc, "%s://127.0.0.1:%d%s" % (scheme, grpc_port, PATH), []),
                ("HTTP/1.1", http, "%s://127.0.0.1:%d/v1/logs" % (scheme, http_port), ["--h1"])]
        if key:  # HTTP/2 is agreed on in the handshake
            rows.append(("HTTP/2", http, "https://127.0.0.1:%d/v1/logs" % http_port, []))
        for what, body, url, more in rows:
            out = subprocess.run(["h2load", "-t1", "-c20", "-m10", "-n%d" % REQUESTS, *more, *body, url], check=True, capture_output=True, text=True).stdout
            assert "status codes: %d 2xx, 0 3xx, 0 4xx, 0 5xx" % REQUESTS in out, "%s over %s:\n%s" % (what, name, out)
            assert "%d succeeded, 0 failed, 0 errored, 0 timeout" % REQUESTS in out, out
            if key:
                assert "Application protocol: " + ("http/1.1" if more else "h2") in out, out
            said.append("%s %s %s/s" % (what, name, re.search(r"([\d.]+) req/s", out).group(1)))
        stop(process, log)
        ledger = json.loads(re.search(r"\tLedger\t(\{.*\})", log.read_text()).group(1))
        assert ledger["in"] == ledger["delivered"] == REQUESTS * RECORDS * len(rows), ledger
    print("h2load: %d requests each, all taken: %s" % (REQUESTS, ", ".join(said)))


if __name__ == "__main__":
    main()
