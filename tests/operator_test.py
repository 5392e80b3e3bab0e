#!/usr/bin/env python3
"""`gleaner operator` with a stand-in API server: it makes its certificate and says so to the server, puts sidecars into pods
and says why not, makes collectors into objects and takes away what they no longer make, renews its certificate without a
failed call, goes on when the server was away, and hands over to another replica."""
import base64
import http.client
import json
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import api_server
from relay_test import figures, free_port, stop, wait_for

api_server.PLURALS.update({
    "opentelemetrycollectors": ("/apis/opentelemetry.io/v1beta1", True), "serviceaccounts": ("/api/v1", True), "configmaps": ("/api/v1", True),
    "services": ("/api/v1", True), "secrets": ("/api/v1", True), "events": ("/api/v1", True), "daemonsets": ("/apis/apps/v1", True),
    "statefulsets": ("/apis/apps/v1", True), "poddisruptionbudgets": ("/apis/policy/v1", True),
    "horizontalpodautoscalers": ("/apis/autoscaling/v2", True), "networkpolicies": ("/apis/networking.k8s.io/v1", True),
    "clusterroles": ("/apis/rbac.authorization.k8s.io/v1", False), "clusterrolebindings": ("/apis/rbac.authorization.k8s.io/v1", False),
    "leases": ("/apis/coordination.k8s.io/v1", True), "mutatingwebhookconfigurations": ("/apis/admissionregistration.k8s.io/v1", False)})
MADE = [p for p in api_server.PLURALS if p not in (
    "pods", "namespaces", "nodes", "replicasets", "opentelemetrycollectors", "secrets", "events", "leases", "mutatingwebhookconfigurations")]
