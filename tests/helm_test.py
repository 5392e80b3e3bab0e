#!/usr/bin/env python3
"""The Helm chart, rendered by the real helm: against the manifests under deploy/, every configuration taken by gleaner,
and its sidecar taken by gleaner inject. Without Go or its modules nothing is run, and that is said.

    helm_test.py GLEANER [--cached]      --cached: only if helm is built already"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY, CHART = ROOT / "deploy", ROOT / "deploy/helm/gleaner"
sys.path.insert(0, str(ROOT / "tests/k8s"))

import programs  # noqa: E402

ALL = ["--set", "sidecar.enabled=true,sidecar.namespaces={shop,web},sidecar.serviceAccounts={application},relay.enabled=true,operator.enabled=true"]


class Helm:
    def __init__(self, binary, home):
        self.binary, self.env = binary, {"PATH": os.environ["PATH"], "HOME": home}

    def template(self, *words, release="gleaner"):
        # A helm that is built without its version does not know of new releases of Kubernetes.
        return self.run("template", release, str(CHART), "--namespace", "monitoring", "--kube-version", programs.VERSION, *words)

    def run(self, *words):
        done = subprocess.run([str(self.binary), *words], capture_output=True, text=True, env=self.env)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def render(self, *words, release="gleaner"):
        """@return {(kind, name, namespace): object}"""
        return objects(self.template(*words, release=release))


def objects(text):
    found = {}
    for one in yaml.safe_load_all(text):
        if one:
            key = (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace"))
            assert key not in found, key
            found[key] = one
    return found


def only(found, kind, part=""):
    matching = [one for (k, name, _), one in found.items() if k == kind and part in name]
    assert len(matching) == 1, (kind, part, list(found))
    return matching[0]


def pod(workload):
    template = workload["spec"]["template"]
    wanted = workload["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= template["metadata"]["labels"].items(), wanted
    return template["spec"], template["spec"]["containers"][0]


def rules(found, part):
    return only(found, "ClusterRole", part)["rules"]


def check_names(found):
    """What refers to an account, a role, a ConfigMap or a Service's pods refers to one that is there."""
    names = {(kind, name) for kind, name, _ in found}
    for (kind, name, _), one in found.items():
        if kind.endswith("RoleBinding"):
            assert (one["roleRef"]["kind"], one["roleRef"]["name"]) in names, name
            for subject in one["subjects"]:
                assert name.endswith("sidecar") or ("ServiceAccount", subject["name"]) in names, subject
        if kind in ("DaemonSet", "Deployment"):
            spec, _ = pod(one)
            assert ("ServiceAccount", spec["serviceAccountName"]) in names, name
            for volume in spec.get("volumes", []):
                assert "configMap" not in volume or ("ConfigMap", volume["configMap"]["name"]) in names, volume
        if kind == "Service":
            labels = only(found, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
            assert one["spec"]["selector"].items() <= labels.items()


def check_daemonset(found):
    want = objects((DEPLOY / "plain/daemonset.yaml").read_text())
    spec, box = pod(only(found, "DaemonSet"))
    other, its = pod(only(want, "DaemonSet"))
    for key in ("image", "args", "resources", "startupProbe", "readinessProbe", "livenessProbe"):
        assert box[key] == its[key], (key, box[key], its[key])
    assert its["securityContext"].items() <= box["securityContext"].items()
    assert {p["containerPort"] for p in box["ports"]} == {p["containerPort"] for p in its["ports"]}
    assert {m["mountPath"] for m in box["volumeMounts"]} == {m["mountPath"] for m in its["volumeMounts"]}
    assert [v["hostPath"] for v in spec["volumes"] if "hostPath" in v] == [v["hostPath"] for v in other["volumes"] if "hostPath" in v]
    assert spec["tolerations"] == other["tolerations"]
    assert rules(found, "node") == rules(want, "node")
    config, wanted = (yaml.safe_load(only(f, "ConfigMap")["data"]["collector.yaml"]) for f in (found, want))
    config["exporters"]["otlp"]["endpoint"] = next(v["value"] for v in box["env"] if v["name"] == "BACKEND")
    exclude = config["receivers"]["filelog"]["exclude"]
    exclude[0] = exclude[0].replace("${env:POD_NAMESPACE}", "monitoring")
    config["extensions"]["health_check"]["path"], config["processors"]["batch"] = "/", None  # as the operator writes them
    assert config == wanted, (config, wanted)


def check_relay(found):
    want = objects((DEPLOY / "least-rights/relay.yaml").read_text())
    assert rules(found, "relay") == rules(want, "relay")
    (spec, box), (other, its) = (pod(only(f, "Deployment", "relay")) for f in (found, want))
    for key in ("image", "args", "ports", "readinessProbe", "resources", "volumeMounts"):
        assert box[key] == its[key], (key, box[key], its[key])
    assert its["securityContext"].items() <= box["securityContext"].items() and spec["volumes"] == other["volumes"]
    assert only(found, "Service", "relay")["spec"]["ports"] == only(want, "Service")["spec"]["ports"]


def check_operator(found, granting):
    """As deploy/kustomize/operator, and with the rights to grant rights where that is asked for."""
    folder = DEPLOY / "kustomize/operator"
    want = objects((folder / "operator.yaml").read_text() + "---\n" + (folder / "crd.yaml").read_text())
    assert rules(found, "operator") == rules(want, "operator")
    for key, other in want.items():
        mine = found[key]
        for part in ("rules", "roleRef", "subjects", "webhooks"):
            assert mine.get(part) == other.get(part), (key, part, mine.get(part), other.get(part))
        for part in ("ports", "versions", "names", "maxUnavailable", "replicas"):
            assert mine.get("spec", {}).get(part) == other.get("spec", {}).get(part), (key, part)
        if key[0] == "Deployment":
            (_, box), (_, its) = pod(mine), pod(other)
            assert box.pop("imagePullPolicy") and box == its, (box, its)
    verbs = [r["verbs"] for r in rules(granting, "operator") if "clusterroles" in r["resources"]]
    assert verbs == [["list", "watch", "create", "patch", "delete", "escalate", "bind"]], verbs
    assert "--set=extensions::k8s_operator::rbac=true" in pod(only(granting, "Deployment", "operator"))[1]["args"]


def check_sidecars(found):
    want = only(objects((DEPLOY / "least-rights/sidecar.yaml").read_text()), "OpenTelemetryCollector")["spec"]
    role = only(objects((DEPLOY / "least-rights/app-pod-logs.yaml").read_text()), "Role")
    for space in ("shop", "web"):
        spec = found["OpenTelemetryCollector", "gleaner-sidecar", space]["spec"]
        for key in ("mode", "image", "upgradeStrategy", "securityContext", "resources"):
            assert spec[key] == want[key], (key, spec[key], want[key])
        assert found["Role", "gleaner-sidecar", space]["rules"] == role["rules"]
        assert found["RoleBinding", "gleaner-sidecar", space]["subjects"] == [
            {"kind": "ServiceAccount", "name": "application", "namespace": space}]


def validate(binary, config, env):
    """As the pod would: only the variables that it has are there."""
    words = [binary, "validate", "--config=env:C"]
    for receiver in ("kubeletstats", "k8s_pod_logs"):  # there is no service account here
        if receiver in config["receivers"]:
            words.append("--set=receivers.%s.auth_type=none" % receiver)
    names = {variable["name"]: variable.get("value", "127.0.0.1") for variable in env}
    text = yaml.safe_dump(config, sort_keys=False)
    assert set(re.findall(r"\$\{env:(\w+)\}", text)) <= set(names), names
    done = subprocess.run(words, capture_output=True, text=True, env={
        **names, "C": text, "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"})
    assert done.returncode == 0 and "Error" not in done.stderr, done.stderr


def check_injected(binary, helm, tmp):
    """The notes' way to a sidecar without an operator."""
    sidecar = tmp / "sidecar.yaml"
    sidecar.write_text(helm.template(*ALL, "-s", "templates/sidecar.yaml", "--set", "rbac.create=false"))
    app = (DEPLOY / "least-rights/app.yaml").read_text()
    made = subprocess.run([binary, "inject", "--all", "--strict", "--pod-logs", "--sidecar", str(sidecar)], input=app,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    spec, _ = pod(only(objects(made.stdout), "Deployment"))
    box = spec["initContainers"][0]
    assert box["name"] == "otc-container" and box["image"] == "gleaner:0.1.0" and box["restartPolicy"] == "Always"
    text = next(v["value"] for v in box["env"] if v["name"] == "OTEL_CONFIG")
    validate(binary, yaml.safe_load(text.replace("$$", "$")), box["env"])


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    try:
        helm = programs.helm(build="--cached" not in sys.argv)
    except programs.Missing as why:
        print("helm: skipped, %s" % why)
        return
    with tempfile.TemporaryDirectory() as tmp:
        helm = Helm(helm, tmp)
        helm.run("lint", "--strict", str(CHART))
        first, full = helm.render(), helm.render(*ALL)
        assert sorted(kind for kind, _, _ in first) == ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet", "ServiceAccount"], list(first)
        assert len(full) == 5 + 3 * 2 + 5 + 10, list(full)
        check_names(full)
        check_daemonset(first)
        check_relay(full)
        check_operator(full, helm.render(*ALL, "--set", "operator.grantRights=true"))
        check_sidecars(full)
        _, box = pod(only(first, "DaemonSet"))
        validate(binary, yaml.safe_load(only(first, "ConfigMap")["data"]["collector.yaml"]), box["env"])
        sidecar = full["OpenTelemetryCollector", "gleaner-sidecar", "web"]["spec"]
        validate(binary, sidecar["config"], sidecar["env"])
        check_injected(binary, helm, pathlib.Path(tmp))
        bare = helm.render(*ALL, "--set", "rbac.create=false")
        assert not [k for k in bare if "Role" in k[0] or k[0] == "ServiceAccount"], list(bare)
        assert helm.render("--set", "daemonset.enabled=false") == {}
        other = helm.render("--set", "image.repository=r/g,image.tag=2,daemonset.config.exporters.otlp.compression=gzip", release="x")
        assert pod(only(other, "DaemonSet"))[1]["image"] == "r/g:2" and ("DaemonSet", "x-gleaner-node", "monitoring") in other
        # A new configuration is a new pod.
        annotations = [only(f, "DaemonSet")["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for f in (first, other)]
        assert annotations[0] != annotations[1]
    print("helm: %d objects as under deploy/, 3 configurations valid, the sidecar taken by gleaner inject" % len(full))


if __name__ == "__main__":
    main()
