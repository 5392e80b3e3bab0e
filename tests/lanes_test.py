#!/usr/bin/env python3
"""Several lanes: what many connections and many files bring is there exactly once, the metrics of all lanes are one, a
reload under load loses nothing, and what cannot be shared is said.

    lanes_test.py GLEANER [--races]     --races: GLEANER is a ThreadSanitizer build; any report fails"""
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
import urllib.request

from outage_test import Sender
from relay_test import free_port, stop, wait_for

LANES = 4


def start(binary, work, name, config, *flags):
    (work / (name + ".yaml")).write_text(config)
    log = work / (name + ".log")
    process = subprocess.Popen([binary, "--config=%s/%s.yaml" % (work, name), *flags], stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
    wait_for(log, "Everything is ready", 30)
    return process, log


def metric(port, name):
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(v) for v in re.findall(r"^%s(?:\{[^}]*\})? (\S+)$" % re.escape(name), text, re.M))


def bodies(path):
    """Bodies of all records in a file of OTLP JSON, in order."""
    out = []
    for line in path.read_text().rpartition("\n")[0].splitlines():  # the last one may be half written
        for resource in json.loads(line).get("resourceLogs", []):
            for scope in resource["scopeLogs"]:
                out += [r["body"]["stringValue"] for r in scope["logRecords"]]
    return out


def until(what, seconds=30):
    end = time.time() + seconds
    while not what():
        if time.time() > end:
            return False
        time.sleep(0.05)
    return True


def sink(binary, work):
    port = free_port()
    return port, start(binary, work, "sink", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s/out.json"}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (port, work), "--lanes=%d" % LANES)


def check_connections(binary, work):
    """16 senders over connections of their own, a reload in the middle."""
    sink_port, (sink_process, sink_log) = sink(binary, work)
    assert "cannot be shared by several" in sink_log.read_text(), sink_log.read_text()
    port, metrics = free_port(), free_port()
    relay, log = start(binary, work, "relay", """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
processors: {batch: {timeout: 50ms}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}}}
service:
  telemetry: {metrics: {address: "127.0.0.1:%d"}}
  pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}}
""" % (port, sink_port, metrics), "--lanes=%d" % LANES)
    threads = len(os.listdir("/proc/%d/task" % relay.pid))
    assert threads >= LANES, "%d threads" % threads

    senders = [Sender(port, i, rate=25) for i in range(16)]
    for one in senders:
        one.start()
    time.sleep(2)
    before = metric(metrics, "gleaner_ledger_in")
    assert before > 0
    relay.send_signal(signal.SIGHUP)
    time.sleep(2)
    for one in senders:
        one.stop()
    answered = set().union(*(one.answered for one in senders))
    sent = sum(1 for _ in answered)
    assert until(lambda: metric(metrics, "gleaner_ledger_held") == 0)
    after = {name: metric(metrics, "gleaner_ledger_" + name) for name in ("in", "delivered", "dropped", "refused")}
    assert after["in"] == after["delivered"] and after["dropped"] == 0, after
    stop(relay, log)
    stop(sink_process, sink_log)
    ledgers = [json.loads(x) for x in re.findall(r"Ledger\t(\{.*\})", log.read_text())]
    assert len(ledgers) == 2, ledgers  # one at the reload, one at the end: all lanes together
    came = bodies(work / "out.json")
    assert sum(one["delivered"] for one in ledgers) == len(came), (ledgers, len(came))
    missing = answered - set(came)
    assert not missing, "%d of %d records are missing" % (len(missing), sent)
    print("lanes: %d records of 16 connections through %d lanes and a reload: all there" % (sent, LANES))
    return [log, sink_log]


def check_files(binary, work):
    """40 folders, each with a file that is rotated while it is read: every line once, in order."""
    folders = [work / "pods" / ("pod%02d" % i) for i in range(40)]
    for folder in folders:
        folder.mkdir(parents=True)
    (work / "out.json").unlink(missing_ok=True)
    sink_port, (sink_process, sink_log) = sink(binary, work)
    metrics = free_port()
    tail, log = start(binary, work, "tail", """
receivers: {file_log: {include: ["%s/pods/*/*.log*"], start_at: beginning, poll_interval: 50ms}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}}}
service:
  telemetry: {metrics: {address: "127.0.0.1:%d"}}
  pipelines: {logs: {receivers: [file_log], exporters: [otlp]}}
""" % (work, sink_port, metrics), "--lanes=%d" % LANES)

    def write(mine):
        for turn in range(5):
            for folder in mine:
                with open(folder / "0.log", "a") as out:
                    for i in range(200):
                        out.write("%s %d\n" % (folder.name, turn * 200 + i))
            time.sleep(0.3)
            if turn in (1, 3):
                for folder in mine:
                    os.rename(folder / "0.log", folder / ("0.log.%d" % turn))
    writers = [threading.Thread(target=write, args=(folders[i::2],)) for i in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    until(lambda: metric(metrics, "gleaner_ledger_delivered") >= 40 * 1000)
    stop(tail, log)
    stop(sink_process, sink_log)
    lines = {}
    for body in bodies(work / "out.json"):
        name, number = body.split()
        lines.setdefault(name, []).append(int(number))
    for folder in folders:
        assert lines.get(folder.name) == list(range(1000)), (folder.name, len(lines.get(folder.name, [])), log.read_text()[-2000:])
    print("lanes: 40 rotated files over %d lanes: 40,000 lines, each once and in order" % LANES)
    return [log, sink_log]


def check_errors(binary, work):
    port = free_port()
    config = work / "taken.yaml"
    config.write_text("""
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
""" % port)
    first, log = start(binary, work, "first", config.read_text(), "--lanes=2")
    second = subprocess.run([binary, "--config=%s" % config, "--lanes=2"], capture_output=True, text=True, timeout=30)
    assert second.returncode == 1 and "address already in use" in second.stderr, second.stderr
    stop(first, log)
    for bad in ("0", "65", "x", "2x", "-1"):
        done = subprocess.run([binary, "--config=%s" % config, "--lanes=%s" % bad], capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and 'invalid argument "%s" for "--lanes"' % bad in done.stderr, done.stderr
    print("lanes: a port of another process is found taken, bad numbers are refused")
    return [log]


def main():
    binary = sys.argv[1]
    logs = []
    for check in (check_connections, check_files, check_errors):
        logs += check(binary, pathlib.Path(tempfile.mkdtemp(prefix="lanes-")))
    if "--races" in sys.argv:
        for log in logs:
            text = log.read_text()
            assert "ThreadSanitizer" not in text, text[text.index("ThreadSanitizer"):][:6000]


if __name__ == "__main__":
    main()
