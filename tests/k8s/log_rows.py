"""k8s_pod_logs with the right to read pods/log and no other, while the kubelet rotates."""
import cluster
import written

ROWS = ("follow_through_rotation",)
QUICK = ()
LINES = 120000
CONFIG = """
receivers: {k8s_pod_logs: {refresh_interval: 1s}}
exporters: {file: {path: /out/l.json, flush_interval: 100ms}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}}]}}
  pipelines: {logs: {receivers: [k8s_pod_logs], exporters: [file]}}
"""


def follow_through_rotation(there):
    there.namespace("logs", "web")
    there.allow("logs", "web", "logs", ["pods/log"], role_in="logs")
    path = there.config("logs", CONFIG)
    app = "i=0; while [ $i -lt %d ]; do seq $i $((i+1999)); i=$((i+2000)); sleep 0.4; done; sleep 1000" % LINES
    # A sidecar that starts after the container it reads, and has the start as well.
    pod = there.pod("f", "logs", "web", there.container("app", "sh", "-c", app), there.container("g", "/gleaner/gleaner", "--config=" + path))
    folder = next((there.work / "fs/var/log/pods").glob("logs_f_*")) / "app"
    rotated = set()

    def count():
        rotated.update(one.name.removesuffix(".gz") for one in folder.iterdir() if one.name != "0.log" and not one.name.endswith(".tmp"))
        return there.out("f", "l.json").count('"body"')
    cluster.eventually(lambda: "all lines; %d of %d" % (count(), LINES), lambda: count() >= LINES, 120, 0.5)
    got = list(written.bodies(there.out("f", "l.json"), k8s_container_name="app", k8s_pod_name="f", k8s_namespace_name="logs"))
    lost, doubled = LINES - len(set(got)), len(got) - len(set(got))
    assert (lost, doubled) == (0, 0), (lost, doubled)
    assert got == [str(i) for i in range(LINES)], "order"
    assert pod["metadata"]["uid"] == next(written.logs(there.out("f", "l.json")))[0].get("k8s.pod.uid")
    assert len(rotated) >= 3, rotated
    there.delete_pod("f", "logs")
    return "%d lines over %d rotations: 0 lost, 0 doubled, in order" % (len(got), len(rotated))
