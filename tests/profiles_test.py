#!/usr/bin/env python3
"""Profiles, the fourth signal, through two binaries: HTTP in, then gRPC and HTTP out and in, into a file. Behind the gate
they have in the reference, counted by samples, each request as it came.

    profiles_test.py GLEANER"""
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from relay_test import free_port, stop, wait_for

GATE = "--feature-gates=service.profilesSupport"
FIRST = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
processors: {memory_limiter: {check_interval: 1s, limit_mib: 200}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, sending_queue: {batch: {min_size: 100, max_size: 100}}}
  otlp_http: {endpoint: "http://127.0.0.1:%d"}
  debug: {verbosity: basic}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}}
  pipelines: {profiles: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp, otlp_http, debug]}}
"""
SECOND = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}, http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {profiles: {receivers: [otlp], exporters: [file]}}}
"""
SAMPLES, REQUESTS = 3, 5


def start(binary, work, name, config, *flags):
    (work / (name + ".yaml")).write_text(config)
    log = work / (name + ".log")
    process = subprocess.Popen([binary, "--config=%s/%s.yaml" % (work, name), *flags], stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
    wait_for(log, "Everything is ready")
    return process, log


def ask(port, method, path, body=None, kind="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="profiles-"))
    body = (pathlib.Path(__file__).parent / "data" / "profiles.json").read_bytes()
    grpc, http_port, entry, metrics, out = free_port(), free_port(), free_port(), free_port(), work / "out.json"
    second = start(binary, work, "second", SECOND % (grpc, http_port, out), GATE)
    first = start(binary, work, "first", FIRST % (entry, grpc, http_port, metrics), GATE)
    for _ in range(REQUESTS):
        assert ask(entry, "POST", "/v1development/profiles", body) == (200, b'{"partialSuccess":{}}')
    assert ask(entry, "POST", "/v1development/profiles", b"{}") == (200, b'{"partialSuccess":{}}'), "nothing in it"
    assert ask(entry, "POST", "/v1development/profiles", b"\x0a\x09\x12\x07\x12\x05\x3a\x03abc", "application/x-protobuf") == \
        (400, b"\x08\x03\x12\x23unmarshal: invalid ProfileID length")
    assert ask(entry, "POST", "/v1/profiles", body)[0] == 404 and ask(entry, "POST", "/v1/logs", body)[0] == 404
    assert ask(entry, "GET", "/v1development/profiles")[0] == 405
    end = time.time() + 10
    while time.time() < end and (not out.exists() or out.read_text().count("\n") < 2 * REQUESTS):
        time.sleep(0.02)
    wanted = json.loads(body)  # as the reference writes it: what is always written is there, numbers are texts
    profile = wanted["resourceProfiles"][0]["scopeProfiles"][0]["profiles"][0]
    profile["periodType"], profile["samples"][1]["values"] = {}, ["1"]
    wanted["dictionary"]["attributeTable"][0]["value"] = {}
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines == [wanted] * (2 * REQUESTS), lines
    text = ask(metrics, "GET", "/metrics")[1].decode()
    for name, labels in (("receiver_accepted", 'receiver="otlp",transport="http"'), ("processor_memory_limiter_accepted", 'processor="memory_limiter"'),
                         ("exporter_sent", 'exporter="debug"'), ("exporter_sent", 'exporter="otlp",server_address="127.0.0.1",server_port="%d"' % grpc)):
        line = "otelcol_%s_profile_samples{%s} %d" % (name, labels, SAMPLES * REQUESTS)
        assert line in text, (line, [one for one in text.splitlines() if "profile" in one])
    stop(*first)
    stop(*second)
    ledger = json.loads(re.search(r"\tLedger\t(\{.*\})", first[1].read_text()).group(1))
    assert ledger["in"] == SAMPLES * REQUESTS and ledger["delivered"] == 3 * ledger["in"] and ledger["held"] == 0, ledger
    assert '"resource profiles": 1, "sample records": 3' in first[1].read_text()
    shut = subprocess.run([binary, "validate", "--config=%s/second.yaml" % work], capture_output=True, text=True)
    assert shut.returncode == 1 and 'gated under the "service.profilesSupport" feature gate' in shut.stderr, shut
    print("profiles: %d requests over gRPC and HTTP, as they came; %s" % (REQUESTS, {k: v for k, v in ledger.items() if v}))


if __name__ == "__main__":
    main()
