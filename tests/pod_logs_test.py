#!/usr/bin/env python3
"""k8s_pod_logs against a stand-in API server that does what the real one does: it cuts sinceTime to whole seconds, serves
the present file only, ends a stream when the container ends, cuts connections, names the containers in its refusal.

Every line carries a number. What must come out: each line once, in order, whatever happened on the way.

    pod_logs_test.py GLEANER [--long]"""
import http.server
import json
import os
import pathlib
import random
import re
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

from lanes_test import bodies, metric, until
from relay_test import free_port, start, stop

NAMESPACE, POD, OWN = "shop", "shop-0", "gleaner"


def stamp(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


class Container:
    def __init__(self, name, waiting=False):
        self.name, self.waiting = name, waiting
        self.changed = threading.Condition()
        self.lines, self.previous, self.rotated_at = [], None, 0  # lines of the present instance; what of it is in the present file
        self.instance, self.ended, self.written, self.last = 0, False, 0, 0

    def write(self, count, tie=0.1):
        with self.changed:
            for _ in range(count):
                now = time.time_ns()
                if self.last and (now <= self.last or random.random() < tie):
                    now = self.last  # equal times happen
                self.last = now
                self.lines.append((now, "%s line %d" % (self.name, self.written)))
                self.written += 1
            self.changed.notify_all()

    def rotate(self):
        with self.changed:
            self.rotated_at = len(self.lines)

    def restart(self):
        with self.changed:
            self.previous = self.lines[self.rotated_at:]
            self.lines, self.rotated_at, self.last = [], 0, 0
            self.instance += 1
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()


class Api:
    def __init__(self, containers, may_get_pods):
        self.containers = {c.name: c for c in containers}
        self.may_get_pods, self.token, self.refuse_logs = may_get_pods, "secret", False
        self.requests, self.sockets, self.lock = [], set(), threading.Lock()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                try:
                    api.answer(self)
                except OSError:
                    self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, handler, code, message):
        body = json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def answer(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.requests.append(handler.path)
        if handler.headers.get("Authorization") != "Bearer " + self.token:
            return self.say(handler, 401, "Unauthorized")
        pod = "/api/v1/namespaces/%s/pods/%s" % (NAMESPACE, POD)
        if url.path == pod:
            if not self.may_get_pods:
                return self.say(handler, 403, 'pods "%s" is forbidden' % POD)
            body = json.dumps({"metadata": {"name": POD, "uid": "u-1"},
                               "spec": {"containers": [{"name": n} for n in self.containers]}}).encode()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            return handler.wfile.write(body)
        if url.path != pod + "/log":
            return self.say(handler, 404, "the server could not find the requested resource")
        if self.refuse_logs:
            return self.say(handler, 403, 'pods "%s" is forbidden: User "x" cannot get resource "pods/log"' % POD)
        name = query.get("container")
        if not name and len(self.containers) > 1:
            return self.say(handler, 400, "a container name must be specified for pod %s, choose one of: [%s]" % (POD, " ".join(self.containers)))
        container = self.containers.get(name or next(iter(self.containers)))
        if not container:
            return self.say(handler, 400, "container %s is not valid for pod %s" % (name, POD))
        if container.waiting:
            return self.say(handler, 400, 'container "%s" in pod "%s" is waiting to start: ContainerCreating' % (name, POD))
        self.stream(handler, container, query)

    def stream(self, handler, container, query):
        since = 0
        if "sinceTime" in query:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", query["sinceTime"]), query
            since = int(time.mktime(time.strptime(query["sinceTime"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone) * 10**9
        with container.changed:
            if "previous" in query:
                if container.previous is None:
                    return self.say(handler, 400, 'previous terminated container "%s" in pod "%s" not found' % (container.name, POD))
                lines, instance = list(container.previous), None
            else:
                lines, instance = container.lines[container.rotated_at:], container.instance
                at = len(container.lines)
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        with self.lock:
            self.sockets.add(handler.connection)

        def put(lines):
            text = "".join("%s %s\n" % (stamp(t), x) for t, x in lines if t >= since).encode()
            for i in range(0, len(text), 3001):  # pieces that end anywhere
                piece = text[i:i + 3001]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

        try:
            put(lines)
            while "follow" in query:
                with container.changed:
                    same = container.instance == instance
                    fresh = container.lines[at:] if same else []
                    if not fresh and same and not container.ended:
                        container.changed.wait(5)
                        continue
                    at += len(fresh)
                put(fresh)
                if not fresh:
                    break
            handler.wfile.write(b"0\r\n\r\n")
        finally:
            with self.lock:
                self.sockets.discard(handler.connection)

    def cut(self):
        with self.lock:
            for one in list(self.sockets):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


CONFIG = """
receivers:
  k8s_pod_logs: {auth_type: kubeConfig, namespace: %s, pod: %s, containers: {exclude: [%s]}, silence: %s, refresh_interval: 1s%s}
exporters: {file: {path: "%s/out.json", flush_interval: 100ms}}
service:
  telemetry: {metrics: {address: "127.0.0.1:%d"}}
  pipelines: {logs: {receivers: [k8s_pod_logs], exporters: [file]}}
"""


def prepare(api, work):
    (work / "kubeconfig").write_text(json.dumps({
        "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:%d" % api.port}}],
        "users": [{"name": "u", "user": {"tokenFile": str(work / "token")}}]}))
    (work / "token").write_text(api.token)
    os.environ["KUBECONFIG"] = str(work / "kubeconfig")


def run(binary, api, work, silence="30s", more=""):
    prepare(api, work)
    port = free_port()
    process, log = start(binary, work, "gleaner", CONFIG % (NAMESPACE, POD, OWN, silence, more, work, port))
    return process, log, port


def lines_of(work, container):
    mark = container + " line "
    return [int(b[len(mark):]) for b in bodies(work / "out.json") if b.startswith(mark)]


def check(work, containers, log):
    for one in containers:
        got, want = lines_of(work, one.name), list(range(one.written))
        if got != want:
            missing, twice = set(want) - set(got), len(got) - len(set(got))
            raise SystemExit("%s: %d lines, %d missing (%s), %d twice, order %s\n%s" % (
                one.name, one.written, len(missing), sorted(missing)[:5], twice, "kept" if got == sorted(got) else "lost",
                log.read_text()[-3000:]))


def torture(binary, long):
    """Cuts, rotations, restarts, a container that starts late, a token that changes; no right but pods/log."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podlogs-"))
    app, side, late, own = Container("app"), Container("side"), Container("late", waiting=True), Container(OWN)
    api = Api([app, side, late, own], may_get_pods=False)
    own.write(50)
    app.write(1000)
    process, log, port = run(binary, api, work)
    assert until(lambda: len(lines_of(work, "app")) == 1000), log.read_text()
    rounds, burst = (40, 25000) if long else (12, 400)

    def caught_up():
        assert until(lambda: lines_of(work, "app")[-1:] == [app.written - 1], 40), log.read_text()[-3000:]

    for i in range(rounds):
        for _ in range(5):
            app.write(burst)
            side.write(7)
            late.write(3)
            time.sleep(0.02)
        if i == 1:
            late.waiting = False
        if i == 2:  # a new token: the old one is refused
            api.token = "another"
            (work / "token").write_text("another")
            api.cut()
        if i % 4 == 0:
            app.rotate()
        if i % 4 == 1:
            api.cut()
            app.write(burst // 2)
            caught_up()  # what is rotated away before is gone
        if i % 4 == 2:
            caught_up()
            app.restart()
            app.write(5)
            caught_up()  # of two restarts in one pause the kubelet keeps the last only
        if i % 4 == 3:  # the container dies while nobody reads it
            api.cut()
            app.write(burst // 2)
            app.restart()
            app.write(10)
            caught_up()
    done = until(lambda: all(lines_of(work, c.name)[-1:] == [c.written - 1] for c in (app, side, late)), 60)
    figures = {n: metric(port, "otelcol_receiver_k8s_pod_logs_" + n) for n in ("reconnects", "repeated_lines", "restarts", "gaps")}
    assert done, log.read_text()[-3000:]
    stop(process, log)
    check(work, (app, side, late), log)
    assert not [b for b in bodies(work / "out.json") if b.startswith(OWN)], "the excluded container was read"
    assert figures["gaps"] == 0 and figures["reconnects"] > 5 and figures["restarts"] > 0 and figures["repeated_lines"] > 0, figures
    record = json.loads((work / "out.json").read_text().splitlines()[0])["resourceLogs"][0]
    attributes = {a["key"]: a["value"]["stringValue"] for a in record["resource"]["attributes"]}
    assert attributes["k8s.namespace.name"] == NAMESPACE and attributes["k8s.pod.name"] == POD and attributes["k8s.container.name"] in ("app", "side"), attributes
    print("pod logs: %d lines of 3 containers over cuts, rotations, restarts and a new token: each once, in order; %s" % (
        app.written + side.written + late.written, ", ".join("%s %d" % kv for kv in figures.items())))


def gap(binary):
    """Lines rotated away while the connection was down cannot be read: it is said and counted, the rest arrives."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podlogs-"))
    app = Container("app")
    api = Api([app, Container(OWN)], may_get_pods=True)
    app.write(100)
    process, log, port = run(binary, api, work)
    assert until(lambda: len(lines_of(work, "app")) == 100), log.read_text()
    api.cut()
    app.write(50)
    app.rotate()
    time.sleep(0.1)
    app.write(50, tie=0)
    assert until(lambda: lines_of(work, "app")[-1:] == [199], 20), log.read_text()
    assert lines_of(work, "app") == list(range(100)) + list(range(150, 200))
    assert metric(port, "otelcol_receiver_k8s_pod_logs_gaps") == 1
    stop(process, log)
    assert "lines may be missing" in log.read_text(), log.read_text()
    uid = json.loads((work / "out.json").read_text().splitlines()[0])["resourceLogs"][0]["resource"]["attributes"]
    assert {"key": "k8s.pod.uid", "value": {"stringValue": "u-1"}} in uid, uid
    print("pod logs: what was rotated away unread is one gap, told and counted")


