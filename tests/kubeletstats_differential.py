#!/usr/bin/env python3
"""gleaner and the real collector read the same kubelet documents, changed at random (always in the same way): fields that are
missing, null, huge, negative, of another type, repeated, of strange text. What they write must be the same, but for the
differences that docs/compatibility.md lists.

    kubeletstats_differential.py GLEANER [--documents N] [--seed N] [--show N]     only N of the seed, and what both made of it

Each collector gets all documents at once: one receiver, one pipeline and one file for each."""
import argparse
import collections
import copy
import http.server
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden" / "kubeletstats"
PEER = pathlib.Path(os.environ.get("GLEANER_PEER", HERE.parent / "bench/peers/bin/otelcol-0.159"))
AT_ONCE = 150  # documents a process
BASES = ("ec2-all-groups-and-labels", "fargate-all-groups", "utilization-ec2", "new-optional-metrics")
SETTINGS = (
    "metric_groups: [node, pod, container, volume]",
    "metric_groups: [node, pod, container, volume], extra_metadata_labels: [container.id, k8s.volume.type]",
    "metric_groups: [node, pod, container, volume], collect_all_network_interfaces: {pod: true, node: true}, metrics: {%s}" % ", ".join(
        name + ": {enabled: true}" for name in (
            "k8s.node.system_container.cpu.time", "k8s.node.system_container.cpu.usage", "k8s.node.system_container.memory.usage",
            "k8s.node.system_container.memory.working_set", "k8s.node.filesystem.inode.count", "k8s.node.filesystem.inode.free",
            "k8s.container.ephemeral_storage.usage", "k8s.pod.volume.usage")),
    "metric_groups: [pod, container], metrics: {%s}" % ", ".join("%s.%s_utilization: {enabled: true}" % (a, b) for a in ("k8s.container", "k8s.pod") for b in (
        "cpu_limit", "cpu_request", "memory_limit", "memory_request")),
)
NUMBERS = (0, 1, -1, 9, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), 1e3, 1.5, 1e30, 0.1)
QUANTITIES = ("0", "1", "100m", "1.5Gi", "0.1", "128974848000m", "1e3", "1E", "-1", "+2", "1Ki", ".5", "5.", "1n", "1u", "", " 1", "1 ", "1kk", "abc", "1e", "1e-3",
              "9223372036854775807", "8Ei", "20Ei", "0.0000000001", 2, 1.5)  # decimal ones beyond 2^63 wrap around in the reference
TEXTS = ("", "ä", "\u0000", "\ud800", "日本語", "a" * 300, "\U0001f600", "x\ny", "\u2028", "null", "0")
TIMES = ("2026-11-25T10:00:00Z", "2026-11-25T10:00:00.123456789Z", "2026-11-25T10:00:00+09:00", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2262-04-12T00:00:00Z",
         "9999-12-31T23:59:59Z", "2026-02-30T10:00:00Z", "2026-11-25 10:00:00Z", "2026-11-25T10:00:00", "2026-11-25T24:00:00Z", "", "yesterday",
         "2026-11-25T10:00:00.1234567891Z", "2026-11-25t10:00:00z", "2026-11-25T10:00:60Z", "2026-11-25T10:00:00,5Z", "2026-11-25T1:00:00Z")


# Keys whose values gleaner reads.
USED = set("""node nodeName startTime cpu memory network fs rlimit systemContainers pods podRef name namespace uid containers rootfs logs volume
    ephemeral-storage usageNanoCores usageCoreNanoSeconds availableBytes usageBytes workingSetBytes rssBytes pageFaults majorPageFaults capacityBytes
    usedBytes inodes inodesFree inodesUsed rxBytes txBytes rxErrors txErrors interfaces items metadata spec status volumes
    containerStatuses initContainerStatuses containerID limits requests resources claimName persistentVolumeClaim""".split())
UNREADABLE = "cannot unmarshal|parsing time|quantities must match|unable to parse quantity|failed to unmarshal"


