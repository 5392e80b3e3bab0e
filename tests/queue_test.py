#!/usr/bin/env python3
"""The sending queue in files, as a whole: kill -9 over and over, an end without a backend, a full disk, damage.

Every record carries a number of its own. What a sender got a 200 for has to arrive; what arrives twice without its sender
having asked twice is at most one request for each kill.

    queue_test.py GLEANER [--long] [SCENARIO ...]"""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from outage_test import BATCH, Sender
from relay_test import figures, free_port, start, stop

LONG = "--long" in sys.argv


class Careful(Sender):
    """Remembers whatever it ever had to send again, and fills its records."""

    def __init__(self, port, number, rate=50, fill=0):
        super().__init__(port, number, rate)
        self.again, self.fill = set(), "x" * fill

    def run(self):
        connection, i = None, 0
        while not self.done:
            ids = ["r%d-%d" % (self.number, i * BATCH + k) for k in range(BATCH)]
            body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": x + " " + self.fill}} for x in ids]}]}]})
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self.answered.update(ids)
                    i += 1
                else:
                    assert response.status in (429, 503), response.status
                    self.refused += 1
                    time.sleep(0.05)
            except (OSError, http.client.HTTPException):
                self.again.update(ids)  # it may be kept all the same
                connection = None
                time.sleep(0.02)
            time.sleep(1 / self.rate)


class Bench:
    def __init__(self, binary, storage="", queue="num_consumers: 1", folder=None, senders=4, fill=0, rate=50):
        self.binary = binary
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="queue-"))
        self.folder = folder or self.work / "storage"
        self.port, self.backend_port, self.metrics_port = free_port(), free_port(), free_port()
        self.out = self.work / "out.json"
        self.runs, self.backend_kills = 0, 0
        self.config = """
extensions: {file_storage: {directory: "%s", create_directory: true, %s}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters:
  otlp:
    endpoint: "127.0.0.1:%d"
    tls: {insecure: true}
    compression: none
    sending_queue: {storage: file_storage, queue_size: 1000000, %s}
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0}
service:
  extensions: [file_storage]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}}
  pipelines: {logs: {receivers: [otlp], exporters: [otlp]}}
""" % (self.folder, storage, self.port, self.backend_port, queue, self.metrics_port)
        self.out.touch()
        self.backend = self.gleaner = None
        self.senders = [Careful(self.port, n, rate, fill) for n in range(senders)]

    def start_gleaner(self):
        self.runs += 1
        self.gleaner = start(self.binary, self.work, "gleaner%d" % self.runs, self.config)

    def start_backend(self):
        self.backend = start(self.binary, self.work, "backend", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s", append: true, flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (self.backend_port, self.out))

    def kill(self, which):
        which[0].kill()
        which[0].wait()

    def load(self, seconds):
        for sender in self.senders:
            if not sender.is_alive():
                sender.start()
        time.sleep(seconds)

    def end_load(self):
        for sender in self.senders:
            sender.stop()

    def figures(self):
        return figures(self.metrics_port)

    def drain(self, seconds=60):
        end = time.monotonic() + seconds
        while self.figures()["otelcol_exporter_queue_size"] > 0:
            assert time.monotonic() < end, "the queue does not drain: %s" % self.figures()
            time.sleep(0.1)

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % self.gleaner[0].pid).read_text())[1]) / 1024

    def cli(self, verb):
        return subprocess.run([self.binary, "queue", verb, self.folder], capture_output=True, text=True)

    def files(self):
        return sorted(self.folder.glob("*.queue/*.segment"))

    def answered(self):
        return set().union(*(s.answered for s in self.senders))

    def again(self):
        return set().union(*(s.again for s in self.senders))

    def arrived(self):
        return re.findall(r"r\d+-\d+", self.out.read_text())

    def check(self, twice=0, lost=0):
        """@return records answered, and how many came twice though their sender had asked once"""
        arrived = collections.Counter(self.arrived())
        answered, again = self.answered(), self.again()
        missing = answered - set(arrived)
        assert len(missing) <= lost, "%d of %d answered records are missing" % (len(missing), len(answered))
        assert set(arrived) <= answered | again
        doubled = sum(n - 1 for x, n in arrived.items() if x not in again)
        assert doubled <= twice, "%d records came twice, at most %d may" % (doubled, twice)
        return len(answered), doubled


