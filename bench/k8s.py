"""The Kubernetes rows of bench.py: a scrape of a node with 110 pods, and the log of a container through the API server. Both
against stand-ins that have their answers ready."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

PODS = 110
RATE = 300_000  # lines a second
SCRAPE = """
receivers: {kubeletstats: {auth_type: none, endpoint: "http://127.0.0.1:%d", initial_delay: 1ms, timeout: 5s, collection_interval: %s, %s}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {metrics: {receivers: [kubeletstats], exporters: [nop]}}}
"""
LOGS = """
receivers: {k8s_pod_logs: {auth_type: kubeConfig, namespace: shop, pod: web-0, refresh_interval: 1h}}
processors: {batch: {}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", compression: %s, tls: {insecure: true}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [k8s_pod_logs], processors: [batch], exporters: [otlp]}}}
"""
STARTED = "2026-11-25T10:00:00Z"


def node():
    """(/stats/summary, /pods) of a full node, with everything that a kubelet says."""
    def cpu(i):
        return {"time": STARTED, "usageNanoCores": 1000003 * i % 2**31, "usageCoreNanoSeconds": 10**12 + 7919 * i, "psi": {k: {
            "total": 0, "avg10": 0, "avg60": 0, "avg300": 0} for k in ("full", "some")}}

    def memory(i):
        return {"time": STARTED, "availableBytes": 10**8 + i, "usageBytes": 5 * 10**7 + i, "workingSetBytes": 4 * 10**7 + i, "rssBytes": 3 * 10**7 + i,
                "pageFaults": 12345 + i, "majorPageFaults": i % 7, "psi": {k: {"total": 0, "avg10": 0, "avg60": 0, "avg300": 0} for k in ("full", "some")}}

    def disk(i):
        return {"time": STARTED, "availableBytes": 7 * 10**10, "capacityBytes": 10**11, "usedBytes": 4096 * i, "inodesFree": 6 * 10**6, "inodes": 6553600, "inodesUsed": i}

    def network(i):
        one = {"name": "eth0", "rxBytes": 10**9 + i, "rxErrors": 0, "txBytes": 10**8 + i, "txErrors": 0}
        return {"time": STARTED, **one, "interfaces": [one]}
    stats, pods = [], []
    for i in range(PODS):
        name, uid = "order-service-%03d-7c9d5b6f4-x2x9q" % i, "3f0c9a52-7d1e-4b86-9c55-0a1b2c3d%04d" % i
        names = ("app", "sidecar")
        stats.append({"podRef": {"name": name, "namespace": "shop", "uid": uid}, "startTime": STARTED, "containers": [
            {"name": c, "startTime": STARTED, "cpu": cpu(i), "memory": memory(i), "rootfs": disk(i), "logs": disk(i), "swap": {
                "time": STARTED, "swapAvailableBytes": 0, "swapUsageBytes": 0}} for c in names], "cpu": cpu(i), "memory": memory(i), "network": network(i),
            "volume": [{**disk(i), "name": "kube-api-access-7gk2p"}, {**disk(i), "name": "scratch"}], "ephemeral-storage": disk(i), "process_stats": {
                "process_count": 3}})
        resources = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
        pods.append({"metadata": {"name": name, "namespace": "shop", "uid": uid, "labels": {"app": "order-service", "pod-template-hash": "7c9d5b6f4"},
                                  "managedFields": [{"manager": "controller", "fieldsV1": {"f:spec": {"f:containers": {"k%d" % k: {} for k in range(60)}}}}]},
                     "spec": {"nodeName": "n", "containers": [{"name": c, "image": "registry.test/order-service:1.2.3", "resources": resources, "env": [
                         {"name": "V%d" % k, "value": "x" * 40} for k in range(20)]} for c in names], "volumes": [
                             {"name": "kube-api-access-7gk2p", "projected": {"sources": []}}, {"name": "scratch", "emptyDir": {}}]},
                     "status": {"phase": "Running", "containerStatuses": [{"name": c, "containerID": "containerd://" + "ab" * 32, "restartCount": 0,
                                                                          "state": {"running": {"startedAt": STARTED}}} for c in names]}})
    everything = {"nodeName": "n", "startTime": STARTED, "cpu": cpu(1), "memory": memory(1), "network": network(1), "fs": disk(1), "rlimit": {
        "time": STARTED, "maxpid": 192730, "curproc": 700}}
    return json.dumps({"node": everything, "pods": stats}).encode(), json.dumps({"kind": "PodList", "items": pods}).encode()


class Answers:
    """Serves what there is, ready made: path -> bytes, or a function of the handler."""
    def __init__(self, answers):
        self.counts, outer = {}, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                path = self.path.split("?")[0].rstrip("/")
                outer.counts[path] = outer.counts.get(path, 0) + 1
                answer = answers.get(path)
                if callable(answer):
                    return answer(self)
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def run_time(pid):
    """Seconds of CPU, to the nanosecond."""
    return sum(int(one.read_text().split()[0]) for one in pathlib.Path("/proc/%d/task" % pid).glob("*/schedstat")) / 1e9


def scrapes(Collector, binary, settings, count):
    """CPU seconds of a scrape, and what it needs above what is resident after it, MiB; ten a second."""
    summary, pods = node()
    kubelet = Answers({"/stats/summary": summary, "/pods": pods})
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        collector = Collector(binary, SCRAPE % (kubelet.port, "100ms", settings), pathlib.Path(work), "collector")

        def done():
            return kubelet.counts.get("/stats/summary", 0)

        def wait_for(number):
            while done() < number:
                time.sleep(0.002)
        wait_for(15)
        begun, cpu = done(), run_time(collector.pid)
        wait_for(begun + count)
        cpu = (run_time(collector.pid) - cpu) / (done() - begun)
        above = []  # what the real collector frees is its garbage collector's affair: its figure says little
        for _ in range(15):
            wait_for(done() + 1)
            time.sleep(0.06)  # between two scrapes
            pathlib.Path("/proc/%d/clear_refs" % collector.pid).write_text("5")  # VmHWM is the peak from here on
            wait_for(done() + 1)
            time.sleep(0.06)
            above.append(collector.peak() - collector.resident())
        collector.stop()
    kubelet.server.shutdown()
    return cpu, sorted(above)[len(above) // 2]


def pod_logs(Collector, Sink, options, count, compression, rate):
    """CPU seconds of a line, and peak MiB. @param rate  lines a second; 0: as fast as they are taken"""
    text = "2026-11-25T10:00:%02d.%09dZ level=info msg=\"order accepted\" order=%d customer=cust-%d total=19.90 currency=EUR trace=0af7651916cd43dd8448eb211c80319c\n"
    block = "".join(text % (i * 60 // count % 60, i * 997 % 10**9, i, i % 977) for i in range(count)).encode()

    def log(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if "previous=true" not in handler.path and "sinceTime" not in handler.path:
            begun = time.monotonic()
            for at in range(0, len(block), 32768):
                if rate and (ahead := at / len(block) * count / rate - (time.monotonic() - begun)) > 0:
                    time.sleep(ahead)
                piece = block[at:at + 32768]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if "follow=true" in handler.path:
            time.sleep(3600)
        handler.wfile.write(b"0\r\n\r\n")
    pod = {"metadata": {"name": "web-0", "namespace": "shop", "uid": "u"}, "spec": {"nodeName": "n", "containers": [{"name": "app"}]}, "status": {
        "phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 0, "state": {"running": {"startedAt": STARTED}}}]}}
    api = Answers({"/api/v1/namespaces/shop/pods/web-0": json.dumps(pod).encode(), "/api/v1/namespaces/shop/pods/web-0/log": log})
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    (work / "kubeconfig").write_text(json.dumps({
        "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}], "users": [{"name": "u", "user": {"token": "t"}}],
        "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:%d" % api.port}}]}))
    os.environ["KUBECONFIG"] = str(work / "kubeconfig")
    sink = Sink(options.gleaner, work)
    collector = Collector(options.gleaner, LOGS % (sink.port, compression), work, "collector")
    quiet, last = 0, -1
    while quiet < 8:
        time.sleep(0.25)
        now = collector.cpu()
        quiet, last = quiet + 1 if now - last < 0.02 and now > 0.05 else 0, now
    cpu, peak = collector.stop()
    sink.stop()
    found = [json.loads(m) for m in re.findall(r"\tLedger\t(\{.*\})", sink.log.read_text())]
    got = sum(one["in"] for one in found if one["pipeline"] == "logs")
    if got != count:
        raise SystemExit("%d lines written, %d arrived" % (count, got))
    subprocess.run(["rm", "-r", work])
    return cpu / count, peak


def run(options, peer, Collector, Sink):
    """Prints two tables. @return how many budgets were missed"""
    missed = 0
    print("\n| A scrape of a node with %d pods | gleaner, CPU | real collector, CPU | ratio | budget | above idle | budget | the real collector's |\n" % PODS + "|---" * 8 + "|")
    for name, settings in (("/stats/summary, the default groups", "metric_groups: [node, pod, container]"),
                           ("with /pods: container.id, kinds of volumes, limits", "metric_groups: [node, pod, container, volume], extra_metadata_labels: "
                            "[container.id, k8s.volume.type], metrics: {k8s.container.memory_limit_utilization: {enabled: true}}")):
        ours, theirs = [], []
        for _ in range(options.runs):
            ours.append(scrapes(Collector, options.gleaner, settings, int(100 * options.scale)))
            if peer:
                theirs.append(scrapes(Collector, peer, settings, int(100 * options.scale)))
        us, above = min(one[0] for one in ours), min(one[1] for one in ours)
        cells = [name, "%.2f ms" % (us * 1e3)]
        if theirs:
            them = min(one[0] for one in theirs)
            missed += us / them > 1 / 20
            cells += ["%.2f ms" % (them * 1e3), "1/%.1f" % (them / us)]
        else:
            cells += ["not measured", ""]
        missed += above > 1
        print("| %s |" % " | ".join(cells + ["1/20", "%.2f MiB" % above, "1 MiB", "%.1f MiB" % min(one[1] for one in theirs) if theirs else ""]), flush=True)
    print("\n| k8s_pod_logs -> batch -> OTLP | CPU | lines/s of a core | budget | peak RSS | budget |\n" + "|---" * 6 + "|")
    for name, rate, memory in (("a million lines, %d a second" % RATE, RATE, 14), ("as fast as they come", 0, None)):
        for compression in ("none", "gzip"):
            best = [pod_logs(Collector, Sink, options, int(1_000_000 * options.scale), compression, rate) for _ in range(options.runs)]
            cpu, peak = min(one[0] for one in best), min(one[1] for one in best)
            missed += (1 / cpu < RATE) + (bool(memory) and peak > memory)
            print("| %s, compression: %s | %.2f us a line | %d | %d | %.1f MiB | %s |" % (
                name, compression, cpu * 1e6, 1 / cpu, RATE, peak, "%d MiB" % memory if memory else ""), flush=True)
    return missed
