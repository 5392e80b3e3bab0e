"""k8s_attributes in a gateway: its watches go on over a restart of the API server."""
import json
import time

import cluster
import written

ROWS = ("attributes_over_restart",)
QUICK = ()
CONFIG = """
receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}}}}
processors:
  k8s_attributes:
    extract:
      metadata: [k8s.namespace.name, k8s.pod.name, k8s.pod.uid, k8s.node.name]
      labels: [{from: pod, key: step, tag_name: step}]
exporters: {file: {path: /out/l.json, flush_interval: 100ms}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], processors: [k8s_attributes], exporters: [file]}}}
"""


def attributes_over_restart(there):
    there.namespace("gateway", "gw")
    there.allow("gateway", "gw", "gateway", ["pods", "namespaces", "nodes"], ("get", "list", "watch"))
    gateway = there.pod("gw", "gateway", "gw", there.container("g", "/gleaner/gleaner", "--config=" + there.config("gateway", CONFIG)))
    cluster.eventually("the gateway", lambda: "Everything is ready" in there.log("gw", "gateway", "g"))
    loop = "while true; do /gleaner/loadgen %s:4317 --spans 10 --per-request 10 --logs; sleep 0.5; done" % gateway["status"]["podIP"]
    seen = 0

    def sender(name):
        return there.pod(name, "gateway", "default", there.container("c", "sh", "-c", loop))["metadata"]["uid"]

    def label(name, step):
        status, body = there.ask("PATCH", "/api/v1/namespaces/gateway/pods/" + name, json.dumps({"metadata": {"labels": {"step": step}}}),
                                 "application/merge-patch+json")
        assert status == 200, body

    def known(name, uid, step=None):
        wanted = {"k8s.namespace.name": "gateway", "k8s.pod.name": name, "k8s.pod.uid": uid, "k8s.node.name": cluster.NODE}
        if step:
            wanted["step"] = step
        cluster.eventually("records of %s with %s" % (name, wanted), lambda: any(
            wanted.items() <= about.items() for about, _ in written.logs(there.out("gw", "l.json"))))

    first = sender("first")
    known("first", first)
    label("first", "1")
    known("first", first, "1")
    restarts = 2
    for turn in range(restarts):
        there.stop_apiserver()
        time.sleep(2)
        there.start_apiserver()
        name = "after%d" % turn
        known(name, sender(name))  # a pod that came after it
        label("first", "restart%d" % turn)
        known("first", first, "restart%d" % turn)
    seen = sum(1 for _ in written.logs(there.out("gw", "l.json")))
    for name in ("gw", "first", *("after%d" % t for t in range(restarts))):
        there.delete_pod(name, "gateway")
    return "%d restarts, pods and labels of after them known, %d records" % (restarts, seen)
