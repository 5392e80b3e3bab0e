"""The real OpenTelemetry operator with the custom resources of deploy/operator, whose image is gleaner's: it makes the DaemonSet and
puts the sidecar into an application's pods, the controllers and the scheduler of Kubernetes do the rest, and what `gleaner
render` and `gleaner inject` make of the same files is compared with what the operator made."""
import base64
import http.client
import json
import pathlib
import re

import cluster
import image_rows
import manifest_rows
import pod_rows
import programs
import written

ROWS = ("upstream_operator",)
QUICK = ()
GROUP = "/apis/opentelemetry.io/"
APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: application, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: application}}
  template:
    metadata:
      labels: {app: application}
      annotations: {sidecar.opentelemetry.io/inject: "true"}
    spec:
      serviceAccountName: application
      terminationGracePeriodSeconds: 2
      hostAliases: [{ip: %s, hostnames: [kubernetes.default.svc]}]
      containers:
        - name: application
          image: %s
          command: [sh, -c, "%s"]
          volumeMounts: [{name: fargate-app-logs, mountPath: /var/log/fargate}]
        - name: spans
          image: %s
          command: [sh, -c, '%s']
          volumeMounts: [{name: load, mountPath: /load}]
      volumes:
        - {name: load, hostPath: {path: "%s"}}
        - {name: fargate-app-logs, emptyDir: {}}
"""


def controllers(there):
    """What turns a DaemonSet and a Deployment into pods on the node."""
    admin = there.work / "admin.kubeconfig"
    admin.write_text(there.kubeconfig({"client-certificate": str(there.pki / "admin.crt"), "client-key": str(there.pki / "admin.key")}))
    if "controller-manager" in there.processes:
        return admin
    there.spawn("controller-manager", there.kubeall, "controller-manager", "--kubeconfig", admin, "--bind-address=127.0.0.1", "--leader-elect=false",
                "--root-ca-file=%s/ca.crt" % there.pki, "--service-account-private-key-file=%s/sa.key" % there.pki)
    there.spawn("scheduler", there.kubeall, "scheduler", "--kubeconfig", admin, "--bind-address=127.0.0.1", "--leader-elect=false")
    return admin


def answers(address, port, path):
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


def source():
    """The operator's own files."""
    return pathlib.Path(programs.go(programs.HERE / "operator", "list", "-m", "-f", "{{.Dir}}",
                                    "github.com/open-telemetry/opentelemetry-operator").stdout.strip())


