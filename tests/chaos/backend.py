"""A backend for OTLP logs that is in a bad way: slow, silent, busy, lying, hanging up, gone. HTTP/1.1 with JSON, and gRPC
over raw frames. It knows of every item what it took, what it turned away for good, and what it took without anybody
knowing: those may come again."""
import base64
import collections
import http.client
import json
import pathlib
import random
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from protobuf import sub, varint  # noqa: E402
from raw_http2 import (ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE,  # noqa: E402
                       field, frame, message)

ITEM = re.compile(rb"#([a-z0-9.]+)#")
TIMEOUT = 1.5        # seconds; the exporter's, for one attempt
SURE = 0.6           # an answer given later than this may find nobody
FATES = ("well", "slow", "lie", "drop", "forget", "silent", "busy", "wish")
RETRIED = {"busy": (503, 14), "wish": (429, 8)}  # HTTP status, gRPC code; a wish comes with a time to wait
FOR_GOOD = (400, 3)


def retry_info(code, seconds):
    """google.rpc.Status with a RetryInfo, as grpc-status-details-bin has it."""
    delay = b"\x10" + varint(int(seconds * 1e9))
    info = sub(1, b"type.googleapis.com/google.rpc.RetryInfo") + sub(2, sub(1, delay))
    return base64.b64encode(b"\x08" + varint(code) + sub(3, info)).decode().rstrip("=")


class Backend:
    """@param permanent  whether some requests are turned away for good"""

    def __init__(self, port, grpc, seed, permanent=False):
        self.port, self.grpc, self.chance, self.permanent = port, grpc, random.Random(seed), permanent
        self.lock = threading.Lock()
        self.got, self.rejected, self.refused = collections.Counter(), collections.Counter(), set()
        self.unknown = 0               # items taken, or answered for, without anybody to know
        self.largest = 0               # items of a request
        self.fates = collections.Counter()
        self.recent = collections.deque()  # (when, items) of answers given: a reset may overtake them
        self.mood = {"well": 1}
        self.connections, self.listener = set(), None
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """As if killed: the port is closed, connections are reset."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        with self.lock:
            self.unknown += sum(items for when, items in self.recent if when > time.monotonic() - 0.5)
            for one in self.connections:
                self.reset(one)

    @staticmethod
    def reset(peer):
        try:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with self.lock:
            self.connections.add(peer)
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            (Grpc if self.grpc else Http)(self, peer).run()
        except (OSError, ValueError, http.client.HTTPException):
            pass
        finally:
            with self.lock:
                self.connections.discard(peer)
            peer.close()

    def fate(self):
        with self.lock:
            names = list(self.mood)
            fate = self.chance.choices(names, list(self.mood.values()))[0]
            self.fates[fate] += 1
            return fate, self.chance.random()

    def take(self, body, answer, hang_up):
        """Decides on a request. @param answer (kind, ...) -> whether it was written; @param hang_up resets"""
        began, items = time.monotonic(), [one.decode() for one in ITEM.findall(body)]
        fate, chance = self.fate()
        if fate == "drop":
            return hang_up()
        if fate in RETRIED:
            return answer("again", RETRIED[fate], chance * 0.3 if fate == "wish" else None)
        if fate == "for good":
            with self.lock:
                self.refused.update(items)
            return answer("never", FOR_GOOD, None)
        if fate == "slow":
            time.sleep(chance * 0.4)
        if fate == "silent":
            if chance < 0.5:
                self.book(items, None)
            time.sleep(TIMEOUT + 0.3)
            return hang_up()
        if fate == "forget":
            self.book(items, None)
            return hang_up()
        part = items[:int(chance * len(items))] if fate == "lie" and chance < 0.7 else []
        self.book(items, began, part)
        said = len(part) if fate != "lie" or chance < 0.7 else 1 << 40  # more than there was, and all was taken
        if not answer("taken", said, None) or time.monotonic() - began > SURE:
            with self.lock:
                self.unknown += len(items)

    def book(self, items, began, rejected=()):
        with self.lock:
            self.largest = max(self.largest, len(items))
            self.rejected.update(rejected)
            self.got.update(items[len(rejected):])
            now = time.monotonic()
            if began is None:
                self.unknown += len(items)
            else:
                self.recent.append((now, len(items)))
            while self.recent and self.recent[0][0] < now - 2:
                self.recent.popleft()

    def seen(self):
        with self.lock:
            return set(self.got) | set(self.rejected)


class Http:
    def __init__(self, backend, peer):
        self.backend, self.peer, self.stream, self.alive = backend, peer, peer.makefile("rb"), True

    def run(self):
        while self.alive:
            if len(self.stream.readline().split()) != 3:
                return
            head = http.client.parse_headers(self.stream)
            size = int(head.get("content-length", 0))
            body = self.stream.read(size)
            if len(body) < size:
                return
            self.backend.take(body, self.answer, self.hang_up)

    def answer(self, kind, what, wait):
        status, body, more = 200, b"{}", ""
        if kind == "taken":
            if what:
                body = json.dumps({"partialSuccess": {"rejectedLogRecords": str(what), "errorMessage": "so I say"}}).encode()
        else:
            status = what[0]
            if wait is not None:
                more = "retry-after: %d\r\n" % round(wait * 3)  # 0 or 1 s
        try:
            self.peer.sendall(b"HTTP/1.1 %d Words\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n" %
                              (status, more.encode(), len(body)) + body)
            return True
        except OSError:
            self.alive = False
            return False

    def hang_up(self):
        self.alive = False
        self.backend.reset(self.peer)


class Grpc:
    HEAD = b"\x88" + field("content-type", "application/grpc")

    def __init__(self, backend, peer):
        self.backend, self.peer, self.buffer, self.writing = backend, peer, b"", threading.Lock()
        self.gone = set()  # streams the client gave up

    def read(self, size):
        while len(self.buffer) < size:
            more = self.peer.recv(1 << 16)
            if not more:
                raise OSError("gone")
            self.buffer += more
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def send(self, data):
        with self.writing:
            self.peer.sendall(data)

    def run(self):
        bodies = {}
        # Windows so wide that nothing waits for them: 2 GiB a stream, and what came is given back at once.
        self.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, (1 << 31) - 1)) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 30)))
        if self.read(len(PREFACE)) != PREFACE:
            return
        while True:
            head = self.read(9)
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self.read(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
            elif kind == RST_STREAM:
                self.gone.add(stream)
            elif kind == DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
                if payload:
                    self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload))))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                threading.Thread(target=self.call, args=(stream, bodies.pop(stream, b"")), daemon=True).start()

    def call(self, stream, body):
        try:
            self.backend.take(body, lambda *said: self.answer(stream, *said), lambda: self.backend.reset(self.peer))
        except OSError:
            pass

    def answer(self, stream, kind, what, wait):
        trailers, body = field("grpc-status", "0"), b""
        if kind == "taken":
            if what:
                body = sub(1, b"\x08" + varint(what) + sub(2, b"so I say"))
            out = frame(HEADERS, END_HEADERS, stream, self.HEAD) + frame(DATA, 0, stream, message(body))
        else:
            code, out = what[1], b""
            trailers = self.HEAD + field("grpc-status", str(code)) + field("grpc-message", "not now")
            if wait is not None:
                trailers += field("grpc-status-details-bin", retry_info(code, wait))
        try:
            self.send(out + frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers))
            return stream not in self.gone
        except OSError:
            return False
