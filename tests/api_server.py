"""A stand-in API server for lists and watches of Kubernetes objects: pages, bookmarks, resource versions that grow too old,
selectors, tokens, cut connections; and for writing them, as far as an operator does. What is changed is seen by every watch."""
import http.server
import json
import os
import socket
import threading
import time
import urllib.parse

PLURALS = {"pods": ("/api/v1", True), "namespaces": ("/api/v1", False), "nodes": ("/api/v1", False),
           "replicasets": ("/apis/apps/v1", True), "deployments": ("/apis/apps/v1", True)}


class ApiServer:
    def __init__(self):
        self.objects = {plural: {} for plural in PLURALS}
        self.version, self.oldest = 100, 0
        self.events = []  # (version, plural, type, object)
        self.changed = threading.Condition()
        self.requests, self.sockets = [], set()
        self.token, self.denied, self.reviews = "secret", {}, {}
        self.user_agents = set()
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

            def do_POST(self):
                body = self.body()
                if self.path.endswith("accessreviews"):
                    api.review(self, body)
                else:
                    api.write(self, body)

            def do_PUT(self):
                api.write(self, self.body())

            do_PATCH = do_DELETE = do_PUT

            def body(self):
                return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")

        self.handler = Handler
        self.listen(0)

    def listen(self, port):
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self.handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def shut(self):
        """Gone, as while it restarts; listen(port) brings it back."""
        self.server.shutdown()
        self.server.server_close()
        self.cut()

    # What a test does to the cluster.

    def put(self, plural, name, labels=None, namespace="shop", uid=None, **more):
        with self.changed:
            known = self.objects[plural].get(name)
            self.version += 1
            metadata = {"name": name, "uid": uid or "uid-of-" + name, "resourceVersion": str(self.version), "labels": labels or {},
                        "creationTimestamp": "2026-05-01T10:00:00Z", "annotations": more.pop("annotations", {}),
                        "ownerReferences": more.pop("owners", [])}
            if PLURALS[plural][1]:
                metadata["namespace"] = namespace
            one = dict({"metadata": metadata, "managedFields": "x" * 500}, **more)
            self.objects[plural][name] = one
            self.events.append((self.version, plural, "MODIFIED" if known else "ADDED", one))
            self.changed.notify_all()

    def pod(self, name, ip, node="n1", **more):
        status = {"podIP": ip, "startTime": "2026-05-01T10:00:01Z",
                  "containerStatuses": [{"name": "app", "containerID": "containerd://c-" + name, "restartCount": 0}]}
        spec = {"nodeName": node, "containers": [{"name": "app", "image": "r.io/shop:1.2"}]}
        self.put("pods", name, spec=spec, status=status, **more)

    def delete(self, plural, name):
        with self.changed:
            self.version += 1
            one = self.objects[plural].pop(name)
            one["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, plural, "DELETED", one))
            self.changed.notify_all()

    def forget_events(self):
        """Watches from before now are too old."""
        with self.changed:
            self.oldest = self.version
            self.events = []

    def cut(self):
        for one in list(self.sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, plural, watch):
        return sum(1 for r in self.requests if "/%s?" % plural in r and ("watch=true" in r) == watch)

    # What a client sees.

    def say(self, handler, code, body):
        if isinstance(body, str):
            body = {"kind": "Status", "status": "Failure", "message": body, "code": code}
        text = json.dumps(body).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def review(self, handler, body):
        """SelfSubjectAccessReview."""
        asked = body["spec"]["resourceAttributes"]
        self.requests.append("review %s %s/%s" % (asked["verb"], asked["resource"], asked.get("subresource", "")))
        key = "%s %s/%s" % (asked["verb"], asked["resource"], asked.get("subresource", ""))
        self.say(handler, 201, {"kind": "SelfSubjectAccessReview", "status": {"allowed": self.reviews.get(key, False)}})

    def write(self, handler, body):
        """POST, PUT (with its resourceVersion), DELETE, PATCH: an apply replaces all but status and what the server sets, and in
        lists of webhooks their fields; a merge of status."""
        self.requests.append(handler.command + " " + handler.path)
        if handler.headers.get("Authorization") != "Bearer " + self.token:
            return self.say(handler, 401, "Unauthorized")
        parts = urllib.parse.urlsplit(handler.path).path.strip("/").split("/")
        status = parts[-1] == "status"
        parts = parts[:-1] if status else parts
        plural, name = (parts[-1], None) if handler.command == "POST" else (parts[-2], parts[-1])
        if plural in self.denied:
            return self.say(handler, 403, self.denied[plural])
        with self.changed:
            name = name or body["metadata"].get("name") or "generated-%d" % self.version
            known = self.objects[plural].get(name)
            if handler.command == "DELETE":
                if known:
                    self.delete(plural, name)
                return self.say(handler, *((200, {"kind": "Status"}) if known else (404, "not found")))
            if handler.command == "POST" and known:
                return self.say(handler, 409, "already exists")
            if handler.command == "PUT":
                if not known:
                    return self.say(handler, 404, "not found")
                if body["metadata"].get("resourceVersion") not in (None, known["metadata"]["resourceVersion"]):
                    return self.say(handler, 409, "the object has been modified")
            if status:
                if not known:
                    return self.say(handler, 404, "not found")
                body = {**known, "status": {**known.get("status", {}), **body["status"]}}
            elif known and "webhooks" in known:
                fresh = {hook["name"]: hook for hook in body["webhooks"]}
                body = {**known, "webhooks": [{**hook, "clientConfig": {**hook["clientConfig"], **fresh.get(hook["name"], {}).get("clientConfig", {})}}
                                              for hook in known["webhooks"]]}
            one = json.loads(json.dumps(body))
            metadata = one["metadata"] = {**(known["metadata"] if known else {"uid": "uid-%d-%s" % (self.version, name), "creationTimestamp": "2026-05-01T10:00:%02dZ" % (self.version % 60)}),
                                          **{k: v for k, v in one["metadata"].items() if k != "resourceVersion"}, "name": name}
            metadata.setdefault("labels", {})
            if known and "status" in known and "status" not in one:
                one["status"] = known["status"]
            if known and one == known:
                return self.say(handler, 200, known)
            self.version += 1
            metadata["resourceVersion"] = str(self.version)
            self.objects[plural][name] = one
            self.events.append((self.version, plural, "MODIFIED" if known else "ADDED", one))
            self.changed.notify_all()
        self.say(handler, 200 if known else 201, one)

    def matches(self, one, query):
        for part in filter(None, query.get("labelSelector", "").split(",")):
            key, _, value = part.partition("=")
            if one["metadata"]["labels"].get(key) != value:
                return False
        for part in filter(None, query.get("fieldSelector", "").split(",")):
            key, _, value = part.partition("=")
            at = one
            for step in key.split("."):
                at = at.get(step, "") if isinstance(at, dict) else ""
            if at != value:
                return False
        return True

    def answer(self, handler):
        self.requests.append(handler.path)
        self.user_agents.add(handler.headers.get("User-Agent"))
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if handler.headers.get("Authorization") != "Bearer " + self.token:
            return self.say(handler, 401, "Unauthorized")
        if url.path == "/version":
            return self.say(handler, 200, {"gitVersion": "v1.31.0-eks-1234"})
        parts = url.path.split("/")
        for plural, (group, namespaced) in PLURALS.items():
            if parts[-2] == plural and url.path.startswith(group + "/") and (not namespaced or "namespaces" in parts[:-3]):
                one = self.objects[plural].get(parts[-1])
                return self.say(handler, 200, one) if one else self.say(handler, 404, "not found")
        plural = parts[-1]
        if plural not in PLURALS:
            return self.say(handler, 404, "the server could not find the requested resource")
        namespace = parts[-2] if "namespaces" in parts[:-1] else None
        if plural in self.denied:
            return self.say(handler, 403, self.denied[plural])

        def mine(one):
            return self.matches(one, query) and namespace in (None, one["metadata"].get("namespace"))
        if query.get("watch") == "true":
            return self.watch(handler, plural, query, mine)
        with self.changed:
            everything = [self.objects[plural][k] for k in sorted(self.objects[plural])]
            version = self.version
        limit, start = int(query.get("limit", "0")) or len(everything), int(query.get("continue", "0"))
        page = [o for o in everything[start:start + limit] if mine(o)]
        more = str(start + limit) if start + limit < len(everything) else ""
        self.say(handler, 200, {"kind": "List", "metadata": {"resourceVersion": str(version), "continue": more}, "items": page})

    def watch(self, handler, plural, query, mine):
        at = int(query["resourceVersion"])
        if at < self.oldest:
            return self.say(handler, 410, "too old resource version: %d (%d)" % (at, self.oldest))
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        self.sockets.add(handler.connection)
        end = time.time() + int(query.get("timeoutSeconds", "300"))

        def put(kind, one):
            text = (json.dumps({"type": kind, "object": one}) + "\n").encode()
            for i in range(0, len(text), 701):
                piece = text[i:i + 701]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        try:
            while time.time() < end:
                with self.changed:
                    fresh = [e for e in self.events if e[0] > at]
                    if not fresh:
                        self.changed.wait(0.5)
                        continue
                    at = fresh[-1][0]
                for _, which, kind, one in fresh:
                    if which == plural and mine(one):
                        put(kind, one)
                put("BOOKMARK", {"metadata": {"resourceVersion": str(at)}})
            handler.wfile.write(b"0\r\n\r\n")
        finally:
            self.sockets.discard(handler.connection)

    def kubeconfig(self, work):
        (work / "token").write_text(self.token)
        (work / "kubeconfig").write_text(json.dumps({
            "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:%d" % self.port}}],
            "users": [{"name": "u", "user": {"tokenFile": str(work / "token")}}]}))
        os.environ["KUBECONFIG"] = str(work / "kubeconfig")