def operator(there, admin):
    """The operator beside the API server, its webhooks by address, with certificates of the test."""
    authority = base64.b64encode((there.pki / "ca.crt").read_bytes()).decode()
    for file in sorted((source() / "config/crd/bases").glob("*.yaml")):
        name = re.search(r"^  name: (\S+)", file.read_text(), re.M)[1]
        status, body = there.apply(file.read_text(), "apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
        assert status in (200, 201), (name, status, body[:500])
    url = "https://127.0.0.1:9443"
    convert = {"strategy": "Webhook", "webhook": {"clientConfig": {"url": url + "/convert", "caBundle": authority},
                                                  "conversionReviewVersions": ["v1alpha1", "v1beta1"]}}
    status, body = there.ask("PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/opentelemetrycollectors.opentelemetry.io",
                             {"spec": {"conversion": convert}}, "application/merge-patch+json")
    assert status == 200, body
    cluster.eventually("the kinds to be served", lambda: there.ask("GET", GROUP + "v1alpha1/targetallocators")[0] == 200)
    # It asks whether this account may write roles, and then writes them, as it is installed with the right to.
    there.put("v1", "ServiceAccount", "operator", "default")
    there.allow("operator", "operator", "default", ["clusterrolebindings", "clusterroles"],
                ("create", "delete", "get", "list", "patch", "update"), "rbac.authorization.k8s.io")
    serving = there.work / "operator/k8s-webhook-server/serving-certs"
    serving.mkdir(parents=True)
    for kind, suffix in (("crt", "crt"), ("key", "key")):
        (serving / ("tls." + kind)).write_bytes((there.pki / ("webhook." + suffix)).read_bytes())
    there.spawn("operator", programs.operator(build=False), "--metrics-addr=127.0.0.1:18080",
                "--health-probe-addr=127.0.0.1:18081", "--collector-image=never.test/used:1",
                TMPDIR=str(there.work / "operator"), KUBECONFIG=str(admin), POD_NAMESPACE="default",
                NAMESPACE="default", SERVICE_ACCOUNT_NAME="operator")  # it looks for the certificates there
    cluster.eventually(lambda: "the operator: " + there.tail("operator"), lambda: answers("127.0.0.1", 18081, "/readyz")[0] == 200, 60)
    hooks = re.sub(r"service:\n *name: webhook-service\n *namespace: system\n *path: (\S+)", r"url: %s\1\n    caBundle: %s" % (url, authority),
                   (source() / "config/webhook/manifests.yaml").read_text())
    for text, version, kind, name, _ in manifest_rows.objects(hooks):
        status, body = there.apply(text, version, kind, name)
        assert status in (200, 201), (name, status, body[:500])


def pods(there, namespace, label):
    """Those that are ready."""
    found = there.get("/api/v1/namespaces/%s/pods?labelSelector=%s" % (namespace, label)).get("items", [])
    return [p for p in found if any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", []))]


def settled(there, namespace, label):
    def state():
        found = there.get("/api/v1/namespaces/%s/pods?labelSelector=%s" % (namespace, label)).get("items", [])
        return [p["status"] for p in found] or there.tail("operator") + there.tail("controller-manager")
    return cluster.eventually(lambda: "a pod of %s to be ready: %s" % (label, state()), lambda: pods(there, namespace, label), 90)[0]


def essence(one, namespace):
    """An object without what every cluster says in its own words."""
    metadata = one["metadata"]
    notes = {k: v for k, v in metadata.get("annotations", {}).items() if "deprecated.daemonset" not in k}
    out = {"labels": metadata.get("labels", {}), "annotations": notes}
    out.update({k: v for k, v in one.items() if k not in ("metadata", "status", "apiVersion", "kind")})
    for key in ("clusterIP", "clusterIPs"):
        out.get("spec", {}).pop(key, None)
    return json.loads(json.dumps(out, sort_keys=True).replace('"namespace": "%s"' % namespace, '"namespace": "compare"'))


def differences(a, b, at=""):
    """Where two trees are not the same."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for key in sorted({*a, *b}) for d in differences(a.get(key), b.get(key), at + "/" + key)]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b)) for d in differences(x, y, "%s/%d" % (at, i))]
    return [] if a == b else ["%s: %s, the operator: %s" % (at, a, b)]


def same_objects(there, crs):
    """What `gleaner render` makes, as the API server would fill it in, against what is there. @return how many"""
    file = there.work / "crs.yaml"
    file.write_text(crs)
    made = cluster.run(pathlib.Path(cluster.programs_folder(), "gleaner"), "render", "-f", file, "--network-policy=false")
    count, wrong = 0, []
    for text, version, kind, name, namespace in manifest_rows.objects(made):
        live = there.get(there.path(version, kind, name, namespace))
        assert live, "the operator made no %s %s" % (kind, name)
        moved = text.replace("namespace: " + namespace, "namespace: compare")
        if kind in cluster.NOWHERE:  # the same name stands for the same object, so it becomes another one
            moved = moved.replace("name: " + name, "name: compare-" + name, 1)
        status, body = there.apply(moved, version, kind, ("compare-" if kind in cluster.NOWHERE else "") + name, "compare", dry=True)
        assert status in (200, 201), (kind, name, status, body)
        wrong += ["%s %s%s" % (kind, name, d) for d in differences(essence(json.loads(body), namespace), essence(live, namespace))]
        count += 1
    return count, wrong


def sidecars_after(there, template, annotation):
    """How many sidecars a pod that gleaner injected has when it has passed the operator's webhook."""
    notes = {**template["metadata"]["annotations"], "sidecar.opentelemetry.io/inject": annotation}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "again", "namespace": "shop", "labels": template["metadata"]["labels"], "annotations": notes},
           "spec": template["spec"]}
    status, body = there.apply(json.dumps(pod), "v1", "Pod", "again", "shop", dry=True)
    assert status in (200, 201), (status, body)
    spec = json.loads(body)["spec"]
    return [c["name"] for c in spec["containers"] + spec.get("initContainers", [])].count("otc-container")


