#!/usr/bin/env python3
"""k8s_attributes and resource_detection through the static binary: a stand-in API server that pages, cuts, forgets and
restarts; several lanes and pipelines over one list; the sidecar that asks nobody; thousands of pods and what they weigh.

    k8s_attributes_test.py GLEANER"""
import http.client
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from api_server import ApiServer
from lanes_test import sink, start as start_lanes, until
from relay_test import free_port, start, stop

CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
processors:
%s
exporters: {file: {path: "%s/out.json", flush_interval: 20ms}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], processors: [%s], exporters: [file]}
    traces: {receivers: [otlp], processors: [%s], exporters: [file]}
"""


class Gleaner:
    def __init__(self, binary, processors, names, environment=None, expect_start=True):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-"))
        self.port = free_port()
        names = ", ".join(names)
        config = CONFIG % (self.port, processors, self.work, names, names)
        kept = dict(os.environ)
        os.environ.update(environment or {})
        try:
            if expect_start:
                self.process, self.log = start(binary, self.work, "gleaner", config)
            else:
                (self.work / "gleaner.yaml").write_text(config)
                self.refused = subprocess.run([binary, "--config=%s/gleaner.yaml" % self.work], capture_output=True, text=True, timeout=20)
        finally:
            os.environ.clear()
            os.environ.update(kept)
        self.sent = 0

    def ask(self, **attributes):
        """Sends one log record and returns its resource's attributes as they come out."""
        self.sent += 1
        mark = "mark %d" % self.sent
        pairs = [{"key": k.replace("_", "."), "value": {"stringValue": v}} for k, v in attributes.items()]
        body = {"resourceLogs": [{"resource": {"attributes": pairs}, "scopeLogs": [{"logRecords": [{"body": {"stringValue": mark}}]}]}]}
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/v1/logs", json.dumps(body), {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        found = {}

        def look():
            for line in (self.work / "out.json").read_text().splitlines() if (self.work / "out.json").exists() else []:
                if mark + '"' not in line:
                    continue
                try:
                    resource = json.loads(line)["resourceLogs"][0]["resource"]
                except ValueError:
                    return False
                found.update({a["key"]: next(iter(a["value"].values())) for a in resource.get("attributes", [])})
                return True
            return False
        assert until(look, 10), self.log.read_text()
        return found

    def becomes(self, want, seconds=15, **attributes):
        """Asks until the answer is `want`."""
        got = {}

        def look():
            got.clear()
            got.update(self.ask(**attributes))
            return got == want
        assert until(look, seconds), "wanted %s, got %s\n%s" % (want, got, self.log.read_text()[-2000:])

    def stop(self):
        stop(self.process, self.log)

    def rss(self):
        for line in open("/proc/%d/status" % self.process.pid):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024


BY_IP = """  k8s_attributes:
    auth_type: kubeConfig
    wait_for_metadata: true
    pod_association: [{sources: [{from: resource_attribute, name: k8s.pod.ip}]}]
"""


