#!/usr/bin/env python3
"""Health tells the truth: what fails, since when and why, on two lanes; the probes; the reference's answer stays what it is.

    health_test.py GLEANER"""
import http.client
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from relay_test import free_port, start, stop

CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%(otlp)d"}}}}
processors: {memory_limiter: {check_interval: 1s, limit_mib: 1}}
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:%(sink)d"
    timeout: 1s
    sending_queue: {queue_size: 2, num_consumers: 1}
    retry_on_failure: {initial_interval: 100ms, max_interval: 200ms, max_elapsed_time: 0s}
  nop: {}
extensions: {health_check: {endpoint: "127.0.0.1:%(health)d"}}
service:
  telemetry: {metrics: {level: none}}
  extensions: [health_check]
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
    metrics: {receivers: [otlp], processors: [memory_limiter], exporters: [nop]}
    traces: {receivers: [otlp], exporters: [nop]}
"""
SINK = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
"""
LOGS = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "a line"}}]}]}]}
METRICS = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}]}}]}]}]}


def request(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def until(question, holds, what, seconds=20):
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if holds(answer):
            return answer
        assert time.monotonic() < end, "%s: %s" % (what, answer)
        time.sleep(0.05)


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="health-"))
    ports = {"otlp": free_port(), "sink": free_port(), "health": free_port()}
    process, log = start(binary, work, "gleaner", CONFIG % ports, "--lanes=2")
    get = lambda path: request(ports["health"], "GET", path)
    check = lambda *words: subprocess.run([binary, "healthcheck", "--endpoint=127.0.0.1:%d" % ports["health"], *words],
                                          capture_output=True, text=True)

    def plain():
        status, text = get("/")
        assert status == 200 and json.loads(text)["status"] == "Server available", (status, text)
        assert get("/any/path?query=ready")[0] == 200

    plain()
    well = "[+] pipeline logs\n[+] pipeline metrics\n[+] pipeline traces\n%s: yes, the pipelines run\n"
    for probe in ("verbose", "live", "startup", "ready"):
        assert get("/?" + probe) == (200, well % probe), get("/?" + probe)
    said = check()
    assert said.returncode == 0 and said.stdout == well % "verbose", said

    # The backend is away: the queue takes what comes, so it is still ready.
    assert request(ports["otlp"], "POST", "/v1/logs", LOGS)[0] == 200
    status, text = until(lambda: get("/?ready"), lambda x: "failing" in x[1], "a failing exporter is told")
    failing = r"^\[-\] pipeline logs: exporter otlp_http failing since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(\d+s\): .*refused$"
    assert status == 200 and re.search(failing, text, re.M) and "[+] pipeline traces" in text, (status, text)
    since = re.search(r"since (\S+)", text)[1]
    plain()

    # The queues of both lanes are full: senders are refused, and that is not ready. It lives all the same.
    until(lambda: [request(ports["otlp"], "POST", "/v1/logs", LOGS)[0] for _ in range(8)], lambda all: set(all) == {503}, "the queue is full")
    status, text = get("/?ready")
    assert status == 503 and "exporter otlp_http refusing since" in text and "sending queue is full" in text, (status, text)
    assert text.endswith("ready: no, data is refused\n") and "failing since " + since in text, (since, text)
    for probe in ("verbose", "live", "startup"):
        assert get("/?" + probe)[0] == 200, probe
    plain()
    said = check("--probe=ready")
    assert said.returncode == 1 and "refusing since" in said.stdout and "status 503" in said.stderr, said
    said = check()
    assert said.returncode == 0 and re.search(failing, said.stdout, re.M), said

    # It comes back.
    sink, sink_log = start(binary, work, "sink", SINK % ports["sink"])
    until(lambda: get("/?verbose")[1], lambda text: "failing" not in text, "it is well again")
    until(lambda: get("/?ready")[0], lambda status: status == 200, "ready, some seconds after the last refusal")

    # A memory_limiter that refuses.
    until(lambda: request(ports["otlp"], "POST", "/v1/metrics", METRICS)[0], lambda status: status == 503, "the memory_limiter refuses")
    status, text = get("/?ready")
    assert status == 503 and "[-] pipeline metrics: processor memory_limiter refusing since" in text and "[+] pipeline logs" in text, text

    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0, log.read_text()
    stop(sink, sink_log)
    shutil.rmtree(work)
    print("health: failing since, refusing and well again on two lanes; live, startup and ready; the plain answer stays")


if __name__ == "__main__":
    main()
