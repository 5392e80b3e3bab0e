"""The set-ups people have: a sidecar on Fargate beside an application whose output goes through tee, and a DaemonSet that
reads /var/log/pods and asks the kubelet itself. Beside gleaner the real collector runs the first, where there is one."""
import json
import os
import pathlib
import re

import cluster
import manifest_rows
import programs
import written

ROWS = ("sidecar", "daemonset", "daemonset_by_hand")
QUICK = ("sidecar",)
PEER = pathlib.Path(os.environ.get("GLEANER_PEER", manifest_rows.DEPLOY.parent / "bench/peers/bin/otelcol-0.159"))
BY_HAND = manifest_rows.DEPLOY.parent / "tests/golden/filelog/seed-onprem-daemonset/config.yaml"  # regex_parser twice and move
LINES, SPANS, NAMES = 5000, 1000, 31
# A JSON line a turn, with a time of its own.
APP = ("i=0; while [ $i -lt %d ]; do printf '{\"timestamp\":\"2026-11-30T10:%%02d:%%02d.%%03dZ\",\"level\":\"info\",\"n\":%%d}\\n' "
       "$((i/60%%60)) $((i%%60)) $((i%%1000)) $i; i=$((i+1)); done") % LINES
TO_FILES = """
exporters: {%s}
service: {pipelines: {%s}}
"""


def to_files(*signals):
    """A second configuration: what goes to the backend goes to files, and each batch at once."""
    return TO_FILES % (", ".join('file/%s: {path: "/out/%s.json", flush_interval: 100ms}' % (s, s) for s in signals),
                       ", ".join("%s: {exporters: [file/%s]}" % (s, s) for s in signals))


def collector_config(file):
    """The configuration in an OpenTelemetryCollector under deploy/."""
    text = (manifest_rows.DEPLOY / file).read_text().split("  config: |\n")[1]
    return "".join(line[4:] or "\n" for line in text.splitlines(True))


def sidecar_pod(there, name, binary, more=()):
    mount, volume = [("fargate-app-logs", "/var/log/fargate")], [{"name": "fargate-app-logs", "emptyDir": {}}]
    configs = [there.config("sidecar", collector_config("operator/sidecar.yaml")), there.config("to-files", to_files("metrics", "logs", "traces"))]
    if binary.startswith("/peer/"):
        volume.append({"name": "peer", "hostPath": {"path": str(PEER.parent)}})
    return there.pod(name, "article", "application", there.container(
        "application", "sh", "-c", "(sleep 3; %s) | tee -a /var/log/fargate/application.log; sleep 1000" % APP, mounts=mount), there.container(
            "otc-container", binary, *("--config=" + c for c in configs), mounts=mount + ([("peer", "/peer")] if binary.startswith("/peer/") else [])),
                     there.container("spans", "sh", "-c", "sleep 4; /gleaner/loadgen 127.0.0.1:4317 --spans %d; sleep 1000" % SPANS), volumes=volume)


