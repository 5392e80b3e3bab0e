"""Every object under deploy/, and those of the Helm chart, as the API server takes it: fields that it does not know are
errors."""
import pathlib
import re

import cluster
import programs

ROWS = ("manifests",)
QUICK = ROWS
DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def collector_kind(there):
    """The operator's kind of object, so that manifests for it have a place."""
    group = "opentelemetry.io"
    versions = [{"name": name, "served": True, "storage": name == "v1beta1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {
        "spec": ANY}}}} for name in ("v1alpha1", "v1beta1")]
    there.put("apiextensions.k8s.io/v1", "CustomResourceDefinition", "opentelemetrycollectors." + group, spec={
        "group": group, "scope": "Namespaced", "versions": versions,
        "names": {"kind": "OpenTelemetryCollector", "plural": "opentelemetrycollectors", "singular": "opentelemetrycollector"}})
    cluster.eventually("the kind to be served", lambda: there.ask("GET", "/apis/%s/v1alpha1/opentelemetrycollectors" % group)[0] == 200)


def objects(text):
    """(text, version, kind, name, namespace) of each object in a YAML file"""
    for part in re.split(r"^---\s*$", text, flags=re.M):
        kind = re.search(r"^kind: (\S+)", part, re.M)
        if kind and kind[1] != "Kustomization":
            metadata = part[re.search(r"^metadata:", part, re.M).end():]
            name, namespace = re.search(r"\bname: ([\w.-]+)", metadata), re.search(r"^\s+namespace: ([\w.-]+)", metadata, re.M)
            yield part, re.search(r"^apiVersion: (\S+)", part, re.M)[1], kind[1], name[1], namespace[1] if namespace else "default"


def chart():
    """The objects of the Helm chart with everything on, or why there are none."""
    try:
        return cluster.run(programs.helm(build=False), "template", "gleaner", DEPLOY / "helm/gleaner", "--namespace", "monitoring",
                           "--kube-version", programs.VERSION, "--set", "sidecar.enabled=true,sidecar.namespaces={shop},relay.enabled=true,operator.enabled=true"), ""
    except programs.Missing as why:
        return "", "; without the Helm chart: %s" % why


def manifests(there):
    collector_kind(there)
    for name in ("shop", "monitoring"):
        there.namespace(name)
    files = taken = 0
    rendered, without = chart()
    texts = {str(file.relative_to(DEPLOY)): file.read_text() for file in sorted(DEPLOY.glob("**/*.yaml"))}
    texts = {name: text for name, text in texts.items() if not name.startswith("helm/")} | {"helm": rendered}
    for file, content in texts.items():
        found = list(objects(content))
        files += bool(found)
        for text, version, kind, name, namespace in found:
            status, body = there.apply(text, version, kind, name, namespace, dry=True)
            assert status in (200, 201), "%s: %s %s: %d %s" % (file, kind, name, status, body.decode())
            taken += 1
    # The test can fail.
    status, body = there.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, namespace: shop}\nfrob: 1\n", "v1", "ServiceAccount", "x", "shop", dry=True)
    assert status >= 400 and b"frob" in body, (status, body)
    return "%d objects of %d files taken%s" % (taken, files, without)
