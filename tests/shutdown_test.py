#!/usr/bin/env python3
"""The end: --shutdown-timeout, a second signal, --linger, and gleaner healthcheck.

    shutdown_test.py GLEANER [--long]     --long: also what a pod's end does without a flag, half a minute"""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from relay_test import free_port, start


def send(port, count):
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}] * count}]}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200


class Stuck:
    """A gleaner whose backend takes connections and never answers, with 30 records under way."""

    def __init__(self, binary, *flags):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="shutdown-"))
        self.silent = socket.create_server(("127.0.0.1", 0))
        port, self.health = free_port(), free_port()
        self.process, self.log = start(binary, self.work, "gleaner", """
extensions: {health_check: {endpoint: "127.0.0.1:%d"}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:%d", timeout: 1m}}
service: {extensions: [health_check], telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
""" % (self.health, port, self.silent.getsockname()[1]), *flags)
        for _ in range(3):
            send(port, 10)

    def ends_with_one(self, begin, least, most):
        try:
            code = self.process.wait(most + 8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("it does not end:\n" + self.log.read_text())
        took = time.monotonic() - begin
        text = self.log.read_text()
        assert code == 1 and least < took < most, (code, took, text)
        held = [int(n) for n in re.findall(r'Lost at the end\t\{.*"pipeline": "logs", "held": (\d+)', text)]
        assert held == [30], text
        return took


def limit(binary):
    stuck = Stuck(binary, "--shutdown-timeout", "1s")
    begin = time.monotonic()
    stuck.process.send_signal(signal.SIGTERM)
    return "--shutdown-timeout 1s: gone after %.2f s, 30 records reported" % stuck.ends_with_one(begin, 0.9, 2.5)


def second_signal(binary):
    stuck = Stuck(binary)
    stuck.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    stuck.process.send_signal(signal.SIGTERM)  # the same signal, passed on by a wrapper
    time.sleep(0.5)
    assert stuck.process.poll() is None, stuck.log.read_text()
    begin = time.monotonic()
    stuck.process.send_signal(signal.SIGTERM)
    return "a second SIGTERM: gone after %.2f s, 30 records reported" % stuck.ends_with_one(begin, 0, 1)


def linger(binary):
    """The app's last words: SIGTERM reaches it and gleaner at once, and it goes on for two seconds."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="linger-"))
    port, log = free_port(), work / "app.log"
    log.write_text("first\n")
    process, own = start(binary, work, "gleaner", """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}
  filelog: {include: ["%s"], start_at: beginning}
exporters: {file: {path: "%s/out.json"}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp, filelog], exporters: [file]}}}
""" % (port, log, work), "--linger", "20s")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    process.send_signal(signal.SIGTERM)
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "span"}}]}]}]})
    with open(log, "a", buffering=1) as out:
        for i in range(10):
            time.sleep(0.2)
            out.write("last %d\n" % i)
            connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            answer.read()
    time.sleep(1.5)  # quiet, but connected
    assert process.poll() is None, own.read_text()
    connection.close()
    begin = time.monotonic()
    assert process.wait(10) == 0, own.read_text()
    took = time.monotonic() - begin
    text = (work / "out.json").read_text()
    assert 0.8 < took < 4 and text.count('"span"') == 10 and all('"last %d"' % i in text for i in range(10)), (took, text)
    return "10 requests and 10 lines after SIGTERM are in; gone %.1f s after the last connection" % took


def in_a_pod(binary):
    os.environ["KUBERNETES_SERVICE_HOST"] = "127.0.0.1"
    stuck = Stuck(binary)
    del os.environ["KUBERNETES_SERVICE_HOST"]
    begin = time.monotonic()
    stuck.process.send_signal(signal.SIGTERM)
    return "gone after %.1f s of nothing moving, 30 records reported" % stuck.ends_with_one(begin, 27.5, 29.8)


def healthcheck(binary):
    stuck = Stuck(binary)
    ask = lambda at: subprocess.run([binary, "healthcheck", "--endpoint=" + at], capture_output=True, text=True)
    here = "127.0.0.1:%d" % stuck.health
    assert ask(here).returncode == ask("http://%s/" % here).returncode == 0
    stuck.process.kill()
    stuck.process.wait()
    gone = ask(here)
    assert gone.returncode == 1 and gone.stderr.startswith("Error: "), gone
    return "0 while it runs, 1 when it does not"


def side_by_side(binary):
    """Three receivers, each of which waits 5 s for a request that never comes whole: they wait together."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="side-"))
    ports = [free_port() for _ in range(3)]
    receivers = ", ".join('otlp/%d: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}' % (n, port) for n, port in enumerate(ports))
    process, log = start(binary, work, "side", """
receivers: {%s}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [%s], exporters: [nop]}}}
""" % (receivers, ", ".join("otlp/%d" % n for n in range(3))))
    halves = []
    for port in ports:
        halves.append(socket.create_connection(("127.0.0.1", port)))
        halves[-1].sendall(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{")
    time.sleep(0.3)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0, log.read_text()
    took = time.monotonic() - begin
    assert took < 9, "%.1f s" % took
    return "gone after %.1f s" % took


def main():
    for scenario in (limit, second_signal, linger, healthcheck, side_by_side) + ((in_a_pod,) if "--long" in sys.argv else ()):
        print("shutdown: %s: %s" % (scenario.__name__.replace("_", " "), scenario(sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
