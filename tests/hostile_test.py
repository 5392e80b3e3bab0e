#!/usr/bin/env python3
"""Peers that break the rules against the static binary: truncated and hostile protobuf and JSON, HTTP/2 floods, gRPC
framing lies, compression bombs, slow and idle connections, garbage on every port. After each family a good client is
served. At the end memory is within the budget, the log is short and SIGTERM ends it with 0. Takes under a minute."""
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import raw_http2 as h2
from protobuf import sub, varint
from relay_test import free_port, start, stop

BUDGET_MIB, SLACK_MIB = 64, 8  # received data held at once (service/collector.cc); heads, sessions, allocator
LOG_LINES = 200  # ten thousand bad packets are sent
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
CONFIG = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}}
exporters: {nop: {}, file: {path: "%(out)s"}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(metrics)d}}}}]}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [file]}
"""


def log_request(value):
    """One record whose body is the AnyValue bytes `value`."""
    return sub(1, sub(2, sub(2, sub(5, value))))


def json_log(value):
    return '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":%s}]}]}]}' % value


def zstd_zeros(blocks):
    """A zstd frame of `blocks` run-length blocks, 128 KiB of zeros each in 4 bytes."""
    frame = b"\x28\xb5\x2f\xfd\x00\x58"  # no size, window of 2 MiB
    for i in range(blocks):
        frame += struct.pack("<I", (128 << 10) << 3 | 1 << 1 | (i == blocks - 1))[:3] + b"\0"
    return frame


def lz4_bomb(blocks):
    """An lz4 frame of blocks of nearly 4 MiB of one letter, 16 kB each."""
    match = b"\x1fa\x01\x00" + b"\xff" * 16_000 + b"\x00" + b"\x50aaaaa"  # a letter, copied on and on; the last five are literals
    return b"\x04\x22\x4d\x18\x60\x70\x73" + (struct.pack("<I", len(match)) + match) * blocks + b"\0\0\0\0"


def snappy_bomb(size):
    """A snappy block of `size` equal letters: copies of 64 bytes, 3 bytes each."""
    return varint(size) + b"\0a" + b"\xfe\x01\0" * ((size - 1) // 64) + bytes([((size - 1) % 64 - 1) << 2 | 2, 1, 0])


class Target:
    """The gleaner under attack."""

    def __init__(self, binary, work):
        self.ports = {name: free_port() for name in ("grpc", "http", "metrics")}
        self.process, self.log = start(binary, work, "target", CONFIG % {**self.ports, "out": work / "logs.json"})
        self.good()
        self.idle = self.high_water()

    def high_water(self):
        text = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024

    def post(self, body, kind="application/x-protobuf", path="/v1/logs", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": kind, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def call(self, body, *more, path=LOGS):
        return h2.call(self.ports["grpc"], path, body, *more)

    def good(self):
        """Honest clients on every port are served as if nothing had happened."""
        assert self.process.poll() is None, "ended with %s:\n%s" % (self.process.returncode, self.log.read_text()[-4000:])
        assert self.post(log_request(sub(1, b"good"))) == (200, b"\x0a\x00")
        assert self.post(json_log('{"stringValue":"good"}'), "application/json")[0] == 200
        assert self.call(h2.message(log_request(sub(1, b"good")))) == (0, "")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["metrics"], timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            assert b"otelcol_receiver_accepted_log_records" in connection.getresponse().read()

    def raw(self, port, data, seconds=3.0):
        """What a peer hears that sends `data` and then waits for the end, at most `seconds`."""
        heard = b""
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as peer:
            with contextlib.suppress(OSError):  # cut off, or silent until the time is up
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
                while more := peer.recv(1 << 16):
                    heard += more
        return heard


def protobuf(target):
    whole = log_request(sub(1, b"v" * 20) + sub(6, sub(1, sub(1, b"k") + sub(2, sub(1, b"x")))))
    nested = sub(1, b"deep")
    for _ in range(5000):
        nested = sub(5, sub(1, nested))
    bad = [whole[:cut] for cut in range(1, len(whole))]
    bad += [b"\x0a" + b"\xff" * 9 + b"\x01", b"\x0a" + b"\xff" * 10 + b"\x01", b"\x0a\xff\xff\xff\xff\x07", b"\x00\x01",
            b"\x0b", b"\x0c", b"\x0f", sub(1, b"\xff" * 100), log_request(sub(1, b"x"))[:-1] + b"",
            sub(1, sub(2, sub(2, sub(9, b"\x01" * 15)))), b"\x0b" * 60_000]  # in the first window: the hand-made client does not wait
    for body in bad:
        status, answer = target.post(body)
        assert status == 400 and answer[:2] == b"\x08\x03", (body[:40], status, answer)
        code, words = target.call(h2.message(body))
        assert code in (3, 13) and words, (body[:40], code, words)
    seeded = random.Random(7)
    mutants = 0
    for body in [nested, log_request(nested)] + [bytes(bytearray(whole[:i]) + bytes([seeded.randrange(256)]) + whole[i + 1:])
                                                 for i in range(len(whole)) for _ in range(8)]:
        status, answer = target.post(body)
        assert (status, answer) == (200, b"\x0a\x00") or (status == 400 and answer[:2] == b"\x08\x03"), (status, answer)
        mutants += 1
    return "%d broken, %d changed bytes" % (len(bad), mutants)


def json_input(target):
    def post(text):
        return target.post(text if isinstance(text, bytes) else text.encode(), "application/json")

    whole = json_log('{"stringValue":"a\\u00e9b"}')
    bad = [whole[:cut] for cut in range(1, len(whole))]
    bad += ["[" * 100_000, '{"a":' * 100_000, json_log('{"intValue":"%d"}' % 2**70), json_log('{"intValue":1e999}'),
            json_log('{"intValue":"1x"}'), json_log('{"bytesValue":"***"}'), b'{"resourceLogs":[{"\xff\xfe', "\0" * 1000,
            '{"resourceLogs":{}}', '{"resourceLogs":[1]}', json_log('{"stringValue":"\\ud8"}'), "nul", "-", "{,}"]
    for text in bad:
        status, answer = post(text)
        assert status == 400 and json.loads(answer)["code"] == 3, (text[:60], status, answer)
    either = [json_log('{"arrayValue":{"values":[' * 5000 + "{}" + "]}}" * 5000), json_log("9" * 1_000_000),
              '{"unknown":%s}' % ("[" * 50_000 + "]" * 50_000), '{"unknown":%s}' % ("9" * 1_000_000),
              json_log('{"doubleValue":1e999999999}'), json_log('{"stringValue":"\\ud800"}'),
              '{"resourceLogs":[%s]}' % ",".join(["{}"] * 200_000)]
    for text in either:
        status, answer = post(text)
        assert status == 200 or (status == 400 and json.loads(answer)["code"] == 3), (text[:60], status, answer)
    assert post(json_log('{"stringValue":"%s"}' % ("x" * (10 << 20))))[0] == 200
    status, answer = post(json_log('{"stringValue":"%s"}' % ("x" * (21 << 20))))
    assert status == 400 and b"too large" in answer, (status, answer)
    return "%d broken, %d odd, strings of 10 and 21 MiB" % (len(bad), len(either))


def http2_frames(target):
    port = target.ports["grpc"]
    head = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_head(LOGS))

    def ends(what, *sent, codes=None, **options):
        """The connection is ended by the server within the socket's patience, saying why if it can."""
        with h2.Peer(port, **options) as peer:
            for data in sent:
                if not peer.send(data):
                    break
            try:
                verdict = [f for f in peer.frames() if f[0] == h2.GOAWAY]
            except socket.timeout:
                raise SystemExit("%s: the connection lives on" % what)
            if codes and verdict:
                assert int.from_bytes(verdict[-1][3][4:8], "big") in codes, (what, verdict[-1])

    protocol, size, flow, compression, calm = 1, 6, 3, 9, 11
    ends("HTTP/1 on the gRPC port", preface=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", settings=None)
    ends("bad preface", preface=h2.PREFACE[:-1] + b"X", settings=None)
    ends("DATA as the first frame", h2.frame(h2.DATA, 0, 1, b"x"), settings=None)
    ends("frame larger than allowed", struct.pack(">I", 1 << 24 - 1)[1:] + b"\0\0\0\0\0\1", b"x" * 100_000, codes=[size])
    ends("PING of 7 bytes", h2.frame(h2.PING, 0, 0, b"x" * 7), codes=[size])
    ends("SETTINGS of 5 bytes", h2.frame(h2.SETTINGS, 0, 0, b"x" * 5), codes=[size])
    ends("RST_STREAM of an idle stream", h2.frame(h2.RST_STREAM, 0, 7, b"\0" * 4), codes=[protocol])
    ends("WINDOW_UPDATE of 0", h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\0" * 4), codes=[protocol])
    ends("window overflow", h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), codes=[flow])
    ends("initial window overflow", settings=struct.pack(">HI", 4, 1 << 31), codes=[flow])
    ends("DATA without HEADERS", h2.frame(h2.DATA, 0, 1, b"x"), codes=[protocol, 5])
    ends("DATA on stream 0", h2.frame(h2.DATA, 0, 0, b"x"), codes=[protocol])
    ends("even stream", h2.frame(h2.HEADERS, h2.END_HEADERS, 2, h2.grpc_head(LOGS)), codes=[protocol])
    ends("PUSH_PROMISE from a client", head, h2.frame(h2.PUSH_PROMISE, 4, 1, b"\0\0\0\2"), codes=[protocol])
    ends("CONTINUATION from nowhere", h2.frame(h2.CONTINUATION, 4, 1, b"x"), codes=[protocol])
    ends("HPACK that is none", h2.frame(h2.HEADERS, h2.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"), codes=[compression])
    ends("CONTINUATION flood", h2.frame(h2.HEADERS, 0, 1, h2.grpc_head(LOGS)),
         *[h2.frame(h2.CONTINUATION, 0, 1, b"") * 100] * 20)
    ends("head of 8 MiB", h2.frame(h2.HEADERS, 0, 1, h2.grpc_head(LOGS)),
         *[h2.frame(h2.CONTINUATION, 0, 1, h2.field("x", "y" * 16_000))] * 500)
    ends("SETTINGS flood", *[h2.frame(h2.SETTINGS, 0, 0) * 1000] * 20, b"".join([h2.frame(h2.GOAWAY, 0, 0, b"\0" * 8)]))
    ends("PING flood", *[h2.frame(h2.PING, 0, 0, b"x" * 8) * 1000] * 20, codes=[calm])
    resets = b"".join(h2.frame(h2.HEADERS, h2.END_HEADERS, i, h2.grpc_head(LOGS)) +
                      h2.frame(h2.RST_STREAM, 0, i, b"\0\0\0\x08") for i in range(1, 10_000, 2))
    ends("rapid reset", resets, codes=[protocol, 2, calm])
    ends("GOAWAY from the client", h2.frame(h2.GOAWAY, 0, 0, b"\0" * 8))
    window = target.ports["grpc"]
    with h2.Peer(window) as peer:  # a head over the limit costs its stream, not the connection
        block = h2.grpc_head(LOGS) + b"".join(h2.field("x-%d" % i, "y" * 4000) for i in range(20))
        peer.send(h2.frame(h2.HEADERS, 0, 1, block[:16_000]))
        for at in range(16_000, len(block), 16_000):
            peer.send(h2.frame(h2.CONTINUATION, h2.END_HEADERS if at + 16_000 >= len(block) else 0, 1, block[at:at + 16_000]))
        verdict = peer.status()
        assert verdict[0] in ("reset", "goaway", "head"), verdict
    # Answers that cannot be sent: the window is shut. They wait, and go with their peer.
    shut = [h2.Peer(port, settings=struct.pack(">HI", 4, 0)) for _ in range(4)]
    good = h2.message(log_request(sub(1, b"unheard")))
    for peer in shut:
        for i in range(1, 1000, 2):
            peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS, i, h2.grpc_head(LOGS)) + h2.frame(h2.DATA, h2.END_STREAM, i, good))
    target.good()
    for peer in shut:
        peer.socket.close()
    # Heads that cost the sender 20 bytes and us 60 kB each, on streams that are never finished.
    peers = [h2.Peer(port) for _ in range(4)]
    big = h2.grpc_head(LOGS) + h2.field("x", "y" * 4000, indexed=True) + b"\xbe" * 13
    for peer in peers:
        peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, big))
        for i in range(3, 2000, 2):
            peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS, i, h2.grpc_head(LOGS) + b"\xbe" * 14))
    target.good()
    for peer in peers:
        peer.socket.close()
    return "23 connections ended, 2,000 calls to shut windows, 4,000 inflated heads"