def silence(binary):
    """A stream that a load balancer forgot: lines are written and never come. It is opened anew."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podlogs-"))
    app = Container("app")
    api = Api([app, Container(OWN)], may_get_pods=True)
    app.write(10)
    process, log, port = run(binary, api, work, silence="1s", more=", start_at: beginning")
    assert until(lambda: len(lines_of(work, "app")) == 10), log.read_text()
    stuck, app.changed = app.changed, threading.Condition()  # the present streams hear of nothing any more
    app.write(10)
    assert until(lambda: lines_of(work, "app") == list(range(20)), 20), log.read_text()
    stop(process, log)
    del stuck
    print("pod logs: a stream that fell silent is opened anew, nothing is lost or doubled")


def kills(binary):
    """Killed and started again while lines are written, with a storage: none is lost, few come twice."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podlogs-"))
    (work / "state").mkdir()
    app = Container("app")
    api = Api([app, Container(OWN)], may_get_pods=True)
    app.write(100)
    sink_port, ports = free_port(), free_port()
    sink, sink_log = start(binary, work, "sink", """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: "%s/out.json", flush_interval: 50ms}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (sink_port, work))
    config = """
extensions: {file_storage: {directory: "%s/state"}}
receivers:
  k8s_pod_logs: {auth_type: kubeConfig, namespace: %s, pod: %s, containers: {exclude: [%s]}, storage: file_storage}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}, compression: none, sending_queue: {enabled: false}}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {address: "127.0.0.1:%d"}}
  pipelines: {logs: {receivers: [k8s_pod_logs], exporters: [otlp]}}
