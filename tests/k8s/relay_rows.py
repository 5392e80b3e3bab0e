"""`gleaner relay` with the API server's own TokenReview, through the node proxy and against the kubelet's own port: two pods
that have no rights get their statistics and log files, and nothing of each other's."""
import http.client
import json
import ssl

import cluster
import manifest_rows
import programs
import written

ROWS = ("relay_through_api_server", "relay_to_kubelet")
QUICK = ()
HOST = "gleaner-relay.monitoring.svc"  # the Service's name in deploy/least-rights/relay.yaml
LINES = 100000
SIDECAR = """
receivers:
  kubeletstats: {collection_interval: 2s, auth_type: serviceAccount, endpoint: "https://%(host)s:10250", metric_groups: [node, pod, container]}
  k8s_pod_logs: {via: node_proxy, endpoint: "https://%(host)s:10250", refresh_interval: 2s}
exporters: {file/m: {path: /out/m.json, flush_interval: 100ms}, file/l: {path: /out/l.json, flush_interval: 100ms}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [kubeletstats], exporters: [file/m]}, logs: {receivers: [k8s_pod_logs], exporters: [file/l]}}
"""


def start_relay(there, namespace, *more):
    """deploy/least-rights/relay.yaml: its rights, its template. @return the pod's address"""
    manifest = (manifest_rows.DEPLOY / "least-rights/relay.yaml").read_text()
    for text, version, kind, name, where in manifest_rows.objects(manifest):
        status, body = there.apply(text, version, kind, name, where)
        assert status in (200, 201), body
    there.put("v1", "Secret", "gleaner-relay", "monitoring", type="kubernetes.io/tls",
              stringData={"tls.crt": (there.pki / "relay.crt").read_text(), "tls.key": (there.pki / "relay.key").read_text()})
    spec = there.get("/apis/apps/v1/namespaces/monitoring/deployments/gleaner-relay")["spec"]["template"]["spec"]
    box = spec["containers"][0]
    box.update(image=programs.IMAGE, command=["/gleaner/gleaner"], args=box["args"] + list(more))
    box["volumeMounts"].append({"name": "gleaner", "mountPath": "/gleaner"})
    box["securityContext"]["runAsUser"] = 65532  # as the image says; this one here does not
    name = "relay-" + namespace
    pod = there.pod(name, "monitoring", "gleaner-relay", box, volumes=spec["volumes"])
    cluster.eventually(lambda: "the relay: " + there.log(name, "monitoring", "relay"), lambda: "Everything is ready" in there.log(name, "monitoring", "relay"))
    return name, pod["status"]["podIP"]


class Asking:
    """Requests to the relay, as a pod makes them."""
    def __init__(self, there, address):
        self.address, self.context = address, ssl.create_default_context(cafile=there.pki / "ca.crt")

    def get(self, path, token):
        connection = http.client.HTTPSConnection(HOST, 10250, timeout=20, context=self.context)
        connection._create_connection = lambda _, *rest: socket_to(self.address, *rest)
        connection.request("GET", path, headers={"Authorization": "Bearer " + token})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body


def socket_to(address, *rest):
    import socket
    return socket.create_connection((address, 10250), *rest)


