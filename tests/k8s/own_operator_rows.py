"""`gleaner operator` as deploy/kustomize/operator has it, in a pod and with no right but those in the manifests: the API server calls
its webhook and sends what it makes of collectors into the cluster."""
import http.client
import json
import threading
import time

import cluster
import image_rows
import manifest_rows
import operator_rows
import programs

ROWS = ("own_operator", "own_operator_pods")
QUICK = ("own_operator",)
FOLDER = manifest_rows.DEPLOY / "kustomize/operator"
HOOK = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gleaner-operator"
CONFIG = {"receivers": {"otlp": {"protocols": {"grpc": {}}}}, "exporters": {"debug": {}},
          "service": {"pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["debug"]}}}}
MADE = ("/api/v1/configmaps", "/api/v1/services", "/api/v1/serviceaccounts", "/apis/apps/v1/deployments", "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets",
        "/apis/policy/v1/poddisruptionbudgets", "/apis/networking.k8s.io/v1/networkpolicies", "/apis/autoscaling/v2/horizontalpodautoscalers")


class Operator:
    def __init__(self, there, *more, files=("crd.yaml", "operator.yaml")):
        self.there = there
        for file in files:
            for text, version, kind, name, where in manifest_rows.objects((FOLDER / file).read_text()):
                # Where there are controllers, its Deployment stays empty: the pod below has to be the one that works.
                status, body = there.apply(text.replace("replicas: 2", "replicas: 0"), version, kind, name, where)
                assert status in (200, 201), (kind, name, status, body)
        spec = there.get("/apis/apps/v1/namespaces/monitoring/deployments/gleaner-operator")["spec"]["template"]["spec"]
        box = spec["containers"][0]
        # No DNS and no Service here: the webhook is called by the pod's address, which the certificate names, too.
        box.update(image=programs.IMAGE, command=["/gleaner/gleaner"], args=box["args"] + ["--set=extensions::k8s_operator::names=[$(POD_IP)]", *more],
                   env=[{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
                   volumeMounts=[{"name": "gleaner", "mountPath": "/gleaner"}])
        box["securityContext"]["runAsUser"] = 65532  # as the image says; this one here does not
        self.address = there.pod("gleaner-operator", "monitoring", "gleaner-operator", box)["status"]["podIP"]
        self.hook(clientConfig={"service": None, "url": "https://%s:9443/mutate-v1-pod" % self.address})
        cluster.eventually(lambda: "the operator to be ready: " + self.log(), self.ready, 60)
        cluster.eventually(lambda: "its authority: " + self.log(), lambda: self.there.get(HOOK)["webhooks"][0]["clientConfig"].get("caBundle"))

    def hook(self, **fields):
        one = self.there.get(HOOK)["webhooks"][0]
        one["clientConfig"] = {k: v for k, v in {**one["clientConfig"], **fields.pop("clientConfig", {})}.items() if v is not None}
        status, body = self.there.ask("PATCH", HOOK, {"webhooks": [{**one, **fields}]}, "application/merge-patch+json")
        assert status == 200, body

    def log(self):
        return self.there.log("gleaner-operator", "monitoring", "operator")

    def ready(self):
        conditions = self.there.get("/api/v1/namespaces/monitoring/pods/gleaner-operator")["status"]["conditions"]
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def pod(self, inject=None, namespace="market", dry=True, name="app", **metadata):
        """@return (status, the pod or the refusal, warnings) of making one"""
        notes = {"sidecar.opentelemetry.io/inject": inject} if inject else {}
        one = {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": notes, **({"name": name} if name else {}), **metadata},
               "spec": {"containers": [{"name": "app", "image": programs.IMAGE, "command": ["sleep", "1000"]}]}}
        connection = http.client.HTTPSConnection("127.0.0.1", 443, timeout=30, context=self.there.context)
        connection.request("POST", "/api/v1/namespaces/%s/pods%s" % (namespace, "?dryRun=All" if dry else ""), json.dumps(one), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body, answer.headers.get_all("Warning") or []

    def sidecar(self, *words, **more):
        """Whose sidecar a pod gets: "ns.name", or "" """
        status, pod, _ = self.pod(*words, **more)
        assert status == 201, (status, pod)
        count = [c["name"] for c in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]].count("otc-container")
        label = pod["metadata"].get("labels", {}).get("sidecar.opentelemetry.io/injected", "")
        assert count == bool(label), (count, label)
        return label


def collector(there, name, mode, namespace="market", version="opentelemetry.io/v1beta1", config=None, **spec):
    there.put(version, "OpenTelemetryCollector", name, namespace, spec={"mode": mode, "config": config or CONFIG, **spec})


def uncollect(there, name, namespace="market"):
    assert there.ask("DELETE", there.path("opentelemetry.io/v1beta1", "OpenTelemetryCollector", name, namespace))[0] == 200


def events(there, reason, namespace="market"):
    return [e for e in there.get("/api/v1/namespaces/%s/events" % namespace)["items"] if e["reason"] == reason]


def annotate(there, name, value):
    status, body = there.ask("PATCH", "/api/v1/namespaces/" + name, {"metadata": {"annotations": {"sidecar.opentelemetry.io/inject": value}}}, "application/merge-patch+json")
    assert status == 200, body


def admission(there, own):
    """spec/operator.md 14: rows 12 to 15"""
    assert own.sidecar() == "" and own.sidecar("true") == ""
    status, _, warnings = own.pod("true")
    assert status == 201 and any("namespace market has no collector of mode sidecar" in w for w in warnings), warnings
    assert not events(there, "NoSidecar"), "a dry run has no effects"
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "kube-root-ca.crt", "controller": True,
             "uid": there.get("/api/v1/namespaces/market/configmaps/kube-root-ca.crt")["metadata"]["uid"]}
    assert own.pod("true", dry=False, name=None, generateName="app-", ownerReferences=[owner])[0] == 201
    one = cluster.eventually("an event", lambda: events(there, "NoSidecar"))[0]
    assert one["involvedObject"]["name"] == "kube-root-ca.crt" and one["message"].endswith("has no collector of mode sidecar"), one
    collector(there, "n", "sidecar")
    collector(there, "p", "sidecar", "bazaar")
    cluster.eventually(lambda: "a sidecar: " + own.log(), lambda: own.sidecar("true") == "market.n")
    assert own.sidecar("true", name=None, generateName="app-") == "market.n"
    cluster.eventually("the other namespace's", lambda: own.sidecar("bazaar/p") == "bazaar.p")
    cells = 0
    for asks, row in ((None, ("", "market.n", "", "bazaar.p")), ("true", ("market.n", "market.n", "", "bazaar.p")),
                      ("false", ("", "market.n", "", "bazaar.p")), ("n", ("market.n", "market.n", "", "bazaar.p"))):
        annotate(there, "market", asks)
        cluster.eventually("the namespace's annotation to be seen", lambda want=row[0]: own.sidecar() == want)
        for inject, want in zip((None, "true", "false", "bazaar/p"), row):
            got = own.sidecar(inject)
            assert got == want, (asks, inject, got, want)
            cells += 1
    annotate(there, "market", None)
    collector(there, "n2", "sidecar")
    cluster.eventually("two to be too many", lambda: own.sidecar("true") == "")
    collector(there, "gate", "deployment")
    for number, (asks, why) in enumerate((("true", "more than one collector of mode sidecar: name one"), ("gate", "there is no collector market/gate of mode sidecar"),
                      ("bazaar/x", "there is no collector bazaar/x of mode sidecar"))):
        status, pod, warnings = own.pod(asks, dry=False, name="why-%d" % number)
        assert status == 201 and "initContainers" not in pod["spec"] and any(why in w for w in warnings), warnings
        cluster.eventually("an event: " + why, lambda w=why: any(w in e["message"] and e["type"] == "Warning" for e in events(there, "NoSidecar")))
    uncollect(there, "n2")
    uncollect(there, "gate")
    # A v1alpha1 object, as it was written.
    there.put("opentelemetry.io/v1alpha1", "OpenTelemetryCollector", "old", "bazaar", spec={"mode": "sidecar", "config": json.dumps(CONFIG)})
    cluster.eventually(lambda: "the old kind's: " + own.log(), lambda: own.sidecar("bazaar/old") == "bazaar.old")
    return cells


def objects_made(there):
    found = {}
    for path in MADE:
        for one in there.get(path + "?labelSelector=gleaner%2Fmade-by%3Doperator").get("items", []):
            found[path.rsplit("/", 1)[1], one["metadata"]["name"]] = one
    return found


def objects(there, own):
    collector(there, "gate", "deployment", replicas=2)
    want = {("configmaps", "gate-collector-"), ("services", "gate-collector"), ("services", "gate-collector-headless"), ("services", "gate-collector-monitoring"),
            ("serviceaccounts", "gate-collector"), ("deployments", "gate-collector"), ("poddisruptionbudgets", "gate-collector"),
            ("networkpolicies", "gate-collector-networkpolicy")}

    def names():
        return {(kind, name[:15] if kind == "configmaps" else name) for kind, name in objects_made(there)}
    cluster.eventually(lambda: "all objects: %s, %s" % (want ^ names(), own.log()), lambda: names() == want)
    path = there.path("opentelemetry.io/v1beta1", "OpenTelemetryCollector", "gate", "market")
    cluster.eventually("the status", lambda: there.get(path).get("status", {}).get("image") == "gleaner:0.1.0")
    assert there.get(path)["status"]["scale"]["statusReplicas"] == "0/0"
    # What is the same is not written again.
    first = objects_made(there)
    time.sleep(1)
    assert {k: o["metadata"]["resourceVersion"] for k, o in objects_made(there).items()} == {k: o["metadata"]["resourceVersion"] for k, o in first.items()}
    # `kubectl scale`, a new configuration, a StatefulSet in place of the Deployment, whose objects go.
    status, body = there.ask("PATCH", path + "/scale", {"spec": {"replicas": 5}}, "application/merge-patch+json")
    assert status == 200, body
    cluster.eventually("five replicas", lambda: objects_made(there)["deployments", "gate-collector"]["spec"]["replicas"] == 5)
    collector(there, "gate", "statefulset", config={**CONFIG, "processors": {"batch": {}}})
    cluster.eventually(lambda: "the StatefulSet in its place: %s" % own.log(), lambda: {k for k, _ in objects_made(there)} & {"deployments", "statefulsets"} == {"statefulsets"})
    assert ("deployments", "gate-collector") not in objects_made(there)
    # A field that cannot be changed: it is made anew.
    before = objects_made(there)["statefulsets", "gate-collector"]["metadata"]["uid"]
    collector(there, "gate", "statefulset", serviceName="other")
    cluster.eventually(lambda: "a new StatefulSet: %s" % own.log(), lambda: objects_made(there).get(("statefulsets", "gate-collector"), {"metadata": {"uid": before}})["metadata"]["uid"] != before)
    # What is deleted comes back; a foreign label stays.
    status, _ = there.ask("PATCH", "/api/v1/namespaces/market/services/gate-collector", {"metadata": {"labels": {"mine": "yes"}}}, "application/merge-patch+json")
    assert status == 200
    there.ask("DELETE", "/apis/apps/v1/namespaces/market/statefulsets/gate-collector")
    cluster.eventually("the StatefulSet to come back", lambda: ("statefulsets", "gate-collector") in objects_made(there))
    assert objects_made(there)["services", "gate-collector"]["metadata"]["labels"]["mine"] == "yes"
    collector(there, "gate", "statefulset", targetAllocator={"enabled": True})
    cluster.eventually("an event of the target allocator", lambda: any("targetAllocator" in e["message"] for e in events(there, "InvalidCollector")))
    uncollect(there, "gate")
    cluster.eventually(lambda: "the end of all objects: %s" % list(objects_made(there)), lambda: not objects_made(there))
    return len(want)


def rotation(there, own):
    """A certificate and then another one, while pods are made all the time and must be let in by the webhook."""
    def secret():
        return there.get("/api/v1/namespaces/monitoring/secrets/gleaner-operator")["data"]["tls.crt"]
    before, failures, calls, over = secret(), [], [], threading.Event()

    def make():
        while not over.is_set():
            status, body, _ = own.pod("true")
            calls.append(1)
            if status != 201 or "initContainers" not in body["spec"]:
                failures.append((status, body))
    own.hook(failurePolicy="Fail")
    thread = threading.Thread(target=make)
    thread.start()
    try:
        cluster.eventually(lambda: "another certificate: " + own.log(), lambda: secret() != before, 60)
        time.sleep(4)  # until it is served
    finally:
        over.set()
        thread.join()
    assert not failures, (len(failures), failures[0])
    return len(calls)


def own_operator(there):
    for name in ("monitoring", "market", "bazaar"):
        there.namespace(name)
    own = Operator(there, "--set=extensions::k8s_operator::certificate_lifetime=20s")
    try:
        cells = admission(there, own)
        made = objects(there, own)
        calls = rotation(there, own)
        assert "is forbidden" not in own.log(), own.log()  # the rights of the manifests are enough
        # Away, and back: what happened meanwhile is seen.
        there.stop_apiserver()
        there.start_apiserver()
        collector(there, "after", "daemonset")
        cluster.eventually(lambda: "the DaemonSet: " + own.log(), lambda: ("daemonsets", "after-collector") in objects_made(there), 90)
        cluster.eventually("a sidecar after the restart", lambda: own.sidecar("true") == "market.n")
        uncollect(there, "after")
        cluster.eventually("the end of all objects", lambda: not objects_made(there))
        # Without the operator pods are made as ever; unless somebody wants it otherwise.
        there.delete_pod("gleaner-operator", "monitoring")
        own.hook(failurePolicy="Fail", timeoutSeconds=2)
        cluster.eventually("a refusal", lambda: own.pod("true")[0] == 500)
        own.hook(failurePolicy="Ignore")
        cluster.eventually("no refusal", lambda: own.pod("true")[0] == 201)
    finally:
        there.ask("DELETE", HOOK)
        for namespace in ("market", "bazaar"):
            there.ask("DELETE", "/apis/opentelemetry.io/v1beta1/namespaces/%s/opentelemetrycollectors" % namespace)
            there.ask("DELETE", "/api/v1/namespaces/%s/pods?gracePeriodSeconds=0" % namespace)
    return "%d cells of who gets a sidecar, Events for who does not, %d objects made and removed, %d pods made while the certificate became another one, an API server that restarted" % (cells, made, calls)


def theirs(there):
    """The OpenTelemetry operator's own definition of the kind, with nobody who converts. @return whether it can be had"""
    try:
        programs.operator(build=False)
    except programs.Missing:
        return False
    file = operator_rows.source() / "config/crd/bases/opentelemetry.io_opentelemetrycollectors.yaml"
    status, body = there.apply(file.read_text(), "apiextensions.k8s.io/v1", "CustomResourceDefinition", "opentelemetrycollectors.opentelemetry.io")
    assert status in (200, 201), (status, body[:500])
    return True


APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: market}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata:
      labels: {app: app}
      annotations: {sidecar.opentelemetry.io/inject: "true"}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - {name: app, image: %s, command: [sleep, "1000"]}
"""


def own_operator_pods(there):
    """With the controllers of Kubernetes and the image: a collector's pods and a Deployment's with a sidecar come up, what belongs to a
    collector goes with it; under the other operator's definition of the kind, if that can be had."""
    image_rows.here(there)
    operator_rows.controllers(there)
    for name in ("monitoring", "market"):
        there.namespace(name)
    own = Operator(there, "--set=extensions::k8s_operator::rbac=true", files=("operator.yaml",) if theirs(there) else ("crd.yaml", "operator.yaml"))
    there.allow("gleaner-operator-rights", "gleaner-operator", "monitoring", ["clusterroles", "clusterrolebindings"],
                ("list", "watch", "create", "patch", "delete", "escalate", "bind"), "rbac.authorization.k8s.io")
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles/gate-market-cluster-role"
    try:
        health = {**CONFIG, "extensions": {"health_check": {}}}
        health["service"] = {**CONFIG["service"], "extensions": ["health_check"]}
        gate = {**health, "processors": {"k8sattributes": {}}}
        gate["service"] = {"extensions": ["health_check"], "pipelines": {"logs": {"receivers": ["otlp"], "processors": ["k8sattributes"], "exporters": ["debug"]}}}
        collector(there, "gate", "deployment", config=gate, image=image_rows.NAME)
        collector(there, "side", "sidecar", config=health, image=image_rows.NAME)
        cluster.eventually(lambda: "the sidecar: " + own.log(), lambda: own.sidecar("true") == "market.side")
        status, body = there.apply(APP % programs.IMAGE, "apps/v1", "Deployment", "app", "market")
        assert status in (200, 201), body
        operator_rows.settled(there, "market", "app.kubernetes.io/instance=market.gate")
        pod = operator_rows.settled(there, "market", "app=app")
        box = next(c for c in pod["status"]["initContainerStatuses"] if c["name"] == "otc-container")
        assert box["ready"] and box["restartCount"] == 0 and len(pod["status"]["containerStatuses"]) == 1, box
        assert there.get(roles)["rules"], own.log()
        path = there.path("opentelemetry.io/v1beta1", "OpenTelemetryCollector", "gate", "market")
        cluster.eventually(lambda: "its status: %s %s" % (there.get(path), own.log()), lambda: there.get(path).get("status", {}).get("scale", {}).get("statusReplicas") == "1/1")
        uncollect(there, "gate")
        cluster.eventually("the end of its objects", lambda: not objects_made(there) and there.ask("GET", roles)[0] == 404)
    finally:
        there.ask("DELETE", HOOK)
        there.ask("DELETE", "/apis/apps/v1/namespaces/market/deployments/app")
        there.ask("DELETE", "/apis/opentelemetry.io/v1beta1/namespaces/market/opentelemetrycollectors")
        there.delete_pod("gleaner-operator", "monitoring")
    return "a collector and an application with its sidecar ready; objects gone with the collector"
