"""The image itself as a pod runs it: our OCI layout imported into containerd, with every restriction a namespace may ask
for; and pods as `gleaner inject` makes them, native sidecars and gleaner-exec out of the same image."""
import json
import pathlib
import re
import sys
import time

import cluster
import manifest_rows
import pod_rows
import programs
import written

ROWS = ("image", "injected_tee", "injected_exec", "injected_ordinary")
QUICK = ("image", "injected_exec")
ROOT = manifest_rows.DEPLOY.parent
SPANS = 1000
BACKEND = """
receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}}}}
exporters: {%s}
service: {pipelines: {%s}}
""" % (", ".join('file/%s: {path: "/out/%s.json", flush_interval: 100ms}' % (s, s) for s in ("logs", "metrics", "traces")),
       ", ".join("%s: {receivers: [otlp], exporters: [file/%s]}" % (s, s) for s in ("logs", "metrics", "traces")))
CONFIG = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:4317"}}}
  file_log: {include: [/var/log/app/*.log], start_at: beginning}
exporters: {otlp: {endpoint: "%s:4317", tls: {insecure: true}}}
extensions: {health_check: {endpoint: "0.0.0.0:13133"}}
service:
  extensions: [health_check]
  pipelines: {logs: {receivers: [file_log], exporters: [otlp]}, traces: {receivers: [otlp], exporters: [otlp]}}
"""
RESTRICTED = {"runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
              "seccompProfile": {"type": "RuntimeDefault"}}
NAME = "gleaner:" + re.search(r"set\(GLEANER_VERSION (\S+)\)", (ROOT / "cmake/flags.cmake").read_text())[1]
# Lines on both streams in turns, each by a write of its own, with a breath after twenty: the order of a flood is measured in
# tests/capture. A last one when the pod is asked to end. They come once the way for them is open.
SPEAKER = ("trap 'echo bye; exit 0' TERM; sleep 2; i=0; while [ $i -lt %d ]; do echo out $i; echo err $i >&2; i=$((i+1)); "
           "[ $((i %% 10)) -gt 0 ] || sleep 0.01; done; "
           "while :; do sleep 0.1; done")
TURNS = 2000


def here(there):
    """The image in the node's containerd, made of this build; once."""
    if NAME in cluster.run("ctr", "-n", "k8s.io", "images", "ls", "-q"):
        return
    layout = there.work / "layout"
    cluster.run(sys.executable, ROOT / "tools/image.py", "--build", cluster.programs_folder(), "--out", layout, "--name", NAME)
    cluster.run("tar", "-C", layout, "-cf", there.work / "layout.tar", ".")
    cluster.run("ctr", "-n", "k8s.io", "images", "import", there.work / "layout.tar")


def backend(there, namespace):
    """Where signals go: files of /out of a pod `backend`. @return its address"""
    path = there.config("backend", BACKEND)
    pod = there.pod("backend-" + namespace, namespace, "default", there.container("g", "/gleaner/gleaner", "--config=" + path))
    cluster.eventually("the backend", lambda: "Everything is ready" in there.log("backend-" + namespace, namespace, "g"))
    return pod["status"]["podIP"]


def arrived(there, namespace, signal):
    return there.out("backend-" + namespace, signal + ".json")


def loader(script, mounts=()):
    """A container of the test's own image that sends spans; programs are in /load."""
    return {"name": "spans", "image": programs.IMAGE, "command": ["sh", "-c", script],
            "volumeMounts": [{"name": "load", "mountPath": "/load"}, *mounts]}


def send(seconds):
    return "sleep %d; /load/loadgen 127.0.0.1:4317 --spans %d; sleep 1000" % (seconds, SPANS)


def start(there, namespace, name, text):
    """@return the pod, once it runs and every container is ready"""
    status, body = there.apply(text, "v1", "Pod", name, namespace)
    assert status in (200, 201), (status, body)
    path = "/api/v1/namespaces/%s/pods/%s" % (namespace, name)

    def ready():
        one = there.get(path)
        return one if any(c["type"] == "Ready" and c["status"] == "True" for c in one.get("status", {}).get("conditions", [])) else None

    def events():
        said = there.get("/api/v1/namespaces/%s/events" % namespace).get("items", [])
        return [e["message"] for e in said if e["involvedObject"]["name"] == name]
    return cluster.eventually(lambda: "pod %s: %s %s" % (name, there.get(path).get("status"), events()), ready, 60)


def all_spans(there, namespace, name):
    def sent():
        found = re.search(r'"sent": (\d+), "refused": 0', there.log(name, namespace, "spans"))
        return found and int(found[1])
    want = cluster.eventually("loadgen to be done", sent)
    cluster.eventually(lambda: "spans: %d of %d" % (written.spans(arrived(there, namespace, "traces")), want),
                       lambda: written.spans(arrived(there, namespace, "traces")) >= want)
    return want


def process_of(there, namespace, pod, container):
    """/proc/PID/status of a container's first process, as a dictionary."""
    statuses = there.get("/api/v1/namespaces/%s/pods/%s" % (namespace, pod))["status"]
    boxes = statuses["containerStatuses"] + statuses.get("initContainerStatuses", [])
    name = next(c["containerID"].split("//")[1] for c in boxes if c["name"] == container)
    line = next(r for r in cluster.run("ctr", "-n", "k8s.io", "tasks", "ls").splitlines() if r.startswith(name))
    status = pathlib.Path("/proc", line.split()[1], "status").read_text()
    return dict(row.split(":\t", 1) for row in status.splitlines() if ":\t" in row)


def image(there):
    here(there)
    there.namespace("pod")
    address = backend(there, "pod")
    there.put("v1", "ConfigMap", "collector", "pod", data={"collector.yaml": CONFIG % address})
    get = {"httpGet": {"path": "/", "port": 13133}, "periodSeconds": 1}
    ask = {"exec": {"command": ["/gleaner", "healthcheck"]}, "periodSeconds": 1}
    shared = {"name": "app", "mountPath": "/var/log/app"}
    spec = {"nodeName": cluster.NODE, "terminationGracePeriodSeconds": 5, "automountServiceAccountToken": False, "containers": [
        {"name": "gleaner", "image": NAME, "args": ["--config=/conf/collector.yaml"], "securityContext": RESTRICTED,
         "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "32Mi"}},
         "startupProbe": get, "readinessProbe": get, "livenessProbe": ask,
         "volumeMounts": [{"name": "conf", "mountPath": "/conf", "readOnly": True}, {**shared, "readOnly": True}]},
        loader("seq 1 5000 > /var/log/app/a.log; " + send(1), [shared])],
        "volumes": [{"name": "conf", "configMap": {"name": "collector"}}, {"name": "app", "emptyDir": {}},
                    {"name": "load", "hostPath": {"path": str(cluster.programs_folder())}}]}
    start(there, "pod", "g", json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "g", "namespace": "pod"}, "spec": spec}))
    spans = all_spans(there, "pod", "g")

    def bodies():
        return list(written.bodies(arrived(there, "pod", "logs")))
    cluster.eventually(lambda: "lines: %d" % len(bodies()), lambda: len(bodies()) >= 5000)
    assert bodies() == [str(i) for i in range(1, 5001)], "lines"
    status = process_of(there, "pod", "g", "gleaner")
    assert status["Uid"].split() == ["10001"] * 4 and status["Gid"].split()[0] == "10001", status
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    # Probes have had time to fail: the exec probe ran some ten times, and would have ended the container after three.
    boxes = there.get("/api/v1/namespaces/pod/pods/g")["status"]["containerStatuses"]
    mine = next(c for c in boxes if c["name"] == "gleaner")
    assert mine["restartCount"] == 0 and mine["ready"] and mine["started"], mine
    said = [e for e in there.get("/api/v1/namespaces/pod/events")["items"] if e["involvedObject"]["name"] == "g"]
    assert not [e["message"] for e in said if e["reason"] == "Unhealthy" and "Liveness" in e["message"]], said
    for name in ("g", "backend-pod"):
        there.delete_pod(name, "pod")
    return "uid 10001, no capability, seccomp, 32Mi, %s kB resident; %d lines and %d spans, probes content" % (status["VmRSS"].split()[0], 5000, spans)


def inject(there, namespace, text, sidecar, address, *more):
    """What `gleaner inject` makes of a pod, with a sidecar of deploy/ that sends to the test's backend."""
    before = (manifest_rows.DEPLOY / sidecar).read_text()
    changed = there.work / "sidecar.yaml"
    changed.write_text(before.replace("backend.monitoring.svc", address).replace("namespace: shop", "namespace: " + namespace))
    assert changed.read_text() != before
    binary = str(pathlib.Path(cluster.programs_folder(), "gleaner"))
    made = cluster.run(binary, "inject", "--all", "--strict", "--sidecar", changed, *more, input=text)
    assert made != text and cluster.run(binary, "uninject", input=made) == text
    return made


def pod_text(there, namespace, program, mount):
    """A pod as people write it, but for the node (there is no scheduler) and the service's name (there is no DNS)."""
    return """# before gleaner
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: %s}
spec:
  nodeName: %s
  serviceAccountName: application
  terminationGracePeriodSeconds: 20
  hostAliases: [{ip: %s, hostnames: [kubernetes.default.svc]}]
  containers:
    - name: application
      image: %s
      command: [sh, -c, "%s"]  # stays as it is
      volumeMounts: [%s]
    - name: spans
      image: %s
      command: [sh, -c, '%s']
      volumeMounts: [{name: load, mountPath: /load}]
  volumes:
    - {name: load, hostPath: {path: "%s"}}
    - {name: fargate-app-logs, emptyDir: {}}
""" % (namespace, cluster.NODE, cluster.SERVICE_IP, programs.IMAGE, program.replace("\\", "\\\\").replace('"', '\\"'), mount, programs.IMAGE,
       send(3), cluster.programs_folder())


def injected_tee(there):
    """The article's pod: tee into a shared folder, kubeletstats through the API server; the sidecar is native."""
    here(there)
    there.namespace("tee", "application")
    there.allow("tee-kubelet", "application", "tee", ["nodes/proxy"])
    address = backend(there, "tee")
    program = "(sleep 2; %s) | tee -a /var/log/fargate/application.log; sleep 1000" % pod_rows.APP
    start(there, "tee", "app", inject(there, "tee", pod_text(there, "tee", program, "{name: fargate-app-logs, mountPath: /var/log/fargate}"),
                               "operator/sidecar.yaml", address))
    spans = all_spans(there, "tee", "app")

    def bodies():
        return list(written.bodies(arrived(there, "tee", "logs"), k8s_pod_name="app", k8s_container_name="fargate-application"))
    want = there.log("app", "tee", "application").splitlines
    cluster.eventually(lambda: "lines: %d" % len(bodies()), lambda: len(bodies()) >= pod_rows.LINES)
    assert bodies() == want() and len(bodies()) == pod_rows.LINES, "lines"
    names = cluster.eventually("metrics", lambda: {n for _, n, _ in written.metrics(arrived(there, "tee", "metrics")) if n.startswith("container.")})
    boxes = there.get("/api/v1/namespaces/tee/pods/app")["status"]["initContainerStatuses"]
    assert [(c["name"], c["restartCount"], c["ready"]) for c in boxes] == [("otc-container", 0, True)], boxes
    for name in ("app", "backend-tee"):
        there.delete_pod(name, "tee")
    return "native: %d lines, %d spans, %d names of metrics of containers" % (pod_rows.LINES, spans, len(names))


def injected_exec(there):
    """The program under gleaner-exec, which comes out of the same image: both streams in the order of their writes, kubectl
    logs as ever, and the last word of a pod that is deleted."""
    here(there)
    there.namespace("exec", "application")
    address = backend(there, "exec")
    made = inject(there, "exec", pod_text(there, "exec", SPEAKER % TURNS, ""), "least-rights/exec-sidecar.yaml", address, "--exec")
    start(there, "exec", "app", made)
    spans = all_spans(there, "exec", "app")

    def lines(container="application"):
        found = [(about, r) for about, r in written.logs(arrived(there, "exec", "logs")) if about["k8s.container.name"] == container]
        assert all((a["k8s.pod.name"], a["k8s.namespace.name"]) == ("app", "exec") for a, _ in found)
        return [(written.attributes(r["attributes"])["log.iostream"], written.plain(r["body"])) for _, r in found]
    want = [pair for i in range(TURNS) for pair in (("stdout", "out %d" % i), ("stderr", "err %d" % i))]
    cluster.eventually(lambda: "lines: %d" % len(lines()), lambda: len(lines()) >= len(want))
    assert lines() == want, next((i, a, b) for i, (a, b) in enumerate(zip(lines(), want)) if a != b)
    kubectl = there.log("app", "exec", "application").splitlines()
    # The runtime reads two pipes: it keeps each one's order, and none between them. gleaner-exec does keep it.
    assert sorted(kubectl) == sorted(text for _, text in want)
    for stream in ("out", "err"):
        assert [line for line in kubectl if line.startswith(stream)] == [stream + " %d" % i for i in range(TURNS)], stream
    cluster.eventually("the other container's lines", lambda: any('"sent"' in text for _, text in lines("spans")))
    there.ask("DELETE", "/api/v1/namespaces/exec/pods/app")
    cluster.eventually(lambda: "the last word: %s" % lines()[-2:], lambda: lines()[-1] == ("stdout", "bye"))
    cluster.eventually("the end of the pod", lambda: there.ask("GET", "/api/v1/namespaces/exec/pods/app")[0] == 404)
    there.delete_pod("backend-exec", "exec")
    return "%d lines of both streams in order, in kubectl logs as well, and the last one at the end; %d spans" % (len(want), spans)


def injected_ordinary(there):
    """An ordinary sidecar gets SIGTERM together with the application, and stays for what that still says (--linger)."""
    here(there)
    there.namespace("ordinary", "application")
    address = backend(there, "ordinary")
    program = "trap 'for i in 1 2 3 4 5 6 7 8; do echo going $i; sleep 0.3; done; echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    made = inject(there, "ordinary", pod_text(there, "ordinary", program, ""), "least-rights/exec-sidecar.yaml", address, "--exec",
                  "--placement", "container")
    assert '"--linger=10s"' in made and '"--shutdown-timeout=18s"' in made, made
    start(there, "ordinary", "app", made)

    def bodies():
        return list(written.bodies(arrived(there, "ordinary", "logs"), k8s_container_name="application"))
    cluster.eventually("the first line", lambda: bodies() == ["up"])
    begun = time.monotonic()
    there.ask("DELETE", "/api/v1/namespaces/ordinary/pods/app")
    cluster.eventually("the end of the pod", lambda: there.ask("GET", "/api/v1/namespaces/ordinary/pods/app")[0] == 404)
    took = time.monotonic() - begun
    assert bodies() == ["up", *("going %d" % i for i in range(1, 9)), "bye"], bodies()
    assert took < 15, "the pod took %.1f s of its 20 s to end" % took
    there.delete_pod("backend-ordinary", "ordinary")
    return "what the application said in its last 2.4 s came; the pod ended after %.1f s of 20 s" % took