def follow(binary):
    """New, changed and deleted pods; a cut, an API server that restarts, a place that is too old; a new token."""
    api = ApiServer()
    for i in range(600):  # three pages
        api.pod("p-%03d" % i, "10.1.%d.%d" % (i // 250, i % 250))
    api.pod("shop-6c45f8d6f6-x2x4z", "10.0.0.7", labels={"app": "shop", "pod-template-hash": "6c45f8d6f6"}, owners=[{"kind": "ReplicaSet", "name": "shop-6c45f8d6f6", "uid": "rs-1"}])
    work = pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-"))
    api.kubeconfig(work)
    gleaner = Gleaner(binary, BY_IP + """    extract: {metadata: [k8s.pod.name, k8s.deployment.name], labels: [{key: app, from: pod}, {key: env, from: namespace}]}
    pod_delete_grace_period: 300ms
""", ["k8s_attributes"])
    assert api.count("pods", False) == 3, [r for r in api.requests if "pods" in r]
    api.put("namespaces", "shop", labels={"env": "prod"})
    gleaner.becomes({"k8s.pod.ip": "10.0.0.7", "k8s.pod.name": "shop-6c45f8d6f6-x2x4z", "k8s.deployment.name": "shop",
                     "k8s.pod.labels.app": "shop", "k8s.namespace.labels.env": "prod"}, k8s_pod_ip="10.0.0.7")
    assert gleaner.ask(k8s_pod_ip="10.1.2.99")["k8s.pod.name"] == "p-599"
    assert gleaner.ask(k8s_pod_ip="10.9.9.9") == {"k8s.pod.ip": "10.9.9.9"}

    def named(name, ip):
        gleaner.becomes({"k8s.pod.ip": ip, "k8s.pod.name": name, "k8s.namespace.labels.env": "prod"}, k8s_pod_ip=ip)
    api.pod("new", "10.0.0.8")
    named("new", "10.0.0.8")
    api.cut()
    api.pod("newer", "10.0.0.9")
    named("newer", "10.0.0.9")
    api.token = "another"
    (work / "token").write_text("another")
    api.cut()
    api.pod("newest", "10.0.0.10")
    named("newest", "10.0.0.10")
    port = api.port
    api.shut()
    time.sleep(0.3)
    api.pod("while-it-was-gone", "10.0.0.11")
    assert gleaner.ask(k8s_pod_ip="10.0.0.8")["k8s.pod.name"] == "new", "what is known stays known"
    api.listen(port)
    named("while-it-was-gone", "10.0.0.11")
    assert api.count("pods", False) == 3, "one list for all of this"
    api.delete("pods", "new")
    gleaner.becomes({"k8s.pod.ip": "10.0.0.8"}, k8s_pod_ip="10.0.0.8")
    # Too old to go on from: everything is listed again, and what went meanwhile is gone.
    api.shut()
    api.delete("pods", "newer")
    api.pod("after", "10.0.0.12")
    api.forget_events()
    api.version += 1
    api.listen(port)
    named("after", "10.0.0.12")
    gleaner.becomes({"k8s.pod.ip": "10.0.0.9"}, k8s_pod_ip="10.0.0.9")
    assert api.count("pods", False) == 6
    gleaner.process.send_signal(signal.SIGHUP)
    assert until(lambda: gleaner.log.read_text().count("Everything is ready") == 2, 10), gleaner.log.read_text()
    named("after", "10.0.0.12")
    gleaner.stop()
    print("k8s_attributes: 600 pods in 3 pages; cuts, a restart and a new token without another list; 410 lists again")


def shared(binary):
    """Two pipelines: one list, one watch."""
    api = ApiServer()
    api.pod("a", "10.0.0.7")
    api.kubeconfig(pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-")))
    gleaner = Gleaner(binary, BY_IP + "    extract: {metadata: [k8s.pod.uid]}\n", ["k8s_attributes"])
    for _ in range(8):
        assert gleaner.ask(k8s_pod_ip="10.0.0.7")["k8s.pod.uid"] == "uid-of-a"
    assert (api.count("pods", False), api.count("pods", True)) == (1, 1), api.requests
    gleaner.stop()
    print("k8s_attributes: two pipelines, one list and one watch")


def lanes(binary):
    """Three lanes, many connections: every one sees what the first lane watches."""
    api = ApiServer()
    api.pod("a", "10.0.0.7")
    api.kubeconfig(pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-")))
    work = pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-"))
    sink_port, (sink_process, sink_log) = sink(binary, work)
    port = free_port()
    process, log = start_lanes(binary, work, "gleaner", """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
processors:
%s    extract: {metadata: [k8s.pod.uid]}
exporters: {otlp: {endpoint: "127.0.0.1:%d", tls: {insecure: true}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], processors: [k8s_attributes], exporters: [otlp]}}}
""" % (port, BY_IP, sink_port), "--lanes", "3")

    def send(count, ip):
        for _ in range(count):  # a connection each: the kernel spreads them
            body = {"resourceLogs": [{"resource": {"attributes": [{"key": "k8s.pod.ip", "value": {"stringValue": ip}}]},
                                      "scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("POST", "/v1/logs", json.dumps(body), {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200
            connection.close()

    def uids():
        text = (work / "out.json").read_text() if (work / "out.json").exists() else ""
        return text.count('"uid-of-a"'), text.count('"uid-of-b"')
    send(30, "10.0.0.7")
    assert until(lambda: uids()[0] == 30, 10), (uids(), log.read_text())
    api.pod("b", "10.0.0.8")
    time.sleep(0.5)
    send(30, "10.0.0.8")
    assert until(lambda: uids()[1] == 30, 10), (uids(), log.read_text())
    assert (api.count("pods", False), api.count("pods", True)) == (1, 1), api.requests
    stop(process, log)
    stop(sink_process, sink_log)
    print("k8s_attributes: three lanes, one list and one watch")


def machine(binary):
    """kubelet_stats without a kubelet: this machine by /proc."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-"))
    told = {"POD_NAME": "p", "POD_NAMESPACE": "shop", "POD_UID": "u-1", "NODE_NAME": "fargate-ip-10-0-0-7.us-west-2.compute.internal", "GLEANER_CONTAINER": "gleaner"}
    config = """
receivers: {kubelet_stats: {source: proc, collection_interval: 200ms, initial_delay: 0s}}
exporters: {file: {path: "%s/out.json", flush_interval: 20ms}}
service: {telemetry: {metrics: {level: none}}, pipelines: {metrics: {receivers: [kubelet_stats], exporters: [file]}}}
""" % work
    os.environ.update(told)
    try:
        process, log = start(binary, work, "gleaner", config)
    finally:
        for name in told:
            del os.environ[name]
    assert until(lambda: (work / "out.json").exists() and (work / "out.json").read_text().count("\n") > 2, 10), log.read_text()
    stop(process, log)
    found = {}
    for resource in json.loads((work / "out.json").read_text().splitlines()[1])["resourceMetrics"]:
        names = {m["name"] for m in resource["scopeMetrics"][0]["metrics"]}
        found[next(n.split(".")[0] if n.startswith("container") else n.split(".")[1] for n in names)] = names
    for kind, prefix in (("node", "k8s.node"), ("pod", "k8s.pod")):
        for name in ("cpu.time", "cpu.usage", "memory.usage", "memory.working_set", "memory.rss", "memory.available", "filesystem.usage", "network.io"):
            assert "%s.%s" % (prefix, name) in found[kind], (prefix, name, found)
    refused = subprocess.run([binary, "--config=%s/gleaner.yaml" % work], capture_output=True, text=True, timeout=20)
    assert refused.returncode == 1 and "set POD_NAME" in refused.stderr, refused.stderr
    print("kubelet_stats: source proc: %d names of node, pod and container" % sum(map(len, found.values())))


def refusals(binary):
    """A right that is missing is named; data goes on; a start that was told to wait fails with the reason."""
    api = ApiServer()
    api.pod("a", "10.0.0.7")
    api.denied["pods"] = 'pods is forbidden: User "system:serviceaccount:x:y" cannot list resource "pods"'
    api.kubeconfig(pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-")))
    gleaner = Gleaner(binary, BY_IP.replace("    wait_for_metadata: true\n", ""), ["k8s_attributes"])
    assert gleaner.ask(k8s_pod_ip="10.0.0.7") == {"k8s.pod.ip": "10.0.0.7"}
    assert until(lambda: "cannot list resource" in gleaner.log.read_text(), 5), gleaner.log.read_text()
    api.denied.clear()
    assert until(lambda: "k8s.pod.name" in gleaner.ask(k8s_pod_ip="10.0.0.7"), 15), gleaner.log.read_text()
    gleaner.stop()
    api.denied["pods"] = "forbidden for good"
    refused = Gleaner(binary, BY_IP + "    wait_for_metadata_timeout: 300ms\n", ["k8s_attributes"], expect_start=False).refused
    assert refused.returncode == 1 and "failed to wait for caches to sync: /api/v1/pods: list: 403 Forbidden: forbidden for good" in refused.stderr, refused.stderr
    print("k8s_attributes: missing rights are named, and used once they are given")


def alone(binary):
    """The sidecar: no API server at all."""
    told = {"POD_NAME": "shop-6c45f8d6f6-x2x4z", "POD_NAMESPACE": "shop", "POD_UID": "u-1", "POD_IP": "10.0.0.7", "NODE_NAME": "fargate-ip-10-0-0-7.us-west-2.compute.internal"}
    gleaner = Gleaner(binary, "  k8sattributes: {self: always}\n", ["k8sattributes"], told)
    want = {"k8s.pod.name": told["POD_NAME"], "k8s.namespace.name": "shop", "k8s.pod.uid": "u-1", "k8s.node.name": told["NODE_NAME"],
            "k8s.deployment.name": "shop"}
    assert gleaner.ask() == want
    assert gleaner.ask(k8s_pod_name="other") == {"k8s.pod.name": "other"}, "another pod's data is left alone"
    gleaner.stop()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="podinfo-"))
    (folder / "labels").write_text('app="shop"')
    gleaner = Gleaner(binary, "  k8s_attributes: {self: always, pod_info: %s, extract: {metadata: [k8s.pod.uid], labels: [{key: app}]}}\n" % folder,
                      ["k8s_attributes"], told)
    assert gleaner.ask() == {"k8s.pod.uid": "u-1", "k8s.pod.labels.app": "shop"}
    (folder / "labels").write_text('app="another"')
    gleaner.becomes({"k8s.pod.uid": "u-1", "k8s.pod.labels.app": "another"})
    gleaner.stop()
    operator = {"OTEL_RESOURCE_ATTRIBUTES_POD_NAME": "p-0", "OTEL_RESOURCE_ATTRIBUTES_POD_UID": "u-2",
                "OTEL_RESOURCE_ATTRIBUTES": "k8s.namespace.name=ns,k8s.statefulset.name=p"}
    gleaner = Gleaner(binary, "  k8s_attributes: {}\n", ["k8s_attributes"], operator)
    got = gleaner.ask()
    assert got == {"k8s.pod.name": "p-0", "k8s.pod.uid": "u-2", "k8s.namespace.name": "ns"}, got
    gleaner.stop()
    refused = Gleaner(binary, "  k8s_attributes: {self: always}\n", ["k8s_attributes"], expect_start=False).refused
    assert refused.returncode == 1 and "set POD_NAME" in refused.stderr, refused.stderr
    gleaner = Gleaner(binary, "  k8s_attributes: {passthrough: true}\n", ["k8s_attributes"])
    assert gleaner.ask() == {"k8s.pod.ip": "127.0.0.1"}
    gleaner.stop()
    print("k8s_attributes: as a sidecar it asks nobody")


def weight(binary):
    """5,000 pods: what they add to the process."""
    api = ApiServer()
    for i in range(5000):
        api.pod("shop-6c45f8d6f6-%05d" % i, "10.%d.%d.%d" % (2 + i // 62500, i // 250 % 250, i % 250),
                labels={"app": "shop", "tier": "web", "pod-template-hash": "6c45f8d6f6"}, uid="8fd6a5a0-77cd-4b1e-a1aa-%012d" % i,
                node="ip-10-0-%d-12.us-west-2.compute.internal" % (i % 50),
                owners=[{"kind": "ReplicaSet", "name": "shop-6c45f8d6f6", "uid": "3c6e3f05-77cd-4b1e-a1aa-%012d" % (i % 40)}])
    work = pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-"))
    api.kubeconfig(work)
    config = BY_IP + "    extract: {labels: [{key: app, from: pod}, {key: tier, from: pod}]}\n"
    empty_api = ApiServer()
    empty_api.pod("one", "10.0.0.1")
    empty_api.kubeconfig(pathlib.Path(tempfile.mkdtemp(prefix="k8sattr-")))
    gleaner = Gleaner(binary, config, ["k8s_attributes"])
    gleaner.ask(k8s_pod_ip="10.0.0.1")
    time.sleep(6)  # until what only the start needed is given back
    empty = gleaner.rss()
    gleaner.stop()
    api.kubeconfig(work)
    gleaner = Gleaner(binary, config, ["k8s_attributes"])
    assert gleaner.ask(k8s_pod_ip="10.2.19.249")["k8s.pod.name"] == "shop-6c45f8d6f6-04999"
    time.sleep(6)
    full = gleaner.rss()
    gleaner.stop()
    assert api.count("pods", False) == 20, api.count("pods", False)
    assert full - empty <= 5 << 20, "5,000 pods take %.2f MiB: more than 5" % ((full - empty) / 2**20)
    print("k8s_attributes: 5,000 pods take %.2f MiB, after one list in 20 pages (%.2f MiB without them)" % ((full - empty) / 2**20, empty / 2**20))


def detection(binary):
    """resource_detection: several detectors, override, Fargate, an error that ends the start, and one that 0.102 takes lightly."""
    env = {"OTEL_RESOURCE_ATTRIBUTES": "team=blue,host.name=given"}
    gleaner = Gleaner(binary, "  resource_detection: {detectors: [env, system], system: {hostname_sources: [os]}}\n", ["resource_detection"], env)
    assert gleaner.ask(team="red") == {"team": "blue", "host.name": "given", "os.type": "linux"}
    gleaner.stop()
    gleaner = Gleaner(binary, "  resourcedetection: {detectors: [env], override: false}\n", ["resourcedetection"], env)
    assert gleaner.ask(team="red") == {"team": "red", "host.name": "given"}
    gleaner.stop()
    fargate = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1", "K8S_NODE_NAME": "fargate-ip-10-0-1-2.eu-west-1.compute.internal",
               "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token", "EKS_CLUSTER_NAME": "prod"}
    eks = """  resource_detection:
    detectors: [eks, ec2, k8snode]
    timeout: 2s
    ec2: {max_attempts: 1}
    eks: {resource_attributes: {cloud.region: {enabled: true}, k8s.cluster.name: {enabled: true}, host.id: {enabled: true}}}
"""
    begun = time.time()
    gleaner = Gleaner(binary, eks, ["resource_detection"], dict(fargate, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1"))
    took = time.time() - begun
    assert gleaner.ask() == {"cloud.provider": "aws", "cloud.platform": "aws_eks", "cloud.region": "eu-west-1", "k8s.cluster.name": "prod",
                             "k8s.node.name": fargate["K8S_NODE_NAME"]}
    assert "an attribute is left out" in gleaner.log.read_text(), "k8snode cannot reach its API server: said, not fatal"
    assert took < 3.5, took
    gleaner.stop()
    bad = {"OTEL_RESOURCE_ATTRIBUTES": "oops"}
    refused = Gleaner(binary, "  resource_detection: {detectors: [env], timeout: 1s}\n", ["resource_detection"], bad, expect_start=False).refused
    assert refused.returncode == 1 and "invalid resource format" in refused.stderr, refused.stderr
    gleaner = Gleaner(binary, "  resource_detection: {detectors: [env], timeout: 1s}\n", ["resource_detection"], dict(bad, GLEANER_COMPAT="0.102"))
    assert gleaner.ask() == {}
    gleaner.stop()
    print("resource_detection: merged, overridden or not, on Fargate without a metadata service in %.1f s; 0.102 warns" % took)


class Metadata:
    """The metadata service of an instance, version 2; or one that takes connections and says nothing."""

    def __init__(self, silent=False):
        self.name, self.silent, self.tokens = "first", silent, 0
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def answer(self):
                if service.silent:
                    time.sleep(8)
                    self.close_connection = True
                    return
                body, code = b"", 200
                if self.path == "/latest/api/token":
                    code = 200 if self.command == "PUT" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds") else 400
                    body = b"session"
                    service.tokens += 1
                elif self.headers.get("X-aws-ec2-metadata-token") != "session":
                    code = 401
                elif self.path == "/latest/meta-data/hostname":
                    body = service.name.encode()
                elif self.path == "/latest/dynamic/instance-identity/document":
                    body = json.dumps({"region": "eu-west-1", "accountId": "123", "instanceId": "i-1", "imageId": "ami-1", "instanceType": "t3.micro", "availabilityZone": "eu-west-1a"}).encode()
                else:
                    code = 404
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_PUT = answer
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


def instance(binary):
    """An instance by its metadata service, asked again and again; services that hang share one timeout."""
    service = Metadata()
    gleaner = Gleaner(binary, "  resource_detection: {detectors: [ec2], refresh_interval: 200ms}\n", ["resource_detection"],
                      {"AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url})
    want = {"cloud.provider": "aws", "cloud.platform": "aws_ec2", "cloud.region": "eu-west-1", "cloud.account.id": "123",
            "cloud.availability_zone": "eu-west-1a", "host.id": "i-1", "host.image.id": "ami-1", "host.type": "t3.micro", "host.name": "first"}
    assert gleaner.ask() == want, gleaner.ask()
    service.name = "second"
    gleaner.becomes(dict(want, **{"host.name": "second"}))
    gleaner.stop()
    silent = Metadata(silent=True)
    begun = time.time()
    gleaner = Gleaner(binary, "  resource_detection: {detectors: [ec2, ecs, env], timeout: 1s}\n", ["resource_detection"],
                      {"AWS_EC2_METADATA_SERVICE_ENDPOINT": silent.url, "ECS_CONTAINER_METADATA_URI_V4": silent.url + "/v4",
                       "OTEL_RESOURCE_ATTRIBUTES": "a=b", "GLEANER_COMPAT": "0.102"})
    took = time.time() - begun
    assert gleaner.ask() == {"a": "b"}
    gleaner.stop()
    assert took < 2.5, took
    print("resource_detection: an instance by its metadata service, refreshed; two silent services and a timeout of 1 s: %.1f s" % took)


def main():
    binary = sys.argv[1]
    for name in ("OTEL_RESOURCE_ATTRIBUTES", "POD_NAME", "POD_UID", "NODE_NAME", "K8S_NODE_NAME", "KUBERNETES_SERVICE_HOST"):
        os.environ.pop(name, None)
    for scenario in sys.argv[2:] or ["follow", "shared", "lanes", "refusals", "alone", "detection", "instance", "machine", "weight"]:
        globals()[scenario](binary)


if __name__ == "__main__":
    main()
