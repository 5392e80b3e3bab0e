#!/usr/bin/env python3
"""A container of 32 MiB whose backend is away: senders and a log file go on all the time. Nothing is killed, memory is flat, who
cannot be served is refused, and of what was taken every record is delivered or counted at the end.

    memory_test.py GLEANER                 20 s
    memory_test.py GLEANER --minutes N     ./dev soak memory: 20"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "chaos"))
from backend import Backend  # noqa: E402
from overload_test import resident  # noqa: E402
from relay_test import figures, free_port, stop, wait_for  # noqa: E402

LIMIT = 32 << 20       # bytes of the cgroup
FLAT = 2               # MiB of resident memory: the last third of the time against the second
SENDERS, BATCH, SIZE = 4, 50, 600  # records a request, bytes a record
CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}}
  filelog: {include: ["%(work)s/logs/*.log"], start_at: beginning, retry_on_failure: {enabled: true}}
processors: {batch: {timeout: 200ms}}
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:%(backend)d"
    encoding: json
    compression: none
    timeout: 5s
    retry_on_failure: {initial_interval: 1s, max_interval: 5s, max_elapsed_time: %(elapsed)ds}
service:
  telemetry: {logs: {level: error}, metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(metrics)d}}}}]}}
  pipelines: {logs: {receivers: [otlp, filelog], processors: [batch], exporters: [otlp_http]}}
"""


class Cage:
    """A memory cgroup, of version 1 or 2."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        self.old = (root / "memory").is_dir()
        self.path = (root / "memory" if self.old else root) / ("gleaner-memory-%d" % os.getpid())
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.old else "memory.max")).write_text(str(LIMIT))

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def number(self, file, word):
        return next(int(line.split()[1]) for line in (self.path / file).read_text().splitlines() if line.startswith(word + " "))

    def kills(self):
        return self.number("memory.oom_control" if self.old else "memory.events", "oom_kill")

    def anonymous(self):
        """MiB that no file backs: what cannot be given back."""
        return self.number("memory.stat", "rss" if self.old else "anon") / (1 << 20)

    def remove(self):
        for pid in (self.path / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        for _ in range(50):
            try:
                return self.path.rmdir()
            except OSError:
                time.sleep(0.1)


class Sender(threading.Thread):
    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port, self.number, self.done = port, number, False
        self.taken = self.refused = 0

    def run(self):
        connection, request = None, 0
        while not self.done:
            request += 1
            records = [{"body": {"stringValue": "#s%d.%d.%d# %s" % (self.number, request, k, "x" * SIZE)}} for k in range(BATCH)]
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("POST", "/v1/logs", json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}),
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self.taken += BATCH
                else:
                    assert response.status == 503, response.status
                    self.refused += BATCH
            except (OSError, http.client.HTTPException) as error:
                raise SystemExit("a sender gets no answer: %r" % error)
            time.sleep(0.02)


class Writer(threading.Thread):
    """A log file that grows to 40 MB."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.done, self.lines = folder, False, 0

    def run(self):
        out = open(self.folder / "app.log", "a", buffering=1)
        while not self.done:
            if self.lines < 200_000:
                for _ in range(20):
                    out.write("#f%d# %s\n" % (self.lines, "y" * 200))
                    self.lines += 1
            time.sleep(0.02)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("gleaner")
    words.add_argument("--minutes", type=float, default=1 / 3)
    asked = words.parse_args()
    try:
        cage = Cage()
    except OSError as error:
        return print("memory: left out, no cgroup can be made here (%s)" % error)
    try:
        play(asked.gleaner, asked.minutes, cage)
    finally:
        cage.remove()


def play(binary, minutes, cage):
    work = pathlib.Path(tempfile.mkdtemp(prefix="memory-"))
    (work / "logs").mkdir()
    backend = Backend(free_port(), grpc=False, seed=1)
    backend.close()
    ports = {"port": free_port(), "metrics": free_port(), "backend": backend.port, "work": work, "elapsed": 15 if minutes < 1 else 60}
    (work / "gleaner.yaml").write_text(CONFIG % ports)
    log = work / "gleaner.log"
    process = subprocess.Popen([binary, "--config=%s/gleaner.yaml" % work], stdout=subprocess.DEVNULL, stderr=open(log, "wb"),
                               preexec_fn=cage.enter)
    end = time.monotonic() + 10
    while not (total := figures_or_none(ports["metrics"])):
        assert time.monotonic() < end and process.poll() is None, log.read_text()
        time.sleep(0.05)
    senders, writer = [Sender(ports["port"], n) for n in range(SENDERS)], Writer(work / "logs")
    for one in (*senders, writer):
        one.start()
    samples, began = [], time.monotonic()
    while time.monotonic() - began < minutes * 60:
        time.sleep(0.25)
        assert process.poll() is None, "ended with %s after %.0f s, %d OOM kills" % (process.returncode, time.monotonic() - began, cage.kills())
        assert all(one.is_alive() for one in senders), "a sender was left without an answer"
        samples.append((resident(process), cage.anonymous()))
    for one in (*senders, writer):
        one.done = True
    for one in (*senders, writer):
        one.join(40)
    third = len(samples) // 3
    peak = [max(rss for rss, _ in samples[part * third:(part + 1) * third]) for part in range(3)]
    anonymous = max(held for _, held in samples)
    taken, refused = sum(one.taken for one in senders), sum(one.refused for one in senders)

    backend.open()
    end = time.monotonic() + 90
    while True:
        total = figures(ports["metrics"])
        if total["gleaner_ledger_held"] == 0 and total["gleaner_ledger_in"] >= taken + writer.lines:
            break
        assert time.monotonic() < end, "it does not drain: %s" % dict(total)
        time.sleep(0.2)
    kills = cage.kills()
    stop(process, log)
    delivered = sum(backend.got.values())
    entered, dropped = int(total["gleaner_ledger_in"]), int(total["gleaner_ledger_dropped"])
    print("memory: %.1f min without a backend in %d MiB: %d OOM kills; peak RSS of the thirds %s MiB, %.1f MiB of it no file's; taken %d records "
          "and %d lines, refused %d; delivered %d + dropped %d = %d" % (minutes, LIMIT >> 20, kills, "/".join("%.1f" % x for x in peak),
          anonymous, taken, writer.lines, refused, delivered, dropped, entered), flush=True)
    assert kills == 0
    assert entered == taken + writer.lines == delivered + dropped, (entered, taken, writer.lines, delivered, dropped)
    assert set(backend.got.values()) <= {1}, "some came twice"
    assert refused > 0 or minutes < 1, "nothing was refused: that was no load"
    assert peak[2] <= peak[1] + FLAT, "memory grows: %s" % peak
    shutil.rmtree(work)


def figures_or_none(port):
    try:
        return figures(port)
    except OSError:
        return None


if __name__ == "__main__":
    main()