def grpc_framing(target):
    good = log_request(sub(1, b"x"))
    cases = [("length of 4 GiB", h2.message(good, length=2**32 - 1), 8), ("4 MiB and one", h2.message(b"", length=(4 << 20) + 1), 8),
             ("message cut", h2.message(good, length=len(good) + 1), 13), ("prefix cut", b"\0\0\0", 13), ("nothing", b"", 13),
             ("two messages", h2.message(good) * 2, 13), ("bytes behind it", h2.message(good) + b"x", 13),
             ("compressed without an encoding", h2.message(gzip.compress(good), flag=1), 13),
             ("flag 0xff", h2.message(good, flag=255), 13)]
    for what, body, wanted in cases:
        code, words = target.call(body)
        assert code == wanted and words, (what, code, words)
    assert target.call(h2.message(good, flag=1), ("grpc-encoding", "gzip"))[0] == 13  # no gzip inside
    assert target.call(h2.message(good), ("grpc-encoding", "br"))[0] == 12
    assert target.call(h2.message(good), ("grpc-timeout", "soon"))[0] == 13
    assert target.call(h2.message(good), path="/a.b/c")[0] == 12
    assert target.call(h2.message(good), path="nonsense")[0] in (12, "reset")
    # Lengths that are announced and never sent: the budget holds, and is given back when the peers leave.
    peers = [h2.Peer(target.ports["grpc"]) for _ in range(40)]
    for peer in peers:
        peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_head(LOGS)) +
                  h2.frame(h2.DATA, 0, 1, h2.message(b"x", length=4 << 20)))
    refused = 0
    for peer in peers:
        peer.socket.settimeout(0.2)
        with contextlib.suppress(socket.timeout):
            refused += peer.status()[0] == 8
    assert refused == 40 - 15, refused  # 15 x 4 MiB and the heads fit
    for peer in peers:
        peer.socket.close()
    return "%d lies; of 40 announced 4 MiB %d were refused" % (len(cases) + 5, refused)


