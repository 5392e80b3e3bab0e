#!/usr/bin/env python3
"""More than the backend takes, from senders that do not care: h2load as fast as it can, over 1 and 50 connections,
against a backend that is slow, hangs or is gone. Memory stays within the budget and flat; afterwards the old speed is
back within 5 s. Then a burst of 200 MB and silence, and 200 new connections a second: nothing of them stays.

    overload_test.py GLEANER            the short form, under 20 s
    overload_test.py GLEANER --long     60 s a row, 5 minutes of new connections: ./dev soak overload"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from protobuf import sub
from relay_test import free_port, start, stop

BUDGET_MIB, SLACK_MIB = 64, 8  # received data held at once (service/collector.cc); heads, sessions, allocator
FLAT_MIB = 3  # between the second and the last third of an overload
BURST_MIB, CONNECTIONS_MIB = 2, 1  # what may stay of a burst, of many connections
RECORDS = 100  # in a request
RECOVERY, OLD_SPEED = 5, 0.5  # seconds; of the requests a second before: other work on the machine counts too
PATH = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
SINK = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d", max_recv_msg_size_mib: 64}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
"""
RELAY = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}, http: {endpoint: "127.0.0.1:%d"}}}}
processors: {batch: {}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, compression: none, timeout: 2s, retry_on_failure: {initial_interval: 100ms, max_interval: 1s}}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}}
  pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}}
"""


def bodies(work):
    """100 records of 200 B as a gRPC message and as an HTTP body."""
    record = sub(5, sub(1, b"request taken in 12 ms " * 8)) + sub(6, sub(1, b"k") + sub(2, sub(1, b"v")))
    request = sub(1, sub(2, sub(2, record) * RECORDS))
    (work / "grpc.bin").write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
    (work / "http.bin").write_bytes(request)
    return len(request)


def resident(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % process.pid).read_text()).group(1)) / 1024


class Watch(threading.Thread):
    """Samples a process's resident MiB until told to stop."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.samples, self.done = process, [], threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.05):
            self.samples.append(resident(self.process))

    def end(self):
        self.done.set()
        self.join()
        return self.samples


class Backend:
    """A gleaner that forgets what it gets, and what can be wrong with it."""

    def __init__(self, binary, work, name):
        self.binary, self.work, self.name, self.port, self.lives = binary, work, "sink-" + name, free_port(), 0
        self.up()

    def up(self):
        self.lives += 1
        self.process, self.log = start(self.binary, self.work, "%s-%d" % (self.name, self.lives), SINK % self.port)

    def suffer(self, how, seconds):
        end = time.monotonic() + seconds
        if how == "gone":
            stop(self.process, self.log)
            time.sleep(max(0, end - time.monotonic()))
            return self.up()
        while time.monotonic() < end:  # slow: runs 2 ms in 100, a tenth of what is asked of it and less
            os.kill(self.process.pid, signal.SIGSTOP)
            time.sleep(0.098 if how == "slow" else seconds)
            os.kill(self.process.pid, signal.SIGCONT)
            time.sleep(0.002)


def h2load(work, port, connections, *more):
    words = ["h2load", "-t1", "-c%d" % connections, *more]
    words += ["-m16", "-d", work / "grpc.bin", "-H", "content-type: application/grpc", "-H", "te: trailers", "http://127.0.0.1:%d%s" % (port, PATH)]
    subprocess.run(words, capture_output=True, check=True)


def taken(metrics):
    """Requests taken so far; h2load cannot tell: refusals of gRPC are 200 too."""
    connection = http.client.HTTPConnection("127.0.0.1", metrics)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return int(re.search(r'^otelcol_receiver_accepted_log_records{receiver="otlp",transport="grpc"} (\d+)', text, re.M).group(1)) / RECORDS


def speed(work, port, metrics, connections, seconds):
    """Requests a second that are taken."""
    before, begin = taken(metrics), time.monotonic()
    h2load(work, port, connections, "-D%g" % seconds)
    return (taken(metrics) - before) / (time.monotonic() - begin)


