#!/usr/bin/env python3
"""The wall clock jumps, both ways and by more than a year, while gleaner works: batches, retries, tokens, offsets and what reads
files go on as if nothing were. The clock is that of one process only (chaos/wall_clock.cc).

    clock_test.py GLEANER WALL_CLOCK"""
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

from relay_test import free_port, wait_for

DAY = 86400
CONFIG = """
extensions:
  file_storage: {directory: "%(work)s/store", create_directory: true}
  oauth2client: {client_id: me, client_secret: secret, token_url: "http://127.0.0.1:%(backend)d/token"}
  bearertokenauth: {filename: "%(work)s/token"}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}}
  filelog: {include: ["%(work)s/*.txt"], start_at: beginning, storage: file_storage, poll_interval: 50ms}
processors: {batch: {timeout: 200ms}}
exporters:
  otlp_http/oauth: &one
    endpoint: "http://127.0.0.1:%(backend)d/oauth"
    encoding: json
    compression: none
    auth: {authenticator: oauth2client}
    sending_queue: {storage: file_storage}
    retry_on_failure: {initial_interval: 100ms, max_interval: 300ms, max_elapsed_time: 60s}
  otlp_http/file: {<<: *one, endpoint: "http://127.0.0.1:%(backend)d/file", auth: {authenticator: bearertokenauth}, sending_queue: {}}
service:
  extensions: [file_storage, oauth2client, bearertokenauth]
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [otlp, filelog], processors: [batch], exporters: [otlp_http/oauth, otlp_http/file]}}
"""


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    away, tokens, attempts = False, 0, 0
    got = {"oauth": {}, "file": {}}  # item -> (token, observed at)
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with Backend.lock:
            if self.path == "/token":
                Backend.tokens += 1
                return self.answer(200, {"access_token": "t%d" % Backend.tokens, "token_type": "bearer", "expires_in": 3600})
            Backend.attempts += 1
            if Backend.away:
                return self.answer(503, {})
            for resource in json.loads(body)["resourceLogs"]:
                for record in resource["scopeLogs"][0]["logRecords"]:
                    Backend.got[self.path.split("/")[1]][record["body"]["stringValue"]] = (
                        self.headers["authorization"], int(record.get("observedTimeUnixNano", 0)) / 1e9)
        self.answer(200, {})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def until(condition, what, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Stage:
    def __init__(self, binary, wall_clock, work):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.binary, self.wall_clock, self.work, self.port = binary, wall_clock, work, free_port()
        (work / "gleaner.yaml").write_text(CONFIG % {"work": work, "backend": server.server_address[1], "port": self.port})
        (work / "token").write_text("first\n")
        (work / "shift").write_bytes(b"\0" * 8)
        self.lines, self.items = 0, 0
        self.start()

    def start(self, within=()):
        self.log = self.work / ("gleaner-%d.log" % self.lines)
        self.process = subprocess.Popen([*within, self.wall_clock, self.work / "shift", self.binary, "--config=%s/gleaner.yaml" % self.work],
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"))
        wait_for(self.log, "Everything is ready")

    def shift(self, seconds):
        with open(self.work / "shift", "r+b", buffering=0) as out:
            out.write(struct.pack("<q", seconds))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        assert self.process.wait(20) == 0, self.log.read_text()[-3000:]
        assert time.monotonic() - begin < 6, "the end took %.1f s" % (time.monotonic() - begin)

    def cpu(self):
        """Seconds of the program, which is the tracer's child."""
        child = pathlib.Path("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)).read_text().split()[0]
        fields = pathlib.Path("/proc/%s/stat" % child).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def send(self):
        """@return a line of the file and an item of a sender"""
        line, item = "line %d" % self.lines, "item %d" % self.items
        self.lines, self.items = self.lines + 1, self.items + 1
        with open(self.work / "a.txt", "a") as out:
            out.write(line + "\n")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        record = {"body": {"stringValue": item}}
        connection.request("POST", "/v1/logs", json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}), {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()
        return {line, item}

    def come(self, wanted, what):
        until(lambda: all(wanted <= set(got) for got in Backend.got.values()), "%s: %s\n%s" % (what, Backend.got, self.log.read_text()[-2000:]))


def step(stage, seconds):
    name = "%+d days" % (seconds / DAY)
    stage.shift(seconds)
    before, tokens = stage.cpu(), Backend.tokens
    sent = stage.send()
    stage.come(sent, name + ": a batch")
    line = next(one for one in sent if one.startswith("line"))
    observed = Backend.got["file"][line][1]
    assert abs(observed - time.time() - seconds) < 60, "%s: the clock was not moved: %.0f" % (name, observed - time.time())
    # The backend is away: attempts go on at their pace, and come through when it is back.
    Backend.away = True
    sent, first = stage.send(), Backend.attempts
    until(lambda: Backend.attempts >= first + 6, name + ": retries go on")
    began, first = time.monotonic(), Backend.attempts
    time.sleep(1)
    attempts = (Backend.attempts - first) / (time.monotonic() - began)
    Backend.away = False
    stage.come(sent, name + ": what was retried")
    assert attempts < 40, "%s: %.0f attempts a second" % (name, attempts)
    # A secret that is exchanged is seen, though its file is from the future or the distant past.
    token = "token%d" % stage.items
    (stage.work / "token.new").write_text(token + "\n")
    os.rename(stage.work / "token.new", stage.work / "token")

    def renewed():
        sent = stage.send()
        stage.come(sent, name + ": with a new token")
        return all(Backend.got["file"][one][0] == "Bearer " + token for one in sent)
    until(renewed, name + ": the new token")
    assert Backend.tokens == max(tokens, 1), "%s: a token that lives an hour was fetched again" % name
    spent = stage.cpu() - before
    assert spent < 2, "%s: %.2f s of CPU" % (name, spent)


def main():
    binary, wall_clock = sys.argv[1:3]
    work = pathlib.Path(tempfile.mkdtemp(prefix="clock-"))
    (work / "zero").write_bytes(b"\0" * 8)
    tried = subprocess.run([wall_clock, work / "zero", "/bin/true"], capture_output=True, text=True)
    if tried.returncode != 0:
        return print("clock: left out, no ptrace here: %s" % tried.stderr.strip())
    stage = Stage(binary, wall_clock, work)
    try:
        play(stage)
    finally:
        stage.process.kill()  # the tracer's end is the program's
    shutil.rmtree(work)


def play(stage):
    step(stage, 0)
    tokens = Backend.tokens
    for days in (400, -400, 0):
        step(stage, days * DAY)
    assert Backend.tokens == tokens
    stage.stop()
    # The next run begins 400 days before the last one wrote its state.
    stage.shift(-400 * DAY)
    stage.start()
    stage.come(stage.send(), "after a start in the past")
    stage.stop()
    # A machine that has run for thirty years: the other clock.
    old = ["unshare", "--time", "--monotonic", str(30 * 365 * DAY), "--boottime", str(30 * 365 * DAY)]
    aged = os.geteuid() == 0 and subprocess.run([*old, "true"], capture_output=True).returncode == 0
    if aged:
        stage.shift(0)
        stage.start(old)
        stage.come(stage.send(), "on a machine that has run for long")
        stage.stop()
    for name, got in Backend.got.items():
        assert len(got) == stage.lines + stage.items, (name, len(got))
    ledgers = [json.loads(text) for file in stage.work.glob("*.log") for text in re.findall(r"Ledger\t(\{.*\})", file.read_text())]
    total = {key: sum(one[key] for one in ledgers) for key in ("in", "copies", "dropped", "held")}
    assert total == {"in": stage.lines + stage.items, "copies": stage.lines + stage.items, "dropped": 0, "held": 0}, total
    print("clock: +400, -400 and 0 days under way, a start 400 days ago%s: %d records, each once; %d token fetches" % (
        ", a machine up for 30 years" if aged else "", total["in"], Backend.tokens))


if __name__ == "__main__":
    main()
