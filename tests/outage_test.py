#!/usr/bin/env python3
"""Bad days under load: the backend is killed and comes back; the first hop is stopped, reloaded, both at once; a client dies in the
middle of a request. Whatever was acknowledged arrives, and the ledger says what sender and sink counted."""
import collections
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

from relay_test import free_port, start, stop

OUTAGE = 6  # seconds
PER_REQUEST = 10  # records
PAUSE = 0.01  # seconds between two requests of one sender

FIRST = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%(first)d"}}}}
processors: {batch: {timeout: 50ms}}
exporters:
  otlp:
    endpoint: "127.0.0.1:%(second)d"
    tls: {insecure: true}
    retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}}}
"""
SECOND = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(second)d"}}}}
exporters: {file: {path: "%(out)s", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
"""


def request_of(texts):
    records = [{"body": {"stringValue": text}} for text in texts]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})


class Sender:
    """Posts numbered records steadily until told to end. A request without an answer is neither acknowledged nor
    sent again: its records may arrive or not."""

    def __init__(self, port, name):
        self.port, self.name = port, name
        self.acknowledged, self.unknown, self.refused = [], [], 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        connection, n = None, 0
        while not self.ending.wait(PAUSE):
            texts = ["%s %d" % (self.name, n + i) for i in range(PER_REQUEST)]
            n += PER_REQUEST
            asked = False
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.connect()
                asked = True
                connection.request("POST", "/v1/logs", request_of(texts), {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                if asked:
                    self.unknown += texts
                connection = None
                continue
            if response.status == 200:
                self.acknowledged += texts
            else:
                self.refused += len(texts)

    def end(self):
        self.ending.set()
        self.thread.join()


class Hops:
    """Two gleaners and what arrived behind them."""

    def __init__(self, binary, name):
        self.binary, self.work = binary, pathlib.Path(tempfile.mkdtemp(prefix="outage-%s-" % name))
        self.places = {"first": free_port(), "second": free_port()}
        self.outs, self.running = [], []
        self.second = self.start_second()
        self.first = self.start("first", FIRST % self.places)

    def start(self, name, config):
        pair = start(self.binary, self.work, name, config)
        self.running.append(pair[0])
        return pair

    def start_second(self):
        """Each backend writes a file of its own: what a killed one left is to be seen too."""
        self.outs.append(self.work / ("out%d.json" % len(self.outs)))
        return self.start("second%d" % len(self.outs), SECOND % {**self.places, "out": self.outs[-1]})

    def arrived(self):
        return collections.Counter(text for out in self.outs if out.exists() for text in re.findall(r'"stringValue":"([^"]+)"', out.read_text()))

    def ledger(self):
        """Of the first hop; of every configuration it had, added up."""
        total = collections.Counter()
        for line in re.findall(r"Ledger\t(\{.*\})", self.first[1].read_text()):
            total.update({key: value for key, value in json.loads(line).items() if key != "pipeline"})
        return total

    def wait_for_arrivals(self, count):
        end = time.time() + 10
        while sum(self.arrived().values()) < count:
            if time.time() > end:
                raise SystemExit("only %d of %d arrived" % (sum(self.arrived().values()), count))
            time.sleep(0.05)

    def check(self, what, senders, twice=False):
        """Both hops are stopped. `twice`: a backend that is killed may have written what it did not acknowledge."""
        arrived, ledger = self.arrived(), self.ledger()
        acknowledged = [text for sender in senders for text in sender.acknowledged]
        unknown = {text for sender in senders for text in sender.unknown}
        lost = [text for text in acknowledged if text not in arrived]
        strange = [text for text in arrived if text not in unknown and text not in set(acknowledged)]
        assert acknowledged and not lost, "%s: %d lost, e.g. %s" % (what, len(lost), lost[:5])
        assert not strange, "%s: not acknowledged, yet there: %s" % (what, strange[:5])
        doubles = sum(arrived.values()) - len(arrived)
        assert twice or doubles == 0, "%s: %d came twice" % (what, doubles)
        assert ledger["in"] == ledger["delivered"] == len(arrived), (what, ledger, len(arrived))
        assert ledger["held"] == ledger["dropped"] == 0, (what, ledger)
        print("outage: %-36s %6d acknowledged, all there; %d without an answer, %d twice; ledger exact" % (what, len(acknowledged), len(unknown), doubles))

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()


def backend_killed(hops):
    senders = [Sender(hops.places["first"], name) for name in "ab"]
    hops.wait_for_arrivals(200)
    hops.second[0].kill()
    hops.second[0].wait()
    time.sleep(OUTAGE)
    hops.second = hops.start_second()
    hops.wait_for_arrivals(sum(hops.arrived().values()) + 200)
    for sender in senders:
        sender.end()
    stop(*hops.first)
    stop(*hops.second)
    assert "Exporting failed. Will retry" in hops.first[1].read_text(), "the outage was not seen"
    assert not any(sender.refused or sender.unknown for sender in senders), "the queue had room, yet senders were sent away"
    hops.check("backend killed for %d s" % OUTAGE, senders, twice=True)


def first_stopped(hops):
    senders = [Sender(hops.places["first"], name) for name in "abc"]
    hops.wait_for_arrivals(500)
    stop(*hops.first)
    for sender in senders:
        sender.end()
    stop(*hops.second)
    hops.check("SIGTERM", senders)


def first_reloaded(hops):
    senders = [Sender(hops.places["first"], name) for name in "abc"]
    log = hops.first[1]
    for times in range(1, 6):
        hops.wait_for_arrivals(sum(hops.arrived().values()) + 200)
        hops.first[0].send_signal(signal.SIGHUP)
        end = time.time() + 10
        while log.read_text().count("Everything is ready") <= times:
            assert time.time() < end, log.read_text()
            time.sleep(0.02)
    for sender in senders:
        sender.end()
    stop(*hops.first)
    stop(*hops.second)
    hops.check("five times SIGHUP", senders)


def stopped_while_reloading(hops):
    """SIGTERM, then another SIGHUP, while a reload waits for a backend that hangs: the stop must win."""
    sender = Sender(hops.places["first"], "a")
    hops.wait_for_arrivals(50)
    hops.second[0].send_signal(signal.SIGSTOP)
    time.sleep(0.3)  # so that something is under way to it
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        hops.first[0].send_signal(number)
        time.sleep(0.2)  # signals that are pending together lose their order
    hops.second[0].send_signal(signal.SIGCONT)
    assert hops.first[0].wait(timeout=10) == 0, hops.first[1].read_text()
    sender.end()
    stop(*hops.second)
    hops.check("SIGTERM during a reload", [sender], twice=True)


def client_dies(hops):
    """Half a request, then a reset, again and again beside a sender that behaves."""
    sender = Sender(hops.places["first"], "a")
    body = request_of(["half %d" % i for i in range(100)]).encode()
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    whole = head + body
    for i in range(100):
        with socket.create_connection(("127.0.0.1", hops.places["first"])) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # close resets, as a killed process with unread data does
            client.sendall(whole[:len(whole) * i // 100])
    hops.wait_for_arrivals(200)
    sender.end()
    stop(*hops.first)
    stop(*hops.second)
    hops.check("a hundred clients dying in a request", [sender])


def main():
    for case in (backend_killed, first_stopped, first_reloaded, stopped_while_reloading, client_dies):
        hops = Hops(sys.argv[1], case.__name__)
        try:
            case(hops)
        finally:
            hops.close()
        shutil.rmtree(hops.work)


if __name__ == "__main__":
    main()