def bombs(target):
    zeros = bytes(1 << 20)
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(pack.compress(zeros) for _ in range(1024)) + pack.flush()  # 1 GiB in 1 MiB
    small = gzip.compress(zeros * 60)  # fits the first window: the hand-made client does not wait for more
    for name, body in (("gzip", packed), ("zstd", zstd_zeros(8192))):
        for _ in range(3):
            status, answer = target.post(body, **{"Content-Encoding": name})
            assert status == 400 and b"too large" in answer, (name, status, answer)
            code, words = target.call(h2.message(small if name == "gzip" else body, flag=1), ("grpc-encoding", name))
            assert code == 8 and "larger than max" in words, (name, code, words)
    for name, body in (("lz4", lz4_bomb(64)), ("snappy", snappy_bomb(50_000_000))):
        status, answer = target.post(body, **{"Content-Encoding": name})
        assert status == 400 and b"too large" in answer, (name, status, answer)
    assert target.post(lz4_bomb(5), **{"Content-Encoding": "lz4"})[1].find(b"too large") < 0  # 20 MB are not too much
    assert target.post(snappy_bomb(1_000_010), **{"Content-Encoding": "snappy"})[1].find(b"snappy") < 0
    for name in ("gzip", "zstd", "zlib", "deflate", "snappy", "lz4", "x-snappy-framed"):
        status, _ = target.post(b"\xde\xad\xbe\xef" * 100, **{"Content-Encoding": name})
        assert status == 400, (name, status)
    status, _ = target.post(gzip.compress(log_request(sub(1, b"x" * 1000)))[:-10], **{"Content-Encoding": "gzip"})
    assert status == 400, status
    status, answer = target.post(b"x", **{"Content-Encoding": "br"})
    assert status == 400 and b"unsupported Content-Encoding: br" in answer, (status, answer)
    return "1 GiB in %d kB gzip and %d kB zstd, six times each" % (len(packed) >> 10, len(zstd_zeros(8192)) >> 10)