def overload(binary, work, how, connections, seconds):
    backend = Backend(binary, work, "%s-%d" % (how, connections))
    port, metrics = free_port(), free_port()
    process, log = start(binary, work, "relay-%s-%d" % (how, connections), RELAY % (port, free_port(), backend.port, metrics))
    probe = 1 if seconds < 30 else 2
    before = speed(work, port, metrics, connections, probe)
    watch = Watch(process)
    load = threading.Thread(target=h2load, args=(work, port, connections, "-D%g" % seconds))
    load.start()
    backend.suffer(how, seconds)
    load.join()
    samples = watch.end()
    # The old speed is back, and all that was held is delivered.
    end = time.monotonic() + RECOVERY
    while True:
        after = speed(work, port, metrics, connections, probe)
        if after >= before * OLD_SPEED:
            break
        assert time.monotonic() < end, "%s, %d connections: %d requests/s before, %d after" % (how, connections, before, after)
    time.sleep(max(0, end - time.monotonic()) if seconds > 30 else 2)
    stop(process, log)
    stop(backend.process, backend.log)
    third = len(samples) // 3
    full = max(samples[third:2 * third])
    peak, growth = max(samples), max(samples[2 * third:]) - full
    assert peak <= BUDGET_MIB + SLACK_MIB, "%s, %d connections: %.1f MiB" % (how, connections, peak)
    assert full < BUDGET_MIB or growth <= FLAT_MIB, "%s, %d connections: grew by %.1f MiB" % (how, connections, growth)
    ledger = json.loads(re.search(r"\tLedger\t(\{.*\})", log.read_text()).group(1))
    assert ledger["in"] == ledger["delivered"] and ledger["held"] == 0, ledger
    print("overload: %s backend, %d connections, %d s: peak %.1f MiB, last third %+.1f MiB; %d requests/s before, %d after; %d records delivered" %
          (how, connections, seconds, peak, growth, before, after, ledger["delivered"]))


def idle_relay(binary, work, name):
    """A relay that has settled: what its start needed is given back after 5 s."""
    backend = Backend(binary, work, name)
    port, http_port = free_port(), free_port()
    process, log = start(binary, work, name, RELAY % (port, http_port, backend.port, free_port()))
    time.sleep(5.5)
    return backend, port, http_port, process, log


def burst(relay, work, size):
    backend, port, _, process, log = relay
    h2load(work, port, 4, "-n100")  # the code that handles data is in memory, as it is at the end
    time.sleep(1.5)
    idle = resident(process)
    watch = Watch(process)
    h2load(work, port, 10, "-n%d" % (200_000_000 // size))
    peak = max(watch.end())
    end = time.monotonic() + RECOVERY
    while resident(process) > idle + BURST_MIB and time.monotonic() < end:
        time.sleep(0.1)
    left = resident(process)
    stop(process, log)
    stop(backend.process, backend.log)
    assert left <= idle + BURST_MIB, "idle %.1f MiB, after the burst %.1f" % (idle, left)
    print("burst: 200 MB, idle %.1f MiB, peak %.1f, after %.1f" % (idle, peak, left))


def connections(relay, work, seconds, rate=200):
    backend, _, http_port, process, log = relay
    body = (work / "http.bin").read_bytes()[:0]

    def row(count):
        begin = time.monotonic()
        for i in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", http_port)
            connection.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
            assert connection.getresponse().status == 200
            connection.close()
            time.sleep(max(0, begin + (i + 1) / rate - time.monotonic()))

    row(rate)
    first, files = resident(process), len(os.listdir("/proc/%d/fd" % process.pid))
    row(int(rate * seconds))
    time.sleep(0.2)
    last, files_left = resident(process), len(os.listdir("/proc/%d/fd" % process.pid))
    stop(process, log)
    stop(backend.process, backend.log)
    assert last <= first + CONNECTIONS_MIB and files_left <= files + 1, (first, last, files, files_left)
    print("connections: %d, %d a second: %.1f MiB after the first %d, %.1f at the end; %d files, then %d" %
          (rate * seconds, rate, first, rate, last, files, files_left))


def main():
    binary, long = sys.argv[1], "--long" in sys.argv
    work = pathlib.Path(tempfile.mkdtemp(prefix="overload-"))
    size = bodies(work)
    rows = [(how, n) for how in ("slow", "hanging", "gone") for n in (1, 50)] if long else [("slow", 50), ("gone", 1)]
    with concurrent.futures.ThreadPoolExecutor() as pool:  # what mostly waits goes side by side
        relays = [pool.submit(idle_relay, binary, work, name) for name in ("burst", "connections")]
        for how, n in rows:
            overload(binary, work, how, n, 60 if long else 2)
        ends = [pool.submit(burst, relays[0].result(), work, size), pool.submit(connections, relays[1].result(), work, 300 if long else 4)]
        for done in ends:
            done.result()


if __name__ == "__main__":
    main()