HOOK = "sidecar.operator.gleaner"
CONFIG = {"receivers": {"otlp": {"protocols": {"grpc": {}}}}, "exporters": {"debug": {}},
          "service": {"pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["debug"]}}}}


def eventually(what, test, seconds=30):
    end = time.monotonic() + seconds
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit("operator: waited %d s for %s" % (seconds, what() if callable(what) else what))
        time.sleep(0.05)


class Replica:
    def __init__(self, binary, work, api, name, *more):
        self.api, self.port, self.metrics = api, free_port(), free_port()
        self.log = work / (name + ".log")
        words = [binary, "operator", "--set=extensions::k8s_operator::auth_type=kubeConfig", "--set=extensions::k8s_operator::endpoint=127.0.0.1:%d" % self.port,
                 "--set=extensions::k8s_operator::names=[127.0.0.1]", "--set=extensions::k8s_operator::namespace=monitoring", "--set=extensions::k8s_operator::rbac=true",
                 "--set=extensions::health_check::endpoint=127.0.0.1:%d" % free_port(),
                 "--set=service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]" % self.metrics,
                 *more]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"))
        wait_for(self.log, "Everything is ready")

    def authority(self):
        return api_server_bundle(self.api)

    def ask(self, path="/mutate-v1-pod", body=None, kind="application/json", method=None):
        """@return (status, body), with the authority that the API server was told"""
        context = ssl.create_default_context(cadata=self.authority())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        try:
            connection.request(method or ("POST" if body is not None else "GET"), path, body, {"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def served(self):
        """The certificate, as it is served now."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def ready(self):
        try:
            return self.ask("/readyz")[0] == 200
        except (OSError, ssl.SSLError):
            return False


def api_server_bundle(api):
    bundle = api.objects["mutatingwebhookconfigurations"]["gleaner-operator"]["webhooks"][0]["clientConfig"].get("caBundle")
    return base64.b64decode(bundle).decode()


def review(inject=None, name="app-1", owner=True, dry=False):
    metadata = {"name": name, "labels": {"pod-template-hash": "5d9c"}, "annotations": {"sidecar.opentelemetry.io/inject": inject} if inject else {}}
    if owner:
        metadata["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-5d9c", "uid": "u-rs", "controller": True}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "r-" + name, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "shop", "operation": "CREATE", "dryRun": dry, "object": pod}})


def judged(replica, *words, **more):
    status, body = replica.ask(body=review(*words, **more))
    assert status == 200, (status, body)
    response = json.loads(body)["response"]
    assert response["allowed"] is True and response["uid"].startswith("r-"), response
    return json.loads(base64.b64decode(response.get("patch", "")) or "[]"), response.get("warnings", [])


def collector(api, name, mode, namespace="shop", config=None, **spec):
    api.put("opentelemetrycollectors", name, namespace=namespace, apiVersion="opentelemetry.io/v1beta1", kind="OpenTelemetryCollector",
            spec={"mode": mode, "config": config or CONFIG, **spec})


def events(api, reason):
    return [e for e in list(api.objects["events"].values()) if e["reason"] == reason]


def check_admission(api, replica):
    said = "no sidecar: namespace shop has no collector of mode sidecar"
    assert judged(replica, "true", dry=True) == ([], ["gleaner: " + said]) and not events(api, "NoSidecar")
    assert judged(replica) == ([], [])
    assert judged(replica, "true") == ([], ["gleaner: " + said])
    one = eventually("an event", lambda: events(api, "NoSidecar"))[0]
    assert one["message"] == said and one["involvedObject"] == {
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-5d9c", "namespace": "shop", "uid": "u-rs"}, one
    judged(replica, "true")
    collector(api, "side", "sidecar")
    patch, _ = eventually("a sidecar", lambda: (lambda it: it if it[0] else None)(judged(replica, "true", dry=True)))
    box = next(step["value"] for step in patch if step["path"] == "/spec/initContainers")[0]
    assert box["name"] == "otc-container" and box["restartPolicy"] == "Always", box
    attributes = next(v["value"] for v in box["env"] if v["name"] == "OTEL_RESOURCE_ATTRIBUTES")
    assert "k8s.deployment.name=app," in attributes and "k8s.namespace.name=shop" in attributes, attributes
    assert judged(replica, "false") == ([], []) and judged(replica) == ([], [])
    api.put("namespaces", "shop", namespace=None, annotations={"sidecar.opentelemetry.io/inject": "true"})
    eventually("the namespace to ask", lambda: judged(replica, dry=True)[0])
    api.put("namespaces", "shop", namespace=None)
    eventually("the namespace not to ask", lambda: not judged(replica, dry=True)[0])
    collector(api, "side2", "sidecar")
    eventually("two to be too many", lambda: not judged(replica, "true", dry=True)[0])
    assert "more than one collector" in judged(replica, "true", name="app-2")[1][0]
    eventually("an event of two", lambda: any("name one" in e["message"] for e in events(api, "NoSidecar")))
    assert judged(replica, "shop/side2")[0] and judged(replica, "else/x", owner=False, name="bare")[1]
    eventually("an event of the pod", lambda: any(e["involvedObject"]["kind"] == "Pod" and e["involvedObject"]["name"] == "bare" for e in events(api, "NoSidecar")))
    assert len([e for e in events(api, "NoSidecar") if e["message"] == said]) == 1, "one event a reason"
    api.delete("opentelemetrycollectors", "side2")
    for body, kind, path, want in (("{", "application/json", "/mutate-v1-pod", 400), (review(), "text/yaml", "/mutate-v1-pod", 415),
                                   (review(), "application/json", "/else", 404), (" " * (8 << 20), "application/json", "/mutate-v1-pod", 413)):
        assert replica.ask(path, body, kind)[0] == want, (path, kind, want)
    assert replica.ask("/mutate-v1-pod")[0] == 405 and replica.ask("/healthz")[0] == 200


def made(api, plural):
    return {name: one for name, one in list(api.objects[plural].items()) if one["metadata"]["labels"].get("gleaner/made-by") == "operator"}


def check_objects(api):
    attributes = {**CONFIG, "processors": {"k8sattributes": {}}}
    attributes["service"] = {"pipelines": {"logs": {"receivers": ["otlp"], "processors": ["k8sattributes"], "exporters": ["debug"]}}}
    collector(api, "gate", "deployment", config=attributes, autoscaler={"maxReplicas": 3}, image="gleaner:9")
    deployment = eventually("a Deployment", lambda: made(api, "deployments").get("gate-collector"))
    assert deployment["metadata"]["ownerReferences"][0]["uid"] == "uid-of-gate" and "replicas" not in deployment["spec"], deployment
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "gleaner:9"
    eventually(lambda: "all objects, not %s" % {p: list(made(api, p)) for p in MADE}, lambda: {p for p in MADE if made(api, p)} == {
        "serviceaccounts", "configmaps", "services", "deployments", "poddisruptionbudgets", "horizontalpodautoscalers", "networkpolicies",
        "clusterroles", "clusterrolebindings"})
    eventually("its status", lambda: api.objects["opentelemetrycollectors"]["gate"].get("status", {}).get("image") == "gleaner:9")
    first = list(made(api, "configmaps"))
    # What is as it should be is left alone.
    def writes():
        return [r for r in api.requests if r.split()[0] in ("PATCH", "POST", "PUT", "DELETE") and "/leases" not in r and "/secrets" not in r and "mutatingwebhook" not in r]
    eventually("quiet", lambda: (lambda before: (time.sleep(0.7), len(writes()) == before)[1])(len(writes())))
    # Another configuration and no autoscaler: a new ConfigMap beside the old one, and the autoscaler goes.
    collector(api, "gate", "deployment", image="gleaner:9")
    eventually("the autoscaler's end", lambda: not made(api, "horizontalpodautoscalers"))
    eventually("the end of rights nobody needs", lambda: not made(api, "clusterroles") and not made(api, "clusterrolebindings"))
    assert len(made(api, "configmaps")) == 2 and first[0] in made(api, "configmaps"), list(made(api, "configmaps"))
    assert made(api, "deployments")["gate-collector"]["spec"]["replicas"] == 1
    # What others delete or change comes back.
    api.delete("deployments", "gate-collector")
    eventually("the Deployment to come back", lambda: made(api, "deployments"))
    service = made(api, "services")["gate-collector"]
    with api.changed:
        changed = json.loads(json.dumps(service))
        api.version += 1
        changed["spec"]["ports"], changed["metadata"]["resourceVersion"] = [], str(api.version)
        api.objects["services"]["gate-collector"] = changed
        api.events.append((api.version, "services", "MODIFIED", changed))
        api.changed.notify_all()
    eventually("the ports to come back", lambda: made(api, "services")["gate-collector"]["spec"]["ports"] == service["spec"]["ports"])
    # What cannot be made is said, and what is there stays.
    collector(api, "gate", "deployment", image="gleaner:9", targetAllocator={"enabled": True})
    eventually("an event of the allocator", lambda: any("targetAllocator" in e["message"] for e in events(api, "InvalidCollector")))
    assert made(api, "deployments")
    collector(api, "gate", "deployment", managementState="unmanaged")
    api.put("opentelemetrycollectors", "theirs", spec={"mode": "daemonset", "config": CONFIG}, status={"version": "0.140.0"})
    eventually("an event of the other operator", lambda: events(api, "OtherOperator"))
    assert not made(api, "daemonsets")


def check_rotation(api, replica):
    """Every call succeeds, while the certificate becomes another one."""
    before, failures, over = replica.served(), [], threading.Event()

    def call():
        while not over.is_set():
            try:
                assert replica.ask(body=review())[0] == 200
            except (OSError, AssertionError) as error:
                failures.append(error)
            time.sleep(0.02)
    caller = threading.Thread(target=call)
    caller.start()
    try:
        eventually("another certificate", lambda: replica.served() != before, 60)
        time.sleep(0.3)
    finally:
        over.set()
        caller.join()
    assert not failures, failures[:3]


def check_outage(api):
    port = api.port
    api.shut()
    time.sleep(0.5)
    api.listen(port)
    collector(api, "later", "daemonset")
    eventually("what was made while it was away", lambda: made(api, "daemonsets").get("later-collector"), 60)


def check_hand_over(api, first, second):
    assert judged(second, "shop/side")[0], "every replica answers"
    assert first.authority() == second.authority()
    holder = api.objects["leases"]["gleaner-operator"]["spec"]["holderIdentity"]
    stop(first.process, first.log)
    eventually("another holder", lambda: api.objects["leases"]["gleaner-operator"]["spec"]["holderIdentity"] not in (holder, ""), 60)
    for name in ("gate", "later"):
        api.delete("opentelemetrycollectors", name)
    eventually(lambda: "the end of all objects, not %s" % {p: list(made(api, p)) for p in MADE}, lambda: not any(made(api, p) for p in MADE))


def main():
    binary = sys.argv[1]
    api = api_server.ApiServer()
    with tempfile.TemporaryDirectory(prefix="operator-") as tmp:
        work = pathlib.Path(tmp)
        api.kubeconfig(work)
        api.put("mutatingwebhookconfigurations", "gleaner-operator", namespace=None, webhooks=[
            {"name": HOOK, "clientConfig": {"service": {"name": "gleaner-operator", "namespace": "monitoring"}}}])
        first = Replica(binary, work, api, "first", "--set=extensions::k8s_operator::certificate_lifetime=15s")
        try:
            eventually(lambda: "the authority:\n" + first.log.read_text(), lambda: "caBundle" in json.dumps(api.objects["mutatingwebhookconfigurations"]))
            eventually(lambda: "readiness:\n" + first.log.read_text(), first.ready)
            check_admission(api, first)
            check_objects(api)
            check_rotation(api, first)
            check_outage(api)
            count = figures(first.metrics)
            assert count["otelcol_k8s_operator_reconciles"] > 3 and count["otelcol_k8s_operator_admissions"] > 10, count
            second = Replica(binary, work, api, "second", "--set=extensions::k8s_operator::certificate_lifetime=15s")
            eventually(lambda: "the second:\n" + second.log.read_text(), second.ready)
            check_hand_over(api, first, second)
            stop(second.process, second.log)
        finally:
            for one in [first] + ([second] if "second" in locals() else []):
                if one.process.poll() is None:
                    one.process.send_signal(signal.SIGKILL)
                    print(one.log.read_text()[-6000:])
    print("operator: sidecars, events, objects of every kind, a new certificate without a failed call, an outage and a second replica")


if __name__ == "__main__":
    main()