def places(node, path=()):
    """Every (path, value) below a document."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield path + (key,), value
        if isinstance(value, (dict, list)):
            yield from places(value, path + (key,))


def parent_of(document, path):
    for step in path[:-1]:
        document = document[step]
    return document


def replacement(random_, key, value):
    """A value of a strange kind for this place, or of another type."""
    way = random_.random()
    if way < 0.15:
        return None
    if way < 0.3:
        return random_.choice((True, 1, "1", [], {}, [None], {"a": 1}, 1.5, -1, ""))
    if key in ("cpu", "memory", "ephemeral-storage") and not isinstance(value, (dict, list)):
        return random_.choice(QUANTITIES)
    if isinstance(value, bool) or isinstance(value, (int, float)):
        return random_.choice(NUMBERS)
    if isinstance(value, str):
        return random_.choice(TIMES) if "ime" in key else random_.choice(TEXTS)
    return random_.choice((None, [], {}, "x", 0))


def change(random_, document):
    """One change. @return the document and what was done"""
    path, value = random_.choice(list(places(document)))
    parent, key = parent_of(document, path), path[-1]
    way = random_.random()
    if way < 0.2:
        del parent[key]
        done = "gone"
    elif way < 0.75:
        parent[key] = replacement(random_, str(key), value)
        done = "is " + json.dumps(parent[key])[:60]
    elif isinstance(parent, list):
        parent.insert(random_.randrange(len(parent) + 1), copy.deepcopy(value))
        done = "twice"
    elif way < 0.9:
        other = random_.choice((copy.deepcopy(value), replacement(random_, str(key), value)))
        parent[(key,)] = other  # written with the same name, after the first
        done = "again, as " + json.dumps(other)[:60]
    else:
        parent["unknown"] = random_.choice((None, 1, "x", {"a": [1, {"b": None}]}, [[]]))
        done = "with an unknown one beside it"
    return "%s %s" % (".".join(str(k) for k in path), done)


def is_read(change):
    """Whether gleaner reads what a change is about; an index of a list stands for the list."""
    path = [part for part in change.split(" ")[0].split(".") if not part.isdigit()]
    unused = {"runtime", "swap", "io", "process_stats", "state", "conditions", "projected"}
    if path[:3] == ["pods", "items", "metadata"]:
        return path[3:] in ([], ["uid"])
    if path[:2] in (["pods", "metadata"], ["summary", "metadata"]) or "pvcRef" in path:
        return False
    if change.endswith("with an unknown one beside it") or path[-1] == "items" and len(path) > 2:
        return False
    return path[-1] in USED and not unused & set(path) and not ({"logs", "rootfs"} & set(path[:-1]) and path[-1].startswith("inodes")) and not (
        "logs" in path[:-1] and path[-1] != "usedBytes")


def text_of(node):
    """JSON with keys that are repeated: those that were wrapped in a tuple."""
    if isinstance(node, dict):
        return "{%s}" % ", ".join("%s: %s" % (json.dumps(k[0] if isinstance(k, tuple) else k), text_of(v)) for k, v in node.items())
    if isinstance(node, list):
        return "[%s]" % ", ".join(map(text_of, node))
    return json.dumps(node)


def make(seed):
    """(summary, pods, settings, what was changed) of one number"""
    random_ = random.Random(seed)
    base = GOLDEN / random_.choice(BASES)
    documents = [json.loads((base / name).read_text()) if (base / name).exists() else {"items": []} for name in ("summary.json", "pods.json")]
    changes = []
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        at = 0 if random_.random() < 0.7 or not documents[1]["items"] else 1
        plain = [p for p in places(documents[at]) if all(not isinstance(k, tuple) for k in p[0])]
        if plain:
            try:
                changes.append(("summary.", "pods.")[at] + change(random_, documents[at]))
            except TypeError:
                pass  # fell on what an earlier change made
    return text_of(documents[0]), text_of(documents[1]), random_.choice(SETTINGS), changes


class Kubelet:
    """/N/stats/summary and /N/pods."""
    def __init__(self, documents):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                found = re.match(r"/(\d+)/(stats/summary|pods)/?$", self.path)
                body = documents[int(found[1])][0 if found[2] != "pods" else 1].encode("utf-8", "surrogatepass") if found else b"404"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024  # all receivers come at once

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def configuration(documents, port, work):
    lines = ["receivers:"]
    for n, (_, _, settings, _) in documents.items():
        lines.append('  kubeletstats/%d: {auth_type: none, endpoint: "http://127.0.0.1:%d/%d", initial_delay: 1ms, collection_interval: 1h, timeout: 60s, %s}' %
                     (n, port, n, settings))
    lines.append("exporters:")
    lines += ["  file/%d: {path: %s/%d.json, flush_interval: 50ms}" % (n, work, n) for n in documents]
    lines.append("service:\n  telemetry: {metrics: {level: none}, logs: {sampling: {enabled: false}}}\n  pipelines:")
    lines += ["    metrics/%d: {receivers: [kubeletstats/%d], exporters: [file/%d]}" % (n, n, n) for n in documents]
    return "\n".join(lines) + "\n"


def collect(binary, documents, port, work):
    """@return number -> text of the file, once nothing grows any more; and the log"""
    work.mkdir()
    (work / "c.yaml").write_text(configuration(documents, port, work))
    log = work / "log"
    process = subprocess.Popen([binary, "--config=%s/c.yaml" % work], stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
    last, since = None, time.monotonic()
    while True:
        time.sleep(0.25)
        assert process.poll() is None, log.read_text()[-3000:]
        sizes = {p.name: p.stat().st_size for p in work.glob("*.json")} if "Everything is ready" in log.read_text() else None
        if sizes is None or sizes != last:
            last, since = sizes, time.monotonic()
        elif time.monotonic() - since > 1.5:
            break
    process.terminate()
    process.wait(timeout=30)
    return {n: (work / ("%d.json" % n)).read_text() if (work / ("%d.json" % n)).exists() else "" for n in documents}, log.read_text()


def points(text):
    """What was measured, without when it was read."""
    found = []
    for line in filter(None, text.split("\n")):  # other ends of lines occur in texts
        for resource in json.loads(line).get("resourceMetrics", []):
            about = tuple(sorted((a["key"], json.dumps(a["value"], sort_keys=True)) for a in resource.get("resource", {}).get("attributes", [])))
            for metric in resource["scopeMetrics"][0]["metrics"]:
                kind = "sum" if "sum" in metric else "gauge"
                for point in metric[kind]["dataPoints"]:
                    value = next((json.dumps(point[k]) for k in ("asInt", "asDouble") if k in point), None)
                    labels = tuple((a["key"], json.dumps(a["value"])) for a in point.get("attributes", []))
                    begun = point.get("startTimeUnixNano", "0")
                    # The start of volumes is the receiver's own.
                    found.append((about, metric["name"], kind, metric.get("unit"), labels, value, None if any(k == "k8s.volume.name" for k, _ in about) else begun))
    return collections.Counter(found)


def said(log, n):
    """Errors and warnings about one document, the first two."""
    found = [line for line in log.splitlines() if '"kubeletstats/%d"' % n in line and re.search(r"\t(error|warn)\t", line)]
    return "".join("\n      " + re.sub(r'"resource": {[^}]*}, ', "", line)[:500] for line in found[:2])


def listed(extra, n=2):
    return "".join("\n      %s" % (one,) for one in list(extra)[:n])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gleaner")
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int)
    options = parser.parse_args()
    if not PEER.exists():
        print("kubeletstats differential: skipped, no real collector here (bench/peers/build.sh makes it)")
        return 0
    numbers = [options.show] if options.show is not None else list(range(options.documents))
    different, same, empty, lenient = [], 0, 0, 0
    for first in range(0, len(numbers), AT_ONCE):
        documents = {n: make(options.seed * 1000003 + n) for n in numbers[first:first + AT_ONCE]}
        kubelet = Kubelet(documents)
        port = kubelet.server.server_address[1]
        with tempfile.TemporaryDirectory(prefix="kubeletstats-") as work:
            mine, my_log = collect(options.gleaner, documents, port, pathlib.Path(work) / "gleaner")
            theirs, their_log = collect(PEER, documents, port, pathlib.Path(work) / "reference")
        kubelet.server.shutdown()
        for n, (_, _, settings, changes) in documents.items():
            a, b = points(mine[n]), points(theirs[n])
            empty += not b
            if a == b:
                same += 1
                continue
            # A bad value where gleaner does not look: docs/compatibility.md.
            if not b and not all(is_read(one) for one in changes) and re.search(UNREADABLE, said(their_log, n)):
                lenient += 1
                continue
            different.append(n)
            print("  %d: %s\n    with %s\n    gleaner %d points, reference %d%s%s%s%s" % (
                n, "; ".join(changes), settings[:90], sum(a.values()), sum(b.values()), "\n    only gleaner:" + listed(a - b) if a - b else "",
                "\n    only the reference:" + listed(b - a) if b - a else "", "\n    gleaner says:" + said(my_log, n), "\n    the reference says:" + said(their_log, n)))
    if options.show is not None:
        print("\n".join(documents[options.show][:2]))
    print("kubeletstats differential: %d documents, %d the same (%d of them empty), %d where the reference alone gave up over what nobody uses, %d not" %
          (len(numbers), same, empty, lenient, len(different)))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
