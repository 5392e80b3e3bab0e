#!/usr/bin/env python3
"""The HTTP exporter against a backend that answers everything there is: every status, Retry-After in seconds and as a
date, partial success, bodies that are none, lengths that lie, silence, resets, redirects. What may be tried again
arrives once more, no earlier than the backend wishes; the rest is dropped after one try, and the ledger says so.

    http_backend_test.py COLLECTOR [--reference]    with --reference the ledger, which only gleaner has, is not read"""
import collections
import email.utils
import http.client
import json
import pathlib
import re
import socket
import struct
import sys
import tempfile
import threading
import time

from relay_test import free_port, start, stop

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:%d", encoding: json, compression: none, timeout: 700ms, max_idle_conns_per_host: 100,
              sending_queue: {num_consumers: 100, queue_size: 2000}, retry_on_failure: {initial_interval: 100ms, randomization_factor: 0}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
"""
RETRIED = {429, 502, 503, 504}
WITHOUT_BODY = {204, 304}


def reply(status, body=b"", kind=None, **headers):
    """A whole answer; a keyword is a header, `_` stands for `-`."""
    head = ["HTTP/1.1 %d Words" % status]
    if kind:
        head.append("content-type: " + kind)
    head += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items()]
    if "content_length" not in headers and "transfer_encoding" not in headers and status not in WITHOUT_BODY:
        head.append("content-length: %d" % len(body))
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def date(ahead):
    return email.utils.formatdate(time.time() + ahead, usegmt=True)


PROTO, JSON, TEXT = "application/x-protobuf", "application/json", "text/plain"
PARTIAL = b"\x0a\x09\x08\x01\x12\x05words"
STATUS = b"\x08\x03\x12\x09not today"


class Row(collections.namedtuple("Row", "first again least most")):
    """What the first request of a record is answered with (bytes, or a function of the connection), whether it is tried
    again, and the bounds of the wait until then in seconds."""


def again(first, least=0.08, most=0.95):
    return Row(first, True, least, most)


def once(first):
    return Row(first, False, 0, 0)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_after(part):
    def act(connection):
        connection.sendall(part)
        time.sleep(0.05)  # so that what was written is read before the reset overtakes it
        reset(connection)
    return act


def silence_after(part):
    def act(connection):
        connection.sendall(part)
        connection.settimeout(5)
        while connection.recv(65536):
            pass
    return act


def close_after(part):
    return lambda connection: connection.sendall(part)


def rows():
    table = {}
    for status in range(200, 600):
        if status in (301, 302, 303, 307, 308):
            continue
        table["status-%d" % status] = again(reply(status)) if status in RETRIED else once(reply(status))
    for status in (301, 302, 303, 307, 308):
        table["no-location-%d" % status] = once(reply(status))
    for status in (429, 503):
        table["seconds-%d" % status] = again(reply(status, Retry_After="1"), 1.0, 1.9)
        table["date-%d" % status] = again(reply(status, Retry_After=date(4)), 1.0, 5.5)  # seconds are whole, rows take time
        table["past-date-%d" % status] = again(reply(status, Retry_After=date(-60)))
        table["zero-%d" % status] = again(reply(status, Retry_After="0"))
        table["garbage-%d" % status] = again(reply(status, Retry_After="soon"))
        table["empty-wish-%d" % status] = again(reply(status, Retry_After=""))
        table["huge-body-%d" % status] = again(reply(status, b"x" * 300000, PROTO))
    for status in (502, 504):
        table["not-asked-%d" % status] = again(reply(status, Retry_After="2"))
    for status in (400, 401, 403, 404, 413, 500):
        table["wish-in-vain-%d" % status] = once(reply(status, Retry_After="1"))
        table["said-%d" % status] = once(reply(status, STATUS, PROTO))
    table.update({
        # What a 2xx may say of the data.
        "partial-proto": once(reply(200, PARTIAL, PROTO)),
        "partial-json": once(reply(200, b'{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"words"}}', JSON)),
        "partial-202": once(reply(202, PARTIAL, PROTO)),
        "empty-proto": once(reply(200, b"", PROTO)),
        "wrong-proto": once(reply(200, b"\x0a\xff\xff", PROTO)),
        "wrong-json": once(reply(200, b"{", JSON)),
        "wrong-but-text": once(reply(200, b"\x0a\xff\xff", TEXT)),
        "html": once(reply(200, b"<html>hello</html>", "text/html; charset=utf-8")),
        "json-said-400": once(reply(400, b'{"code":3,"message":"not today"}', JSON)),
        "wrong-status-400": once(reply(400, b"\xff\xff\xff", PROTO)),
        "wrong-status-503": again(reply(503, b"\xff\xff\xff", PROTO)),
        # How the answer is framed.
        "chunked": once(reply(200, b"5\r\n\x0a\x03\x12\x01w\r\n0\r\n\r\n", PROTO, transfer_encoding="chunked")),
        "chunk-trailers": once(reply(200, b"2\r\n\x0a\x00\r\n0\r\nx-a: b\r\n\r\n", PROTO, transfer_encoding="chunked")),
        "extra-bytes": once(reply(200, b"\x0a\x00 and more", PROTO, content_length=2)),
        "old-http": once(close_after(b"HTTP/1.0 200 OK\r\ncontent-type: application/x-protobuf\r\n\r\n\x0a\x00")),
        "until-close": once(close_after(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")),
        "bare-lines": once(b"HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
        "bare-and-long": once(b"HTTP/1.1 200 OK\ncontent-length: 300000\n\n" + b"x" * 300000),
        "no-reason": once(b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"),
        "continue": once(b"HTTP/1.1 100 Continue\r\n\r\n" + OK),
        "early-hints": once(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK),
        "huge-body": once(reply(200, b"x" * 3000000, TEXT)),
        # No answer at all: the data may be tried again. (gleaner asks once more at once on a new connection when one that
        # was kept turns out to be closed.)
        "closed": again(close_after(b""), 0),
        "closed-in-head": again(close_after(b"HTTP/1.1 200 O")),
        "reset": again(reset_after(b""), 0),
        "reset-in-head": again(reset_after(b"HTTP/1.1 200 OK\r\ncontent-")),
        "silence": again(silence_after(b""), 0.7, 1.9),
        "silence-in-head": again(silence_after(b"HTTP/1.1 200 OK\r\ncontent-"), 0.7, 1.9),
        "no-http": again(close_after(b"SSH-2.0-OpenSSH_9.2\r\n")),
        "http-2": again(close_after(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")),
        "bad-length": again(close_after(b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n")),
        "two-lengths": again(close_after(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")),
        "no-colon": again(close_after(b"HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n")),
        "endless-head": again(close_after(b"HTTP/1.1 200 OK\r\nx: " + b"y" * (11 << 20))),
        # The head says it was taken; of the rest nothing comes.
        "short-text": once(close_after(reply(200, b"he", TEXT, content_length=10))),
        "short-proto": once(close_after(reply(200, b"\x0a\x00", PROTO, content_length=10))),
        "short-503": again(close_after(reply(503, b"\x08", PROTO, content_length=10))),
        "short-400": once(close_after(reply(400, b"\x08", PROTO, content_length=10))),
        # Redirects that keep the method are followed; what comes back counts.
        "moved-307": again(reply(307, Location="/elsewhere"), 0, 0.09),
        "moved-308": again(reply(308, Location="//127.0.0.1:@PORT@/elsewhere?x=1"), 0, 0.09),
        "relative-307": again(reply(307, Location="elsewhere"), 0, 0.09),
    })
    return table


class Backend:
    def __init__(self, table):
        self.table, self.lock = table, threading.Lock()
        self.seen, self.paths, self.got = collections.defaultdict(list), collections.defaultdict(list), collections.Counter()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                stream = connection.makefile("rb")
                while self.one(connection, stream):
                    pass
            except OSError:
                pass

    def one(self, connection, stream):
        path = stream.readline().split()
        if len(path) < 2:
            return False
        head = http.client.parse_headers(stream)
        body = stream.read(int(head.get("content-length", 0)))
        names = re.findall(rb'"stringValue":"([^"]+)"', body)
        name = names[0].decode() if names else "?"
        with self.lock:
            self.seen[name].append(time.monotonic())
            self.paths[name].append((path[0].decode(), path[1].decode()))
            first = len(self.seen[name]) == 1
            self.got[name] += 1
        act = self.table[name].first if first else OK
        if callable(act):
            act(connection)
            return False
        connection.sendall(act.replace(b"@PORT@", b"%d" % self.port))
        return True


def post(port, names):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for name in names:
        body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": name}}]}]}]})
        connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, name
    connection.close()


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="http-backend-"))
    table = rows()
    backend, entry = Backend(table), free_port()
    process, log = start(sys.argv[1], work, "exporter", CONFIG % (entry, backend.port))
    post(entry, table)
    end = time.time() + 15
    while time.time() < end and any(len(backend.seen[name]) < 1 + row.again for name, row in table.items()):
        time.sleep(0.05)
    time.sleep(1)  # for what should not come any more
    stop(process, log)
    wrong = []
    for name, row in table.items():
        tries = backend.seen[name]
        if len(tries) != 1 + row.again:
            wrong.append("%s: %d tries %s" % (name, len(tries), backend.paths[name]))
        elif row.again and not row.least <= tries[1] - tries[0] <= row.most:
            wrong.append("%s: again after %.2f s" % (name, tries[1] - tries[0]))
        if len(tries) == 2 and re.match("moved|relative", name) and backend.paths[name][1][0] != "POST":
            wrong.append("%s: %s" % (name, backend.paths[name]))
    text = log.read_text()
    lost = [name for name, row in table.items() if not row.again and
            not re.match("status-2|partial|empty-proto|wrong-but|html|chunk|extra|old|until|bare|no-reason|continue|early|huge|short-text|short-proto", name)]
    assert not wrong, "\n".join(wrong)
    if "--reference" not in sys.argv:
        ledger = json.loads(re.search(r"\tLedger\t(\{.*\})", text).group(1))
        assert ledger["in"] == len(table) and ledger["held"] == 0, ledger
        assert ledger["dropped"] == len(lost) and ledger["delivered"] == len(table) - len(lost), (len(lost), ledger)
    assert text.count("Partial success response") == 4 and '"words"' in text, text.count("Partial success response")
    print("http backend: %d answers, %d tried again, %d dropped" % (len(table), sum(r.again for r in table.values()), len(lost)))


if __name__ == "__main__":
    main()
