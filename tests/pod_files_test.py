#!/usr/bin/env python3
"""k8s_pod_logs with `via: node_proxy` against a stand-in for the kubelet's /logs: a real folder of CRI files that are
renamed and packed as the kubelet does it, while lines are written to both streams, containers start anew and gleaner is
killed.

Every line carries a number. What must come out: each line once, in order, with its stream.

    pod_files_test.py GLEANER"""
import gzip
import http.server
import html
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time

from lanes_test import metric, until
from relay_test import free_port, start, stop

NAMESPACE, POD, UID, NODE = "shop", "shop-0", "3f0c9a52-7d1e-4b86-9c55-0a1b2c3d4e50", "node-1"


class Container:
    """A log folder, written as containerd does and rotated as the kubelet does: five files, all but the newest old one packed."""

    def __init__(self, root, name):
        self.name, self.life, self.written, self.rotations = name, 0, 0, 0
        self.folder = root / ("%s_%s_%s" % (NAMESPACE, POD, UID)) / name
        self.folder.mkdir(parents=True)
        self.file = open(self.folder / "0.log", "ab")

    def write(self, count):
        for _ in range(count):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%09dZ" % (time.time_ns() % 10**9)
            stream = "stderr" if self.written % 3 == 0 else "stdout"
            text = "%s line %d %s" % (self.name, self.written, stream)
            if self.written % 50 == 7:  # a long line comes in parts
                self.file.write(("%s %s P %s\n%s %s F %s\n" % (stamp, stream, text[:9], stamp, stream, text[9:])).encode())
            else:
                self.file.write(("%s %s F %s\n" % (stamp, stream, text)).encode())
            self.written += 1
        self.file.flush()

    def rotate(self):
        self.rotations += 1
        now = "20260101-%06d" % self.rotations
        for old in sorted(self.folder.glob("%d.log.*" % self.life)):
            if not old.name.endswith(".gz"):
                packed = pathlib.Path(str(old) + ".tmp")
                packed.write_bytes(gzip.compress(old.read_bytes(), 1))
                packed.rename(str(old) + ".gz")
                old.unlink()
        self.file.close()
        os.rename(self.folder / ("%d.log" % self.life), self.folder / ("%d.log.%s" % (self.life, now)))
        self.file = open(self.folder / ("%d.log" % self.life), "ab")
        for old in sorted(self.folder.glob("%d.log.*" % self.life))[:-4]:
            old.unlink()

    def restart(self):
        self.file.close()
        self.life += 1
        self.file = open(self.folder / ("%d.log" % self.life), "ab")
        for old in self.folder.glob("*.log*"):
            if int(old.name.split(".")[0]) < self.life - 1:
                old.unlink()


class Kubelet:
    """What Go's file server does, behind an API server's node proxy; `away` answers 503."""

    def __init__(self, root):
        self.away, self.ranges = False, 0
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def say(self, code, body, head=()):
                self.send_response(code)
                for pair in head:
                    self.send_header(*pair)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                try:
                    self.serve()
                except OSError:  # gleaner was killed
                    self.close_connection = True

            def serve(self):
                if kubelet.away:
                    return self.say(503, b"the kubelet is away")
                if self.path == "/api/v1/namespaces/%s/pods/%s" % (NAMESPACE, POD):
                    return self.say(403, b'{"message": "pods is forbidden"}')
                found = re.match(r"/api/v1/nodes/%s/proxy/logs/pods/(.*)" % NODE, self.path)
                if not found:
                    return self.say(404, b"404 page not found")
                path = root / found[1]
                if path.is_dir():
                    names = sorted(p.name + "/" * p.is_dir() for p in path.iterdir())
                    links = "".join('<a href="%s%s">%s</a>\n' % (self.path, n, html.escape(n)) for n in names)
                    return self.say(200, ("<!doctype html>\n<pre>\n%s</pre>\n" % links).encode(), [("Content-Type", "text/html")])
                try:
                    text = path.read_bytes()
                except FileNotFoundError:
                    return self.say(404, b"404 page not found\n")
                asked = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                if not asked:
                    return self.say(200, text)
                kubelet.ranges += 1
                first, last = int(asked[1]), min(int(asked[2]), len(text) - 1)
                if first >= len(text):
                    return self.say(416, b"", [("Content-Range", "bytes */%d" % len(text))])
                self.say(206, text[first:last + 1], [("Content-Range", "bytes %d-%d/%d" % (first, last, len(text)))])

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *args):  # a connection that was cut
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


CONFIG = """
extensions: {file_storage: {directory: "%(work)s/state"}}
receivers:
  k8s_pod_logs: {via: node_proxy, auth_type: kubeConfig, namespace: shop, pod: shop-0, poll_interval: 50ms, refresh_interval: 1s, storage: file_storage}
exporters: {file: {path: "%(work)s/%(out)s", flush_interval: 20ms}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {address: "127.0.0.1:%(port)d"}}
  pipelines: {logs: {receivers: [k8s_pod_logs], exporters: [file]}}
"""


class Run:
    def __init__(self, binary, work, kubelet):
        (work / "kubeconfig").write_text(json.dumps({
            "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:%d" % kubelet.port}}], "users": [{"name": "u", "user": {"token": "t"}}]}))
        os.environ.update(KUBECONFIG=str(work / "kubeconfig"), POD_UID=UID, NODE_NAME=NODE)
        (work / "state").mkdir(exist_ok=True)
        self.binary, self.work, self.count = binary, work, 0

    def start(self):
        self.count += 1
        self.port = free_port()
        self.process, self.log = start(self.binary, self.work, "gleaner-%d" % self.count,
                                       CONFIG % {"work": self.work, "out": "out-%d.json" % self.count, "port": self.port})

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def records(self, container):
        """(number, stream in the text, stream as an attribute) of every line, in order."""
        out, mark = [], container + " line "
        for i in range(1, self.count + 1):
            path = self.work / ("out-%d.json" % i)
            for line in path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []:
                for resource in json.loads(line)["resourceLogs"]:
                    for scope in resource["scopeLogs"]:
                        for record in scope["logRecords"]:
                            body = record["body"]["stringValue"]
                            if body.startswith(mark):
                                stream = [a["value"]["stringValue"] for a in record["attributes"] if a["key"] == "log.iostream"]
                                number, said = body[len(mark):].split()
                                out.append((int(number), said, stream[0]))
        return out

    def numbers(self, container):
        return [r[0] for r in self.records(container)]