def two_pods(there, namespace, *relay_flags):
    there.namespace("monitoring")
    there.namespace(namespace, "web")
    relay, address = start_relay(there, namespace, *relay_flags)
    if "via=kubelet" in " ".join(relay_flags):  # and nothing through the API server's proxy
        rbac = [{"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
                {"apiGroups": [""], "resources": ["pods", "nodes/stats", "nodes/pods", "nodes/log"], "verbs": ["get"]}]
        there.put("rbac.authorization.k8s.io/v1", "ClusterRole", "gleaner-relay", rules=rbac)
    path = there.config(namespace, SIDECAR % {"host": HOST})
    app = "i=0; while [ $i -lt %d ]; do seq $i $((i+999)); i=$((i+1000)); echo err $i >&2; sleep 0.1; done; sleep 1000" % LINES
    aliases = [{"ip": address, "hostnames": [HOST]}, {"ip": cluster.SERVICE_IP, "hostnames": ["kubernetes.default.svc"]}]
    pods = {name: there.pod(name, namespace, "web", there.container("app", "sh", "-c", app), there.container("g", "/gleaner/gleaner", "--config=" + path),
                            hostAliases=aliases) for name in ("a-" + namespace, "b-" + namespace)}
    total = LINES + LINES // 1000
    for name, pod in pods.items():
        check_pod(there, namespace, name, pod, total)
    refused = strangers(there, namespace, Asking(there, address), pods)
    peak = max(int(line.split()[1]) for line in peaks(there, relay))
    for name in pods:
        there.delete_pod(name, namespace)
    there.delete_pod(relay, "monitoring")
    return "two pods, each its own statistics and %d lines over rotations, stderr told apart; %d ways to others' refused; relay's peak %d KiB" % (total, refused, peak)


def peaks(there, relay):
    """VmHWM of the relay's process, seen from the node."""
    import pathlib
    uid = there.get("/api/v1/namespaces/monitoring/pods/" + relay)["metadata"]["uid"]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if uid in (process / "cgroup").read_text() and b"gleaner" in (process / "cmdline").read_bytes():
                yield from (line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
        except OSError:
            pass


def check_pod(there, namespace, name, pod, total):
    def got():
        return there.out(name, "l.json").count('"body"')
    cluster.eventually(lambda: "%s's lines: %d of %d\n%s" % (name, got(), total, there.log(name, namespace, "g")), lambda: got() >= total, 120, 0.5)
    streams = {"stdout": [], "stderr": []}
    for about, record in written.logs(there.out(name, "l.json")):
        assert about["k8s.pod.name"] == name and about["k8s.pod.uid"] == pod["metadata"]["uid"] and about["k8s.container.name"] == "app", about
        streams[written.attributes(record["attributes"])["log.iostream"]].append(written.plain(record["body"]))
    assert streams["stdout"] == [str(i) for i in range(LINES)], "stdout: %d, %d once" % (len(streams["stdout"]), len(set(streams["stdout"])))
    assert streams["stderr"] == ["err %d" % i for i in range(1000, LINES + 1, 1000)], "stderr"
    cluster.eventually("metrics of " + name, lambda: any(n == "k8s.pod.memory.working_set" for _, n, _ in written.metrics(there.out(name, "m.json"))))
    for about, metric, _ in written.metrics(there.out(name, "m.json")):
        assert about.get("k8s.pod.name") == name, (about, metric)  # the node is not its own: there are others beside it


def strangers(there, namespace, relay, pods):
    """What tokens of two pods, of no pod, and of nobody get."""
    (a, pod_a), (b, pod_b) = pods.items()
    token = {name: there.token("web", namespace, ("Pod", name, pod["metadata"]["uid"])) for name, pod in pods.items()}
    for name in pods:
        status, body = relay.get("/stats/summary", token[name])
        assert status == 200 and [p["podRef"]["name"] for p in json.loads(body)["pods"]] == [name], (status, body)
        status, body = relay.get("/pods", token[name])
        assert status == 200 and [p["metadata"]["name"] for p in json.loads(body)["items"]] == [name], (status, body)
    other = "/logs/pods/%s_%s_%s/app/0.log" % (namespace, b, pod_b["metadata"]["uid"])
    expected = ((other, token[a], 403), ("/logs/pods/", token[a], 403), ("/logs/syslog", token[a], 403), ("/exec/%s/%s/app" % (namespace, a), token[a], 403),
                ("/configz", token[a], 403), ("/api/v1/nodes/another/proxy/stats/summary", token[a], 403), ("/stats/summary", there.token("web", namespace), 403),
                ("/stats/summary", there.token("web", namespace, ("Pod", a, pod_a["metadata"]["uid"]), ("https://other",)), 401), ("/stats/summary", "x.y.z", 401))
    for path, proof, status in expected:
        got, body = relay.get(path, proof)
        assert got == status, (path, got, status, body)
    return len(expected)


def relay_through_api_server(there):
    return two_pods(there, "proxied")


def relay_to_kubelet(there):
    return two_pods(there, "direct", "--set=extensions::kubelet_relay::via=kubelet")
