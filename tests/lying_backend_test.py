#!/usr/bin/env python3
"""The gRPC exporter against a backend that breaks the protocol: lengths that lie, streams reset, connections that end in
the middle or fill with noise, answers without a status. What the reference tries again arrives once; what it gives up is
dropped and counted; whatever comes, the next record arrives.

    lying_backend_test.py GLEANER"""
import http.client
import json
import pathlib
import re
import socket
import struct
import sys
import tempfile
import threading

from raw_http2 import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, RST_STREAM, SETTINGS, field, frame, message)
from relay_test import free_port, start, stop

HEAD = b"\x88" + field("content-type", "application/grpc")  # :status 200
FINE = field("grpc-status", "0")
INTERNAL_ERROR, REFUSED_STREAM = 2, 7


def fine(stream):
    return frame(HEADERS, END_HEADERS, stream, HEAD) + frame(DATA, 0, stream, message(b"")) + frame(HEADERS, END_HEADERS | END_STREAM, stream, FINE)


# name: (what is answered to a call on a stream, whether the connection ends then, whether the record comes again)
ANSWERS = {
    "reset, refused": (lambda s: frame(RST_STREAM, 0, s, struct.pack(">I", REFUSED_STREAM)), False, True),
    "reset, internal error": (lambda s: frame(RST_STREAM, 0, s, struct.pack(">I", INTERNAL_ERROR)), False, True),
    "reset behind the head": (lambda s: frame(HEADERS, END_HEADERS, s, HEAD) + frame(RST_STREAM, 0, s, struct.pack(">I", INTERNAL_ERROR)), False, True),
    "a length that promises more": (lambda s: frame(HEADERS, END_HEADERS, s, HEAD) + frame(DATA, 0, s, message(b"\x0a", length=100)) +
                                    frame(HEADERS, END_HEADERS | END_STREAM, s, FINE), False, False),
    "no status": (lambda s: frame(HEADERS, END_HEADERS, s, HEAD) + frame(DATA, END_STREAM, s, message(b"")), False, False),
    "closed without an answer": (lambda s: b"", True, True),
    "closed behind the head": (lambda s: frame(HEADERS, END_HEADERS, s, HEAD), True, True),
    "closed in the middle of a frame": (lambda s: frame(HEADERS, END_HEADERS, s, HEAD)[:-3], True, True),
    "noise": (lambda s: b"\xff" * 64, True, True),
    "GOAWAY before the call": (lambda s: frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)), True, True),
    "silence": (lambda s: b"", False, True),
    "fine": (fine, False, None),
}


class Backend(threading.Thread):
    """Answers the calls for a record as its name says the first time, well from then on. Counts them."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.calls, self.good = {}, {}

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            self.speak(peer)
        except OSError:
            pass
        finally:
            peer.close()

    def speak(self, peer):
        buffer, bodies = b"", {}
        peer.sendall(frame(SETTINGS, 0, 0))

        def read(size):
            nonlocal buffer
            while len(buffer) < size:
                more = peer.recv(1 << 16)
                if not more:
                    raise OSError("gone")
                buffer += more
            out, buffer = buffer[:size], buffer[size:]
            return out

        assert read(len(PREFACE)) == PREFACE
        while True:
            head = read(9)
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = read(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                peer.sendall(frame(SETTINGS, ACK, 0))
            if kind == DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
            if kind not in (DATA, HEADERS) or not flags & END_STREAM:
                continue
            name = next(n for n in ANSWERS if n.encode() in bodies[stream])
            self.calls[name] = self.calls.get(name, 0) + 1
            answer, ends, _ = ANSWERS[name] if self.calls[name] == 1 else ANSWERS["fine"]
            if answer is fine:
                self.good[name] = self.good.get(name, 0) + 1
            peer.sendall(answer(stream))
            if ends:
                return


def post(port, text):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]})
    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="lying-"))
    backend = Backend()
    backend.start()
    port = free_port()
    process, log = start(binary, work, "gleaner", """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, compression: none, timeout: 700ms, sending_queue: {enabled: false},
         retry_on_failure: {initial_interval: 50ms, randomization_factor: 0}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [otlp]}}}
""" % (port, backend.port))
    dropped = 0
    for name, (_, _, again) in ANSWERS.items():
        status = post(port, name)  # without a queue the sender waits for the end
        want = {True: (200, 2, 1), False: (None, 1, 0), None: (200, 1, 1)}[again]
        got = status, backend.calls.get(name, 0), backend.good.get(name, 0)
        assert got[1:] == want[1:] and (status == 200) == (want[0] == 200), "%s: answer %d after %d calls, %d of them good\n%s" % (
            name, *got, log.read_text()[-1500:])
        dropped += again is False
    stop(process, log)
    ledger = re.findall(r'Ledger\s+(\{.*\})', log.read_text())
    if ledger:  # the reference has none
        ledger = json.loads(ledger[-1])
        assert ledger["delivered"] == len(ANSWERS) - dropped and ledger["held"] == 0, ledger
        assert ledger["in"] == ledger["delivered"] + ledger["dropped"], ledger
    print("lying backend: %d answers that break the protocol; %d records given up, the rest arrived once" % (
        len(ANSWERS) - 1, dropped))


if __name__ == "__main__":
    main()