def check(run, containers):
    for one in containers:
        got = run.records(one.name)
        numbers = [g[0] for g in got]
        if numbers != list(range(one.written)):
            missing = sorted(set(range(one.written)) - set(numbers))
            raise SystemExit("%s: %d written, %d came, %d missing (%s), %d twice\n%s" % (
                one.name, one.written, len(numbers), len(missing), missing[:5], len(numbers) - len(set(numbers)), run.log.read_text()[-3000:]))
        wrong = [g for g in got if g[1] != g[2]]
        if wrong:
            raise SystemExit("%s: wrong stream: %s" % (one.name, wrong[:3]))


def torture(binary):
    work = pathlib.Path(tempfile.mkdtemp(prefix="podfiles-"))
    root = work / "pods"
    app, side = Container(root, "app"), Container(root, "side")
    app.write(300)
    for _ in range(3):  # what was rotated before gleaner came is read, too
        app.rotate()
        app.write(200)
    kubelet = Kubelet(root)
    run = Run(binary, work, kubelet)
    run.start()
    assert until(lambda: len(run.numbers("app")) == app.written), run.log.read_text()

    def caught_up():
        assert until(lambda: run.numbers("app")[-1:] == [app.written - 1], 30), run.log.read_text()[-3000:]

    for i in range(14):
        for _ in range(4):
            app.write(random.randint(1, 400))
            side.write(3)
            time.sleep(random.random() * 0.1)
        if i % 2 == 0:
            app.rotate()
        if i == 3:  # twice between two looks
            app.write(10)
            app.rotate()
            app.write(10)
            app.rotate()
        if i % 5 == 4:
            app.restart()
            app.write(20)
        if i == 6:
            kubelet.away = True
            app.write(100)
            app.rotate()
            app.write(100)
            time.sleep(0.3)
            kubelet.away = False
        if i == 8:  # a stop and a start: nothing twice
            caught_up()
            stop(run.process, run.log)
            app.write(150)
            app.rotate()
            app.write(150)
            run.start()
        if i % 2:
            caught_up()
    caught_up()
    assert until(lambda: run.numbers("side")[-1:] == [side.written - 1]), run.log.read_text()[-3000:]
    gaps, restarts = (metric(run.port, "otelcol_receiver_k8s_pod_logs_" + n) for n in ("gaps", "restarts"))
    stop(run.process, run.log)
    check(run, (app, side))
    assert gaps == 0 and restarts > 0, (gaps, restarts)
    print("pod files: %d lines of both streams over %d rotations, %d restarts, an outage and a stop: each once, in order, with its stream" % (
        app.written + side.written, app.rotations, app.life))


def kills(binary):
    work = pathlib.Path(tempfile.mkdtemp(prefix="podfiles-"))
    app = Container(work / "pods", "app")
    app.write(10)
    run = Run(binary, work, Kubelet(work / "pods"))
    for i in range(6):
        run.start()
        for _ in range(random.randint(3, 8)):
            app.write(random.randint(1, 100))
            time.sleep(random.random() * 0.1)
        if i % 2:
            app.rotate()
        run.kill()
        app.write(30)
    run.start()
    assert until(lambda: run.numbers("app")[-1:] == [app.written - 1]), run.log.read_text()[-3000:]
    stop(run.process, run.log)
    numbers = run.numbers("app")
    missing = set(range(app.written)) - set(numbers)
    assert not missing, ("lost", sorted(missing)[:5])
    print("pod files: %d lines over 6 kills: none lost, %d twice" % (app.written, len(numbers) - len(set(numbers))))


def from_now_on(binary):
    """start_at: end; and a file that is rotated away unread is one gap, told and counted."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podfiles-"))
    app = Container(work / "pods", "app")
    app.write(1000)
    kubelet = Kubelet(work / "pods")
    run = Run(binary, work, kubelet)
    port = free_port()
    config = CONFIG.replace("storage: file_storage", "start_at: end") % {"work": work, "out": "out-1.json", "port": port}
    run.count = 1
    run.process, run.log = start(binary, work, "end", config)
    assert until(lambda: kubelet.ranges > 3), run.log.read_text()
    app.write(100)
    assert until(lambda: run.numbers("app")[-1:] == [1099]), run.log.read_text()
    assert run.numbers("app") == list(range(1000, 1100))
    kubelet.away = True
    time.sleep(0.2)
    for _ in range(7):
        app.write(10)
        app.rotate()
    app.write(10)
    kubelet.away = False
    assert until(lambda: run.numbers("app")[-1:] == [app.written - 1], 30), run.log.read_text()
    numbers = run.numbers("app")
    assert len(numbers) == len(set(numbers)) and numbers == sorted(numbers), numbers
    assert metric(port, "otelcol_receiver_k8s_pod_logs_gaps") == 1
    stop(run.process, run.log)
    assert "lines may be missing" in run.log.read_text()
    print("pod files: from now on, and %d lines rotated away unread are one gap" % (app.written - 1000 - len(numbers)))


torture(sys.argv[1])
kills(sys.argv[1])
from_now_on(sys.argv[1])
