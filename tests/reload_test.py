#!/usr/bin/env python3
"""A configuration that changes under load: only what differs restarts. Connections and files of receivers that stay are not
touched, whatever happens behind them; a broken file changes nothing; every record is there exactly once.

    reload_test.py GLEANER"""
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.request

from lanes_test import bodies, until
from outage_test import Sender
from relay_test import free_port, start, stop

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}}
  otlp/other: {protocols: {http: {endpoint: "127.0.0.1:%(other)d"}}}
  filelog: {include: ["%(work)s/in.log"], start_at: end, poll_interval: 50ms}
processors:
  batch: {timeout: 50ms}
  resource: {attributes: [{key: version, value: "%(version)d", action: upsert}]}
exporters:
  otlp: {endpoint: "127.0.0.1:%(backend)d", timeout: %(timeout)s, tls: {insecure: true}}
  file: {path: "%(work)s/copy.json", append: true, flush_interval: 0s}
service:
  telemetry: {metrics: {address: "127.0.0.1:%(metrics)d"}, logs: {level: %(level)s}}
  pipelines:
    logs: {receivers: [otlp, filelog], processors: [resource, batch], exporters: [%(exporters)s]}
    logs/other: {receivers: [otlp/other], processors: [batch], exporters: [otlp]}
    %(more)s
"""


class Writer(threading.Thread):
    """Numbered lines into the file, 100 a second."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.lines, self.done = path, 0, False

    def run(self):
        with open(self.path, "a", buffering=1) as out:
            while not self.done:
                out.write("l%d\n" % self.lines)
                self.lines += 1
                time.sleep(0.01)

    def stop(self):
        self.done = True
        self.join()


class Bench:
    def __init__(self, binary, *flags):
        self.watched = "--watch" in flags
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="reload-"))
        self.values = {"work": self.work, "port": free_port(), "other": free_port(), "backend": free_port(), "metrics": free_port(),
                       "version": 1, "timeout": "5s", "level": "info", "exporters": "otlp", "more": ""}
        self.out = self.work / "out.json"
        self.backend = start(binary, self.work, "backend", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s", append: true, flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (self.values["backend"], self.out))
        (self.work / "in.log").write_text("old\n")
        self.gleaner = start(binary, self.work, "gleaner", CONFIG % self.values, *flags)
        self.log = self.gleaner[1]
        until(lambda: "Started watching file" in self.log.read_text())
        self.senders = [Sender(self.values["port"], 0), Sender(self.values["other"], 1)]
        self.writer = Writer(self.work / "in.log")
        for one in (*self.senders, self.writer):
            one.start()
        self.reloads = {"done": 0, "refused": 0}

    def write(self, text):
        """As a ConfigMap is swapped: one rename."""
        (self.work / "next").write_text(text)
        os.rename(self.work / "next", self.work / "gleaner.yaml")
        if not self.watched:
            self.gleaner[0].send_signal(signal.SIGHUP)

    def change(self, untouched, **values):
        """@param untouched (receivers, pipelines, exporters) that must go on running; None: all of it"""
        self.values.update(values)
        self.write(CONFIG % self.values)
        self.expect("done")
        last = self.log.read_text().rpartition("restart service")[2]
        if untouched is None:
            assert "Nothing differs" in last, last
            return
        found = re.search(r'"receivers_untouched": (\d+), "pipelines_untouched": (\d+), "exporters_untouched": (\d+)', last)
        assert found and tuple(map(int, found.groups())) == untouched, (untouched, last)

    def expect(self, outcome):
        self.reloads[outcome] += 1
        words = "in service|Nothing differs" if outcome == "done" else "is refused"
        assert until(lambda: len(re.findall(words, self.log.read_text())) == self.reloads[outcome], 10), self.log.read_text()[-2000:]
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.values["metrics"], timeout=10) as answer:
            said = re.search(r'^otelcol_config_reloads{.*outcome="%s".*} (\d+)$' % outcome, answer.read().decode(), re.M)
        assert said and int(said[1]) == self.reloads[outcome], said
        time.sleep(0.5)  # of load under what is in service now

    def arrived(self, path):
        return bodies(path) if path.exists() else []


    def check(self, versions):
        """Everything is there once, in order where there is one; who may have been cut off: the second sender."""
        for sender in self.senders:
            sender.stop()
        self.writer.stop()
        assert until(lambda: "l%d" % (self.writer.lines - 1) in self.arrived(self.out))
        stop(*self.gleaner)
        stop(*self.backend)
        first, second = self.senders
        assert not first.unsure and not first.refused, "%d requests of the receiver that stayed were cut" % len(first.unsure)
        came = self.arrived(self.out)
        lines = [body for body in came if body[0] == "l"]
        assert lines == ["l%d" % i for i in range(self.writer.lines)], "%d lines came of %d" % (len(lines), self.writer.lines)
        missing = (first.answered | second.answered) - set(came)
        assert not missing, "%d answered records are missing" % len(missing)
        seen, twice = set(), set()
        for body in came:
            (twice if body in seen else seen).add(body)
        assert twice <= second.answered | second.unsure, "%d came twice" % len(twice)
        resources = [json.loads(line)["resourceLogs"][0].get("resource", {}) for line in self.out.read_text().splitlines()]
        found = [one["attributes"][0]["value"]["stringValue"] for one in resources if one.get("attributes")]
        assert list(dict.fromkeys(found)) == versions, list(dict.fromkeys(found))
        ledgers = [json.loads(text) for text in re.findall(r"Ledger\t(\{.*\})", self.log.read_text())]
        total = {key: sum(one[key] for one in ledgers) for key in ("in", "copies", "delivered", "dropped", "held")}
        copied = len(self.arrived(self.work / "copy.json"))
        assert total["delivered"] == len(came) + copied == total["in"] + total["copies"], (total, len(came), copied)
        assert not total["dropped"] and not total["held"], total
        return "%d lines and %d records over %d changes" % (len(lines), len(came) - len(lines), self.reloads["done"])