def http1_lies(target):
    port = target.ports["http"]
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    for rest, wanted in ((b"Content-Length: -1\r\n\r\n", b"400"), (b"Content-Length: 99999999999999999999999\r\n\r\n", b"400"),
                         (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", b"400"),
                         (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b""),
                         (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
                         (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", b"400"),
                         (b"Content-Length: 9999999999\r\n\r\n", b"400"), (b"X: " + b"y" * (2 << 20) + b"\r\n\r\n", b"431"),
                         (b"Content-Length: 100\r\n\r\nshort", b"")):
        heard = target.raw(port, head + rest)
        assert wanted in heard[:20] or (wanted == b"431" and heard == b""), (rest[:50], heard[:60])
    endless = target.raw(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n" + b"x" * (1 << 20) + b"\r\n") * 30)
    assert b" 400 " in endless[:20] or endless == b"", endless[:60]
    return "10 heads and bodies"


@contextlib.contextmanager
def crowd(target):
    """1,000 connections that say nothing, slow ones that say a byte now and then; held while the caller attacks."""
    sockets = []
    try:
        for i in range(1000):
            port = target.ports["grpc" if i % 2 else "http"]
            sockets.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        for i in range(200):  # it takes 64
            sockets.append(socket.create_connection(("127.0.0.1", target.ports["metrics"]), timeout=5))
        slow = [socket.create_connection(("127.0.0.1", target.ports["http"]), timeout=5) for _ in range(100)]
        sockets += slow
        lines = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
        for at in range(0, len(lines), 4):
            for one in slow:
                with contextlib.suppress(ConnectionError):
                    one.send(lines[at:at + 4])
            time.sleep(0.05)
        for one in slow:  # 20 MB announced by each: three fit, the others are told so and hold nothing
            one.settimeout(1)
        refused = 0
        for one in slow[3:]:
            with contextlib.suppress(ConnectionError, socket.timeout):
                refused += b" 503 " in one.recv(100)
        assert refused == 97, refused
        heads = []
        for i in range(100):  # heads that never end
            one = socket.create_connection(("127.0.0.1", target.ports["http"]), timeout=2)
            sockets.append(one)
            with contextlib.suppress(ConnectionError, socket.timeout):
                one.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (1000 << 10))
        yield "1,000 idle, 200 idle on the metrics port, 100 slow, 100 with endless heads"
    finally:
        for one in sockets:
            one.close()


def garbage(target):
    seeded = random.Random(11)
    count = 0
    for port in target.ports.values():
        for i in range(150):
            size = seeded.choice((1, 7, 24, 100, 5000, 70_000))
            start_ = seeded.choice((b"", b"", h2.PREFACE, b"POST /v1/logs HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00\x01"))
            target.raw(port, start_ + seeded.randbytes(size), seconds=1)
            count += 1
    return "%d packets" % count


def main():
    binary = sys.argv[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    work = pathlib.Path(tempfile.mkdtemp(prefix="hostile-"))
    target = Target(binary, work)
    for family in (protobuf, json_input, http2_frames, grpc_framing, bombs, http1_lies, garbage):
        began = time.monotonic()
        what = family(target)
        target.good()
        print("hostile: %-13s %-62s %5.1f s, %4.1f MiB" % (family.__name__, what, time.monotonic() - began,
                                                           target.high_water()), flush=True)
    with crowd(target) as what:
        peak = target.high_water()
        print("hostile: %-13s %s, %.1f MiB" % ("crowd", what, peak))
    target.good()
    limit = target.idle + BUDGET_MIB + SLACK_MIB
    peak = target.high_water()
    print("hostile: peak RSS %.1f of %.1f MiB (%.1f at rest)" % (target.high_water(), limit, target.idle))
    with crowd(target):
        stop(target.process, target.log)  # with all of them still there
    lines = target.log.read_text().splitlines()
    assert len(lines) <= LOG_LINES, "%d lines of log:\n%s" % (len(lines), "\n".join(lines[:50]))
    print("hostile: ended with 0 among them, %d lines of log" % len(lines))
    subprocess.run(["rm", "-r", str(work)], check=True)
    assert peak <= limit, "too much memory: %.1f MiB" % peak


if __name__ == "__main__":
    main()
