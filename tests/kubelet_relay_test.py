#!/usr/bin/env python3
"""`gleaner relay` against a stand-in API server: each pod gets its own part of what the kubelet says and nothing of its
neighbours, whatever it asks for; a kubelet_stats receiver behind it needs no rights of its own.

    kubelet_relay_test.py GLEANER"""
import collections
import concurrent.futures
import http.client
import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from relay_test import free_port, stop, wait_for

LOG = "".join("2026-11-25T10:00:00.%09dZ stdout F line %d\n" % (i, i) for i in range(1000)).encode()


def pod(name, uid):
    return {"podRef": {"name": name, "namespace": "shop", "uid": uid}, "startTime": "2026-11-25T10:00:00Z",
            "cpu": {"usageNanoCores": 1000}, "memory": {"workingSetBytes": 5000}, "secret": "of-" + name}


class Api:
    """Two nodes; `shared` has two pods, `lonely` has one."""
    TOKENS = {"token-a": ("a", "u-a", "shared"), "token-b": ("b", "u-b", "shared"), "token-c": ("c", "u-c", "lonely"),
              "token-old": ("a", "u-a", None)}  # of a Kubernetes before 1.30
    PODS = {"shared": [pod("a", "u-a"), pod("b", "u-b")], "lonely": [pod("c", "u-c")]}

    def __init__(self):
        self.requests, self.lock, self.slow, self.broken = [], threading.Lock(), 0, False
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                api.answer(self, b"")

            def do_POST(self):
                api.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, part):
        with self.lock:
            return sum(part in one for one in self.requests)

    @staticmethod
    def say(handler, code, body, head=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(code)
        for name, value in head:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def answer(self, handler, body):
        path = handler.path
        with self.lock:
            self.requests.append(path)
        assert handler.headers["Authorization"] == "Bearer relays-own", handler.headers["Authorization"]
        if path == "/apis/authentication.k8s.io/v1/tokenreviews":
            token = json.loads(body)["spec"]["token"]
            status = {"authenticated": False, "error": "invalid bearer token"}
            if token == "token-user":
                status = {"authenticated": True, "user": {"username": "admin"}}
            elif token in self.TOKENS:
                name, uid, node = self.TOKENS[token]
                extra = {"authentication.kubernetes.io/pod-name": [name], "authentication.kubernetes.io/pod-uid": [uid]}
                if node:
                    extra["authentication.kubernetes.io/node-name"] = [node]
                status = {"authenticated": True, "user": {"username": "system:serviceaccount:shop:web", "extra": extra}}
            return self.say(handler, 201, {"kind": "TokenReview", "status": status})
        if path == "/api/v1/namespaces/shop/pods/a":
            return self.say(handler, 200, {"metadata": {"uid": "u-a"}, "spec": {"nodeName": "shared"}, "status": {"hostIP": "10.0.0.1"}})
        found = re.match(r"/api/v1/nodes/(\w+)/proxy(/.*)", path)
        if not found or found[1] not in self.PODS:
            return self.say(handler, 404, {"message": "not found: " + path})
        if self.broken:
            return self.say(handler, 503, {"message": "the kubelet is away"})
        node, rest = found.groups()
        if rest == "/stats/summary":
            time.sleep(self.slow)
            return self.say(handler, 200, {"node": {"nodeName": node, "cpu": {"usageNanoCores": 9}}, "pods": self.PODS[node]})
        if rest == "/pods":
            return self.say(handler, 200, {"items": [{"metadata": {"uid": p["podRef"]["uid"], "name": p["podRef"]["name"]}} for p in self.PODS[node]]})
        if rest.endswith("/0.log"):
            asked = re.match(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
            if not asked:
                return self.say(handler, 200, LOG)
            first, last = int(asked[1]), int(asked[2])
            return self.say(handler, 206, LOG[first:last + 1], [("Content-Range", "bytes %d-%d/%d" % (first, last, len(LOG)))])
        return self.say(handler, 404, b"404 page not found")


def kube_config(work, name, port, token):
    path = work / name
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:%d" % port}}], "users": [{"name": "u", "user": {"token": token}}]}))
    return path


class Relay:
    def __init__(self, binary, work, api):
        self.port, health, metrics = free_port(), free_port(), free_port()
        self.metrics, self.log = metrics, work / "relay.log"
        settings = ["extensions::kubelet_relay::endpoint=127.0.0.1:%d" % self.port, "extensions::kubelet_relay::auth_type=kubeConfig",
                    "extensions::health_check::endpoint=127.0.0.1:%d" % health]
        readers = "yaml:service::telemetry::metrics::readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]" % metrics
        words = [binary, "relay", "--config", readers] + [w for s in settings for w in ("--set", s)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"),
                                        env={"KUBECONFIG": str(kube_config(work, "relay.kubeconfig", api.port, "relays-own"))})
        wait_for(self.log, "Everything is ready")

    def get(self, path, token=None, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        head = dict(headers or {})
        if token:
            head["Authorization"] = "Bearer " + token
        connection.request(method, path, headers=head)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        return reply.status, body, reply.headers

    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            s.sendall(text)
            return s.recv(4096)


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit("%s: %r instead of %r" % (what, got, wanted))


def strangers(relay, api):
    expect("nobody", relay.get("/stats/summary")[0], 401)
    expect("no token", relay.get("/stats/summary", headers={"Authorization": "Bearer a b"})[0], 401)
    expect("basic", relay.get("/stats/summary", headers={"Authorization": "Basic YTpi"})[0], 401)
    expect("unknown", relay.get("/stats/summary", "token-x")[0], 401)
    expect("a user", relay.get("/stats/summary", "token-user")[0], 403)
    before = api.count("tokenreviews")
    expect("unknown again", relay.get("/stats/summary", "token-x")[0], 401)
    expect("reviews of a token that was refused", api.count("tokenreviews"), before)
    expect("health", relay.get("/healthz")[0], 200)


def own_part(relay, api):
    for token, name in (("token-a", "a"), ("token-b", "b"), ("token-old", "a")):
        status, body, _ = relay.get("/stats/summary", token)
        expect(token, status, 200)
        document = json.loads(body)
        expect("pods of " + token, [p["podRef"]["name"] for p in document["pods"]], [name])
        expect("node for " + token, document.get("node"), None)
        pods = json.loads(relay.get("/pods", token)[1])
        expect("/pods of " + token, [p["metadata"]["name"] for p in pods["items"]], [name])
    document = json.loads(relay.get("/stats/summary", "token-c")[1])
    expect("the node of a lonely pod", document["node"]["nodeName"], "lonely")
    expect("as behind the API server", relay.get("/api/v1/nodes/shared/proxy/stats/summary", "token-a")[0], 200)
    for path in ("/api/v1/nodes/lonely/proxy/stats/summary", "/run/shop/b/app", "/exec/shop/a/app", "/containerLogs/shop/a/app", "/", "/metrics", "/configz"):
        expect(path, relay.get(path, "token-a")[0], 403)
    expect("POST", relay.get("/stats/summary", "token-a", method="POST")[0], 405)


def log_files(relay, api):
    own = "/logs/pods/shop_a_u-a/app/0.log"
    status, body, _ = relay.get(own, "token-a")
    expect("own file", (status, body), (200, LOG))
    status, body, headers = relay.get(own, "token-a", {"Range": "bytes=100-199"})
    expect("a part of it", (status, body, headers["Content-Range"]), (206, LOG[100:200], "bytes 100-199/%d" % len(LOG)))
    before = api.count("/logs/")
    for path in ("/logs/pods/shop_b_u-b/app/0.log", "/logs/pods/shop_a_u-a/../shop_b_u-b/app/0.log", "/logs/pods/shop_a_u-a/%2e%2e/shop_b_u-b/app/0.log",
                 "/logs/pods/shop_a_u-a", "/logs/pods/shop_a_u-a2/app/0.log", "/logs/pods/", "/logs/syslog", "/logs/pods/shop_a_u-a/app%0d%0aX:1/0.log",
                 "/logs/pods/shop_a_u-a/app/0.log%3fx", "/logs/pods/shop_a_u-a/app/%252e%252e/0.log"):
        status = relay.get(path, "token-a")[0]
        if status not in (403, 307, 301):
            raise SystemExit("%s: status %d" % (path, status))
    for path in (b"/logs/pods/shop_a_u-a/../shop_b_u-b/app/0.log", b"/logs/pods/shop_a_u-a//../shop_b_u-b/app/0.log"):
        reply = relay.raw(b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-a\r\n\r\n" % path)
        if b" 200 " in reply.split(b"\r\n")[0]:
            raise SystemExit("%r was served" % path)
    expect("files of others asked for", api.count("/logs/") - before, 0)


def many_at_once(relay, api):
    time.sleep(5.2)  # what was kept is old
    api.slow = 0.5
    before = api.count("/proxy/stats/summary")
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        for status, body, _ in pool.map(lambda i: relay.get("/stats/summary", "token-a" if i % 2 else "token-b"), range(40)):
            expect("one of 40", status, 200)
    expect("requests to the kubelet for 40", api.count("/proxy/stats/summary") - before, 1)
    api.slow = 0


def flood(relay, api):
    """A pod that asks as fast as it can is slowed and then refused; its neighbour does not notice."""
    time.sleep(3)  # all that the rows before asked for is paid
    with concurrent.futures.ThreadPoolExecutor(250) as pool:
        asking = [pool.submit(relay.get, "/pods", "token-a") for _ in range(600)]
        begun = time.monotonic()
        expect("the neighbour of a flood", relay.get("/pods", "token-b")[0], 200)
        took = time.monotonic() - begun
        answers = [one.result() for one in asking]
    said = collections.Counter(status for status, _, _ in answers)
    if set(said) != {200, 429} or said[200] < 100:
        raise SystemExit("a flood got %s" % said)
    if took > 2:
        raise SystemExit("the neighbour of a flood waited %.1f s" % took)
    limited = next((body, headers) for status, body, headers in answers if status == 429)
    if b"rate_limit" not in limited[0] or limited[1]["Retry-After"] != "1":
        raise SystemExit("no word of what limits: %r" % (limited,))


def trouble(relay, api):
    time.sleep(5.2)
    api.broken = True
    status, body, _ = relay.get("/stats/summary", "token-a")
    expect("a kubelet that is away", status, 502)
    if b"503" not in body:
        raise SystemExit("no word of the kubelet's: %r" % body)
    api.broken = False
    expect("back again", relay.get("/stats/summary", "token-a")[0], 200)


def receiver_behind(binary, work, relay):
    """kubelet_stats with the pod's own token and the relay's address."""
    out = work / "metrics.json"
    (work / "sidecar.yaml").write_text("""
receivers: {kubeletstats: {collection_interval: 1s, auth_type: kubeConfig, endpoint: lonely, metric_groups: [pod, node]}}
exporters: {file: {path: "%s", flush_interval: 100ms}}
service: {telemetry: {metrics: {level: none}}, pipelines: {metrics: {receivers: [kubeletstats], exporters: [file]}}}
""" % out)
    log = work / "sidecar.log"
    sidecar = subprocess.Popen([binary, "--config=%s/sidecar.yaml" % work], stdout=subprocess.DEVNULL, stderr=open(log, "wb"),
                               env={"KUBECONFIG": str(kube_config(work, "sidecar.kubeconfig", relay.port, "token-c"))})
    try:
        wait_for(out, "k8s.pod.memory.working_set", 15)
        text = out.read_text()
        for part in ('"c"', "k8s.node.name", "lonely"):
            if part not in text:
                raise SystemExit("no %s in %s" % (part, text))
    finally:
        stop(sidecar, log)


def hang(relay):
    try:
        relay.get("/stats/summary", "token-a")
    except (OSError, http.client.HTTPException):
        pass  # cut at the stop


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="kubelet-relay-"))
    api = Api()
    relay = Relay(binary, work, api)
    try:
        strangers(relay, api)
        own_part(relay, api)
        log_files(relay, api)
        many_at_once(relay, api)
        flood(relay, api)
        trouble(relay, api)
        receiver_behind(binary, work, relay)
        connection = http.client.HTTPConnection("127.0.0.1", relay.metrics, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        for outcome in ("served", "refused", "failed", "limited"):
            found = re.search(r'kubelet_relay_requests\S*\{[^}]*outcome="%s"[^}]*\} (\d+)' % outcome, text)
            if not found or int(found[1]) == 0:
                raise SystemExit("no count of %s requests:\n%s" % (outcome, text))
        api.slow = 8  # a kubelet that hangs does not hold the stop up
        time.sleep(5.2)
        asking = threading.Thread(target=hang, args=(relay,), daemon=True)
        asking.start()
        time.sleep(0.3)
        begun = time.monotonic()
    finally:
        stop(relay.process, relay.log)
    took = time.monotonic() - begun
    if took > 5:
        raise SystemExit("stopping took %.1f s" % took)
    subprocess.run(["rm", "-r", work])
    print("kubelet relay: each pod its own part, 40 at once one request, 18 ways to others refused, a flood slowed")


main()