def by_signal(binary):
    bench = Bench(binary)
    time.sleep(0.5)
    bench.change((3, 1, 1), version=2)               # a processor
    bench.change((3, 0, 0), timeout="4s")            # the exporter of all
    bench.change((3, 1, 1), exporters="otlp, file")  # one more exporter
    bench.change((3, 2, 2), more="logs/more: {receivers: [filelog], exporters: [file]}")  # one more way for a receiver's data
    bench.change((3, 2, 2), more="")
    bench.write("receivers: [broken\n")
    bench.expect("refused")
    other = free_port()
    bench.senders[1].port = other
    bench.change((2, 2, 2), other=other)             # a receiver moves
    time.sleep(0.5)
    return bench.check(["1", "2"])


def by_watching(binary):
    bench = Bench(binary, "--watch")
    bench.change((3, 1, 1), version=2)
    bench.change(None, level="debug")                # the log alone: nothing restarts
    text = CONFIG % {**bench.values, "version": 3}
    with open(bench.work / "gleaner.yaml", "w") as out:  # written slowly, in place
        out.write(text[:700])
        out.flush()
        time.sleep(1.5)
        out.write(text[700:])
    bench.expect("done")
    return bench.check(["1", "2", "3"])


KEEPING = """
extensions: {file_storage: {directory: "%(work)s/store", create_directory: true}}
receivers: {filelog: {include: ["%(work)s/in.log"], start_at: beginning, storage: file_storage, poll_interval: %(poll)dms}}
exporters: {otlp: {endpoint: "127.0.0.1:%(backend)d", tls: {insecure: true}, retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [filelog], exporters: [otlp]}}
"""
SINK = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s", append: true, flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
"""


def keeping(binary):
    """A receiver with a store is exchanged while the exporter, which stays, holds what it handed on: with a backend, where
    nothing comes twice; and without one, where it may, and where the old receiver is still led back to."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="reload-"))
    values = {"work": work, "backend": free_port(), "poll": 50}
    out = work / "out.json"
    backend = start(binary, work, "backend", SINK % (values["backend"], out))
    writer = Writer(work / "in.log")
    writer.start()
    process, log = start(binary, work, "gleaner", KEEPING % values)

    def change():
        done = log.read_text().count("in service")
        values["poll"] += 1
        (work / "gleaner.yaml").write_text(KEEPING % values)
        process.send_signal(signal.SIGHUP)
        assert until(lambda: log.read_text().count("in service") > done or process.poll() is not None, 15), log.read_text()[-2000:]
        assert process.poll() is None, log.read_text()[-2000:]

    for _ in range(3):
        change()
        time.sleep(0.3)
    assert until(lambda: bodies(out))
    stop(*backend)
    calm = writer.lines  # from here on lines wait for the backend
    time.sleep(0.5)
    change()
    time.sleep(0.5)
    change()
    backend = start(binary, work, "backend", SINK % (values["backend"], out))
    writer.stop()
    assert until(lambda: set(bodies(out)) >= {"l%d" % i for i in range(writer.lines)}, 30), log.read_text()[-2000:]
    change()
    stop(process, log)
    stop(*backend)
    came = bodies(out)
    early = [body for body in came if int(body[1:]) < calm - 100]
    assert len(early) == len(set(early)), "%d lines came twice with a backend" % (len(early) - len(set(early)))
    assert log.read_text().count("and may come twice") == 2, log.read_text()[-3000:]
    return "%d lines over 6 changes of a receiver with a store, %d twice" % (writer.lines, len(came) - len(set(came)))


def main():
    print("reload: %s" % keeping(sys.argv[1]), flush=True)
    print("reload: %s asked for; %s seen in the file; all there once, connections of receivers that stay untouched"
          % (by_signal(sys.argv[1]), by_watching(sys.argv[1])))


main()
