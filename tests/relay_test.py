#!/usr/bin/env python3
"""Two hops through the static binary: HTTP in, batch, gRPC out, gRPC in, file. What went in must come out, also when
the second hop starts late (the queue holds), and the ledger of the first must say so."""
import collections
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(path, text, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.02)
    raise SystemExit("no %r in %s:\n%s" % (text, path, path.read_text() if path.exists() else "(missing)"))


def certificate(work):
    """A certificate of its own authority for 127.0.0.1: cert.pem and key.pem in `work`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", work / "key.pem",
                    "-out", work / "cert.pem"], check=True, capture_output=True)


def start(binary, work, name, config, *flags):
    (work / (name + ".yaml")).write_text(config)
    log = work / (name + ".log")
    process = subprocess.Popen([binary, "--config=%s/%s.yaml" % (work, name), *flags], stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
    wait_for(log, "Everything is ready")
    return process, log


def stop(process, log):
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=10) != 0:
        raise SystemExit("exit %d:\n%s" % (process.returncode, log.read_text()))


def figures(port):
    """Name -> the sum over its series, from a gleaner's own metrics."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    out = collections.Counter()
    for name, value in re.findall(r"^(\w+)(?:\{[^}]*\})? ([0-9.e+]+)$", connection.getresponse().read().decode(), re.M):
        out[name] += float(value)
    return out


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="relay-"))
    first_port, second_port, health_port = free_port(), free_port(), free_port()
    first, first_log = start(binary, work, "first", """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
processors: {batch: {timeout: 50ms}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, retry_on_failure: {initial_interval: 200ms}}}
extensions: {health_check: {endpoint: "127.0.0.1:%d"}}
service: {telemetry: {metrics: {level: none}}, extensions: [health_check], pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}}}
""" % (first_port, second_port, health_port))
    health = http.client.HTTPConnection("127.0.0.1", health_port)
    health.request("GET", "/any/path")
    answer = health.getresponse()
    assert answer.status == 200 and json.loads(answer.read())["status"] == "Server available"
    sent = 500
    connection = http.client.HTTPConnection("127.0.0.1", first_port)
    for i in range(sent):
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "line %d" % i}}]}]}]}
        if i % 100 == 0:  # the list of old senders counts only where the regular one is empty
            old = {"logRecords": [{"body": {"stringValue": "old"}}] * 3}
            body["resourceLogs"][0]["deprecatedScopeLogs"] = [old]
        connection.request("POST", "/v1/logs", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    time.sleep(0.5)  # the backend is down meanwhile: the first attempts fail
    second, second_log = start(binary, work, "second", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s/out.json", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (second_port, work))
    out = work / "out.json"
    end = time.time() + 20
    got = []
    while time.time() < end and len(got) < sent:
        time.sleep(0.1)
        got = re.findall(r"line \d+", out.read_text()) if out.exists() else []
    stop(first, first_log)
    stop(second, second_log)
    # Ten requests may be in flight at once, so batches that were retried can change places.
    assert sorted(got) == sorted("line %d" % i for i in range(sent)), "got %d of %d" % (len(got), sent)
    ledger = json.loads(re.search(r'Ledger\t(\{.*\})', first_log.read_text()).group(1))
    assert ledger["in"] == ledger["delivered"] == sent and ledger["held"] == ledger["dropped"] == 0, ledger
    print("relay: %d records over two hops, the second one late; ledger exact" % sent)


if __name__ == "__main__":
    main()