def kill_loop(binary):
    """kill -9 under load, while the backend comes and goes."""
    kills = 1000 if LONG else 15
    chance = random.Random(1)
    bench = Bench(binary, rate=100)
    bench.start_backend()
    bench.start_gleaner()
    bench.load(0.2)
    for _ in range(kills):
        time.sleep(chance.uniform(0.02, 0.4))
        if chance.random() < 0.4:
            if bench.backend:
                bench.kill(bench.backend)
                bench.backend, bench.backend_kills = None, bench.backend_kills + 1
            else:
                bench.start_backend()
        bench.kill(bench.gleaner)
        bench.start_gleaner()
    bench.end_load()
    if not bench.backend:
        bench.start_backend()
    bench.drain(300)
    stop(*bench.gleaner)
    stop(*bench.backend)
    # A killed backend may have written what it did not answer.
    answered, doubled = bench.check(twice=BATCH * (kills + bench.backend_kills))
    assert answered > 100 * kills, answered
    assert not bench.files(), bench.files()
    return "%d kills, %d of them of the backend too: %d records acknowledged, 0 lost, %d came twice" % (
        kills, bench.backend_kills, answered, doubled)


def no_backend(binary):
    """Load, SIGTERM and a restart without a backend: everything is there, and what waits takes no memory."""
    bench = Bench(binary, fill=400, rate=200)
    bench.start_gleaner()
    bench.load(1)
    before = bench.resident()
    time.sleep(60 if LONG else 4)
    assert "a gleaner works on it" in bench.cli("ls").stderr
    after, waiting = bench.resident(), bench.figures()["otelcol_exporter_queue_storage_size"]
    begin = time.monotonic()
    stop(*bench.gleaner)
    took = time.monotonic() - begin
    bench.end_load()
    answered = bench.answered()
    ledger = json.loads(re.findall(r"Ledger\t(\{.*\})", bench.gleaner[1].read_text())[-1])
    assert ledger["persisted"] == ledger["in"] and ledger["dropped"] == ledger["held"] == 0, ledger
    listed = bench.cli("ls")
    items = int(re.search(r"(\d+) items", listed.stdout)[1])
    assert listed.returncode == 0 and items == ledger["in"], (listed, ledger)
    exported = set(re.findall(r"r\d+-\d+", bench.cli("export").stdout))
    assert answered <= exported, len(answered - exported)
    assert bench.cli("check").returncode == 0
    bench.start_backend()
    bench.start_gleaner()
    bench.drain()
    stop(*bench.gleaner)
    stop(*bench.backend)
    count, doubled = bench.check()
    assert not bench.files(), bench.files()
    assert after - before < 8, "%.1f MiB more after %.1f MiB of outage" % (after - before, waiting / 2**20)
    assert took < 3, took
    return "%d records, %.1f MiB of files, RSS %.1f MiB, then %.1f; gone %.2f s after SIGTERM; 0 lost, %d twice" % (
        count, waiting / 2**20, before, after, took, doubled)


def full_disk(binary):
    """Without a backend until the disk is full: senders are refused, and what was taken arrives later."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="queue-disk-"))
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", work], capture_output=True).returncode == 0
    try:
        bench = Bench(binary, "" if mounted else "max_size: 3000000", folder=work / "s", fill=400, rate=200)
        bench.start_gleaner()
        bench.load(1)
        end = time.monotonic() + 30
        while not all(sender.refused > 3 for sender in bench.senders):
            assert time.monotonic() < end, "nobody is refused"
            time.sleep(0.1)
        refused = bench.figures()["otelcol_exporter_enqueue_failed_log_records"]
        assert refused > 0
        if mounted:
            assert "cannot be written" in bench.gleaner[1].read_text()
        bench.kill(bench.gleaner)  # full, and killed
        bench.start_backend()
        bench.start_gleaner()
        time.sleep(1)
        bench.end_load()
        bench.drain()
        stop(*bench.gleaner)
        stop(*bench.backend)
        count, doubled = bench.check(twice=BATCH)
        assert not bench.files(), bench.files()
        return "%s of 3 MB: %d records taken, none of them lost, %d twice; %d refused" % (
            "a disk" if mounted else "files", count, doubled, refused)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", work])
        shutil.rmtree(work, ignore_errors=True)


def read_only(binary):
    """A disk that may only be read: what is on it is delivered, what comes is refused, and both are said."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="queue-disk-"))
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", work], capture_output=True).returncode:
        return "left out: nothing can be mounted here"
    try:
        bench = Bench(binary, folder=work / "s")
        bench.start_gleaner()
        bench.load(0.5)
        bench.kill(bench.gleaner)
        subprocess.run(["mount", "-o", "remount,ro", work], check=True)
        bench.start_backend()
        bench.start_gleaner()
        time.sleep(0.5)
        bench.end_load()
        bench.drain()
        refused = bench.figures()["otelcol_exporter_enqueue_failed_log_records"]
        stop(*bench.gleaner)
        stop(*bench.backend)
        log = bench.gleaner[1].read_text()
        assert refused > 0 and "cannot note what is delivered" in log and "what comes is refused" in log, log
        count, _ = bench.check()
        return "%d records delivered from it, %d refused" % (count, refused)
    finally:
        subprocess.run(["umount", "-l", work])
        shutil.rmtree(work, ignore_errors=True)