def sidecar_said(there, name, uid):
    """Everything that the sidecar handed on, in a form in which two of them can be compared."""
    def read(signal):
        return there.out(name, signal + ".json")
    expected = ['{"timestamp":"2026-11-30T10:%02d:%02d.%03dZ","level":"info","n":%d}' % (i // 60 % 60, i % 60, i % 1000, i) for i in range(LINES)]
    cluster.eventually(lambda: "%s's lines: %d" % (name, read("logs").count('"body"')), lambda: read("logs").count('"body"') >= LINES, 60)

    def sent():
        found = re.search(r'"sent": (\d+), "refused": 0', there.log(name, "article", "spans"))
        return found and int(found[1])
    sent_spans = cluster.eventually("loadgen to be done", sent)
    cluster.eventually(lambda: "%s's spans: %d" % (name, written.spans(read("traces"))), lambda: written.spans(read("traces")) >= sent_spans, 60)
    # An application that is this fast has CPU and memory at the second look.
    # The network comes when the kubelet has looked at it, which may be later.
    def names():
        return {n for _, n, _ in written.metrics(read("metrics")) if not n.startswith("k8s.pod.network.")}
    cluster.eventually("metrics of containers", lambda: len(names()) >= NAMES, 60)
    metrics = list(written.metrics(read("metrics")))
    logs = list(written.logs(read("logs")))
    assert [written.plain(r["body"]) for _, r in logs] == expected, "lines"
    about = logs[0][0]
    assert about == {"k8s.container.name": "fargate-application", "k8s.namespace.name": "article", "k8s.pod.name": name, "k8s.pod.uid": uid}, about
    records = sorted((r["timeUnixNano"], json.dumps(written.attributes(r["attributes"]), sort_keys=True)) for _, r in logs)
    assert there.log(name, "article", "application").splitlines() == expected, "kubectl logs"
    return {"names": sorted(names()), "shapes": sorted({tuple(sorted(a)) for a, _, _ in metrics}), "records": records,
            "spans": written.spans(read("traces")) - sent_spans}


def sidecar(there):
    there.namespace("article", "application")
    there.allow("article-kubelet", "application", "article", ["nodes/proxy"])
    who = {"g": "/gleaner/gleaner"}
    if PEER.exists():
        who["reference"] = "/peer/" + PEER.name
    pods = {name: sidecar_pod(there, name, binary) for name, binary in who.items()}
    said = {name: sidecar_said(there, name, pod["metadata"]["uid"]) for name, pod in pods.items()}
    mine = said["g"]
    assert len(mine["names"]) == NAMES and len(mine["shapes"]) == 3 and mine["spans"] == 0, (mine["names"], mine["shapes"], mine["spans"])
    for name in who:
        there.delete_pod(name, "article")
    if len(said) > 1:
        for what, value in mine.items():
            assert said["reference"][what] == value, (what, value, said["reference"][what])
    return "%d names of metrics on %d shapes of resource, %d lines parsed and in kubectl logs, all spans%s" % (
        len(mine["names"]), len(mine["shapes"]), LINES, "; the real collector says the same" if len(said) > 1 else
        "; the real collector was not asked (bench/peers/build.sh makes it)")


def daemonset(there):
    """deploy/plain/daemonset.yaml as it is, but for the image and where things go: its template, its rights, its probes."""
    lines = 60000
    for name in ("monitoring", "shop"):
        there.namespace(name)
    for text, version, kind, name, namespace in manifest_rows.objects((manifest_rows.DEPLOY / "plain/daemonset.yaml").read_text()):
        status, body = there.apply(text, version, kind, name, namespace)
        assert status in (200, 201), body
    template = there.get("/apis/apps/v1/namespaces/monitoring/daemonsets/node-collector")["spec"]["template"]
    spec, path = template["spec"], there.config("to-files", to_files("metrics", "logs"))
    box = spec["containers"][0]
    box.update(image=programs.IMAGE, command=["/gleaner/gleaner"], args=box["args"] + ["--config=" + path])
    box["volumeMounts"] += [{"name": name, "mountPath": "/" + name} for name in ("gleaner", "cfg", "out")]
    account, volumes, containers = spec.pop("serviceAccountName"), spec.pop("volumes"), spec.pop("containers")
    for made in ("restartPolicy", "dnsPolicy", "schedulerName", "serviceAccount", "terminationGracePeriodSeconds"):
        spec.pop(made, None)
    there.pod("node", "monitoring", account, *containers, volumes=volumes, **spec)
    cluster.eventually("the collector", lambda: "Everything is ready" in there.log("node", "monitoring", box["name"]))
    app = "i=0; while [ $i -lt %d ]; do seq $i $((i+1999)); i=$((i+2000)); echo err $i >&2; sleep 0.2; done; sleep 1000" % lines
    pod = there.pod("app", "shop", "default", there.container("c", "sh", "-c", app))

    def got():
        return there.out("node", "logs.json").count('"body"')
    total = lines + lines // 2000
    cluster.eventually(lambda: "all lines: %d of %d" % (got(), total), lambda: got() >= total, 90, 0.5)
    mine = [(a, r) for a, r in written.logs(there.out("node", "logs.json")) if a.get("k8s.pod.name") == "app"]
    expected = {"k8s.container.name": "c", "k8s.container.restart_count": "0", "k8s.namespace.name": "shop", "k8s.pod.name": "app",
                "k8s.pod.uid": pod["metadata"]["uid"]}
    assert all(a == expected for a, _ in mine), mine[0][0]
    streams = {"stdout": [], "stderr": []}
    for _, record in mine:
        streams[written.attributes(record["attributes"])["log.iostream"]].append(written.plain(record["body"]))
    assert streams["stdout"] == [str(i) for i in range(lines)], "stdout: %d" % len(streams["stdout"])
    assert streams["stderr"] == ["err %d" % i for i in range(2000, lines + 1, 2000)], "stderr"
    assert not any(a["k8s.namespace.name"] == "monitoring" for a, _ in written.logs(there.out("node", "logs.json")))
    names = cluster.eventually("metrics", lambda: {n for _, n, _ in written.metrics(there.out("node", "metrics.json"))})
    cluster.eventually("metrics of the app", lambda: any(a.get("k8s.pod.name") == "app" for a, _, _ in written.metrics(there.out("node", "metrics.json"))), 40)

    def status():
        return there.get("/api/v1/namespaces/monitoring/pods/node")["status"]["containerStatuses"][0]
    # The probes' period is ten seconds, and all the lines may be there before the first.
    cluster.eventually(lambda: "the collector to be ready: %s" % status(), lambda: status()["ready"])
    assert status()["restartCount"] == 0, status()
    rotated = len(list((there.work / "fs/var/log/pods").glob("shop_app_*/c/*"))) - 1
    for name, namespace in (("app", "shop"), ("node", "monitoring")):
        there.delete_pod(name, namespace)
    return "%d lines of /var/log/pods (rotated: %d files left), %d names of metrics from :10250, probes content" % (len(mine), rotated, len(names))


def daemonset_by_hand(there):
    """The same from before there was the container operator, and the kubelet's statistics; the real collector beside it."""
    lines = 10000
    there.namespace("monitoring", "by-hand")
    there.namespace("hand")
    there.allow("by-hand", "by-hand", "monitoring", ["nodes/stats"])
    first = there.config("by-hand", BY_HAND.read_text().replace("${env:DIR}/logs/pods", "/var/log/pods").replace("${env:DIR}/out.json", "/out/logs.json"))
    second = there.config("by-hand-metrics", """
receivers: {kubeletstats: {auth_type: serviceAccount, endpoint: "https://${env:NODE_IP}:10250", collection_interval: 2s}}
exporters: {file/m: {path: /out/metrics.json, flush_interval: 100ms}}
service: {pipelines: {metrics: {receivers: [kubeletstats], exporters: [file/m]}}}
""")
    pod = there.pod("app", "hand", "default", there.container("c", "sh", "-c", "seq 1 %d; echo last >&2; sleep 1000" % lines))
    who = {"hand-g": "/gleaner/gleaner", **({"hand-reference": "/peer/" + PEER.name} if PEER.exists() else {})}
    for name, binary in who.items():
        mounts, volumes = [("varlog", "/var/log")], [{"name": "varlog", "hostPath": {"path": "/var/log"}}]
        if name != "hand-g":
            mounts, volumes = mounts + [("peer", "/peer")], volumes + [{"name": "peer", "hostPath": {"path": str(PEER.parent)}}]
        there.pod(name, "monitoring", "by-hand", there.container("g", binary, "--config=" + first, "--config=" + second, mounts=mounts), volumes=volumes)
    said = {}
    for name in who:
        cluster.eventually(lambda: "lines of " + name, lambda: there.out(name, "logs.json").count('"body"') >= lines + 1, 60)
        records = [(about, r["timeUnixNano"], written.plain(r["body"]), written.attributes(r["attributes"])) for about, r in written.logs(
            there.out(name, "logs.json")) if about == {"k8s.namespace.name": "hand", "k8s.pod.name": "app"}]
        assert len(records) == lines + 1, (name, len(records))
        names = cluster.eventually("metrics of " + name, lambda: sorted({n for about, n, _ in written.metrics(there.out(name, "metrics.json"))
                                                                         if about.get("k8s.pod.uid") == pod["metadata"]["uid"]}))
        said[name] = sorted(json.dumps(r, sort_keys=True) for r in records), names
        there.delete_pod(name, "monitoring")
    there.delete_pod("app", "hand")
    if len(said) > 1:
        assert said["hand-g"][0] == said["hand-reference"][0], "records differ"
    return "%d records%s" % (lines + 1, ", the same as the real collector's" if len(said) > 1 else "")
