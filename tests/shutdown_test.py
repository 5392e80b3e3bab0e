#!/usr/bin/env python3
"""The end: --shutdown-timeout, a second signal, and gleaner healthcheck.

    shutdown_test.py GLEANER"""
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
            code = self.process.wait(10)
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


def main():
    for scenario in (limit, second_signal, healthcheck):
        print("shutdown: %s: %s" % (scenario.__name__.replace("_", " "), scenario(sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