def same_sidecar(there, app, cr, pod):
    """What `gleaner inject` makes of the Deployment against the pod that the operator's webhook saw. @return what differs"""
    file = there.work / "sidecar.yaml"
    file.write_text(cr)
    made = cluster.run(pathlib.Path(cluster.programs_folder(), "gleaner"), "inject", "--strict", "--kube-version", programs.VERSION.rpartition(".")[0], "--sidecar", file,
                       input=app)
    assert cluster.run(pathlib.Path(cluster.programs_folder(), "gleaner"), "uninject", input=made) == app
    status, body = there.apply(made.replace("namespace: shop", "namespace: compare"), "apps/v1", "Deployment", "application", "compare", dry=True)
    assert status in (200, 201), (status, body)
    template = json.loads(body)["spec"]["template"]

    def sidecar(spec):
        box = next(c for c in spec["initContainers"] if c["name"] == "otc-container")
        # Without what the API server mounts into every pod, and what the operator looks up in the cluster.
        box["volumeMounts"] = [m for m in box["volumeMounts"] if not m["name"].startswith("kube-api-access")]
        box["env"] = [v for v in box["env"] if not v["name"].startswith("OTEL_RESOURCE_ATTRIBUTES")]
        return box
    assert (sidecars_after(there, template, "true"), sidecars_after(there, template, "false")) == (1, 0)  # as docs/fargate.md says
    label = "sidecar.opentelemetry.io/injected"
    return differences({"box": sidecar(template["spec"]), "label": template["metadata"]["labels"][label]},
                       {"box": sidecar(pod["spec"]), "label": pod["metadata"]["labels"][label]}, "otc-container")


def upstream_operator(there):
    try:
        programs.operator(build=False)
    except programs.Missing as why:
        return "skipped, %s" % why
    image_rows.here(there)
    admin = controllers(there)
    operator(there, admin)
    for name, account in (("monitoring", "default"), ("shop", "application"), ("compare", "application")):
        there.namespace(name, account)
    there.allow("shop-application-kubelet", "application", "shop", ["nodes/proxy"])
    address = image_rows.backend(there, "monitoring")
    crs = []
    for name in ("node", "fargate"):
        text = (manifest_rows.DEPLOY / ("operator/%s.yaml" % ("daemonset" if name == "node" else "sidecar"))).read_text()
        crs.append(text.replace("backend.monitoring.svc", address))
        _, version, kind, _, namespace = next(manifest_rows.objects(crs[-1]))
        status, body = there.apply(crs[-1], version, kind, name, namespace)
        assert status in (200, 201), (status, body, there.tail("operator"))
    program = "(sleep 4; %s) | tee -a /var/log/fargate/application.log; sleep 1000" % pod_rows.APP
    app = APP % (cluster.SERVICE_IP, programs.IMAGE, program.replace("\\", "\\\\").replace('"', '\\"'), programs.IMAGE, image_rows.send(5),
                 cluster.programs_folder())
    status, body = there.apply(app, "apps/v1", "Deployment", "application", "shop")
    assert status in (200, 201), (status, body)
    node = settled(there, "monitoring", "app.kubernetes.io/instance=monitoring.node")
    pod = settled(there, "shop", "app=application")
    boxes = {c["name"]: c for c in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])}
    assert boxes["otc-container"]["image"] == image_rows.NAME, boxes.keys()
    for one in (node, pod):
        status, text = answers(one["status"]["podIP"], 8888, "/metrics")
        assert status == 200 and "otelcol_process_uptime" in text, (status, text[:300])
        assert answers(one["status"]["podIP"], 13133, "/")[0] == 200

    def arrived(signal):
        return there.out("backend-monitoring", signal + ".json")

    def lines(container):
        return [written.plain(r["body"]) for a, r in written.logs(arrived("logs")) if a["k8s.container.name"] == container]
    want = pod_rows.LINES
    cluster.eventually(lambda: "lines of the sidecar: %d" % len(lines("fargate-application")), lambda: len(lines("fargate-application")) >= want, 60)
    cluster.eventually(lambda: "lines of the node's: %d" % len(lines("application")), lambda: len(lines("application")) >= want, 60)
    assert lines("fargate-application") == lines("application") and len(lines("application")) == want, "lines"
    cluster.eventually(lambda: "spans: %d" % written.spans(arrived("traces")), lambda: written.spans(arrived("traces")) >= image_rows.SPANS, 60)
    names = cluster.eventually("metrics", lambda: {n for _, n, _ in written.metrics(arrived("metrics")) if n.startswith("container.")}, 60)
    for one in (node, pod):
        now = there.get("/api/v1/namespaces/%s/pods/%s" % (one["metadata"]["namespace"], one["metadata"]["name"]))["status"]
        assert all(c["restartCount"] == 0 and c["ready"] for c in now["containerStatuses"]), now["containerStatuses"]
    count, wrong = same_objects(there, crs[0])
    wrong += same_sidecar(there, app, crs[1], pod)
    assert not wrong, "\n".join(wrong)
    assert same_objects(there, crs[0].replace("cpu: 20m", "cpu: 21m"))[1], "differences are not seen"
    return "daemonset and sidecar up, probes green, :8888 scraped; %d lines from each, %d spans, %d names of metrics; render makes the same %d objects, inject the same sidecar" % (
        want, image_rows.SPANS, len(names), count)