""" % (work, NAMESPACE, POD, OWN, sink_port, ports)
    prepare(api, work)
    ended = threading.Event()

    def write():
        while not ended.wait(0.01):
            app.write(30)
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    kills = 0
    for _ in range(8):
        process, log = start(binary, work, "gleaner", config)
        time.sleep(random.uniform(0.3, 0.9))
        process.kill()
        process.wait()
        kills += 1
    ended.set()
    writer.join()
    process, log = start(binary, work, "gleaner", config)
    assert until(lambda: lines_of(work, "app")[-1:] == [app.written - 1], 20), log.read_text()
    stop(process, log)
    time.sleep(0.3)  # until the sink has written what it took
    once = len(lines_of(work, "app"))
    process, log = start(binary, work, "gleaner", config)  # an orderly stop leaves nothing to be read again
    time.sleep(0.5)
    stop(process, log)
    stop(sink, sink_log)
    got = lines_of(work, "app")
    missing, twice = set(range(app.written)) - set(got), len(got) - len(set(got))
    assert not missing, "%d of %d lines missing: %s" % (len(missing), app.written, sorted(missing)[:5])
    assert len(got) == once, "%d lines again after an orderly stop" % (len(got) - once)
    assert twice < 400 * kills, twice
    print("pod logs: %d lines over %d kills: none lost, %d again; none after an orderly stop" % (app.written, kills, twice))


def refusals(binary):
    """Without the right it says which one is missing, keeps on trying, and reads everything once it has it."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="podlogs-"))
    app = Container("app")
    api = Api([app, Container(OWN)], may_get_pods=False)
    api.refuse_logs = True
    app.write(10)
    process, log, port = run(binary, api, work)
    assert until(lambda: "resources: [pods/log], verbs: [get] is needed" in log.read_text()), log.read_text()
    api.refuse_logs = False
    assert until(lambda: lines_of(work, "app") == list(range(10)), 20), log.read_text()
    stop(process, log)
    print("pod logs: a missing right is named; once given, everything is read")


def main():
    random.seed(7)
    os.environ["TZ"] = "UTC"
    time.tzset()
    binary = sys.argv[1]
    torture(binary, "--long" in sys.argv)
    gap(binary)
    silence(binary)
    kills(binary)
    refusals(binary)


if __name__ == "__main__":
    main()