def damage(binary):
    """A record in the middle and the end of the last file are damaged: the rest is delivered, the loss has a number."""
    bench = Bench(binary)
    bench.start_gleaner()
    bench.load(1.5)
    bench.kill(bench.gleaner)
    bench.end_load()
    file = bench.files()[0]
    data = bytearray(file.read_bytes())
    middle = data.index(b"r0-", len(data) // 2)
    data[middle:middle + 3] = b"???"
    file.write_bytes(data)
    with open(file, "ab") as end:
        end.write(b"\0" * 17)  # an unfinished write
    checked = bench.cli("check")
    assert checked.returncode == 1 and "lost: 1 records (20 items)" in checked.stdout, checked
    assert "unfinished write of 17 bytes" in checked.stdout or "bytes are no record" in checked.stdout, checked
    bench.start_backend()
    bench.start_gleaner()
    bench.drain()
    lost = bench.figures()["otelcol_exporter_queue_lost_log_records"]
    stop(*bench.gleaner)
    stop(*bench.backend)
    log = bench.gleaner[1].read_text()
    assert lost == BATCH, lost
    assert "damaged and lost" in log and file.name in log, log
    count, _ = bench.check(lost=BATCH)
    return "%d records, %d lost and counted" % (count, lost)


def reloads(binary):
    """SIGHUP under load: the queue changes hands within the process."""
    bench = Bench(binary, queue="num_consumers: 10")
    bench.start_backend()
    bench.start_gleaner()
    bench.load(0.5)
    for n in range(5):
        bench.gleaner[0].send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while bench.gleaner[1].read_text().count("Everything is ready") < n + 2:
            assert time.monotonic() < end and bench.gleaner[0].poll() is None, bench.gleaner[1].read_text()
            time.sleep(0.02)
        time.sleep(0.2)
        if n == 2:
            bench.kill(bench.backend)
    bench.start_backend()
    bench.end_load()
    bench.drain()
    stop(*bench.gleaner)
    stop(*bench.backend)
    count, doubled = bench.check(twice=10 * BATCH)
    assert not bench.files(), bench.files()
    return "5 reloads, two without a backend: %d records, 0 lost, %d twice" % (count, doubled)


def synced(binary):
    """fsync: true: senders that come together share a sync."""
    bench = Bench(binary, "fsync: true", "num_consumers: 10", senders=16, rate=1000)
    bench.start_backend()
    bench.start_gleaner()
    bench.load(10 if LONG else 3)
    bench.end_load()
    bench.drain()
    figures = bench.figures()
    stop(*bench.gleaner)
    stop(*bench.backend)
    count, _ = bench.check()
    records, writes = (figures["otelcol_exporter_queue_storage_" + name] for name in ("records", "writes"))
    assert records > writes, (records, writes)
    return "%d records in %d requests, %.1f requests a sync" % (count, records, records / writes)


SCENARIOS = {f.__name__: f for f in (kill_loop, no_backend, full_disk, read_only, damage, synced, reloads)}


def main():
    wanted = [word for word in sys.argv[2:] if word != "--long"]
    for name in wanted or SCENARIOS:
        print("queue: %s: %s" % (name.replace("_", " "), SCENARIOS[name](sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
