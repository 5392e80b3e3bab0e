#!/usr/bin/env python3
"""./dev bench [otlp|filelog|k8s]: gleaner and the real collector in turn on the same input. Prints ratios and peaks, the best
run of each; a table for docs/benchmarks.md. Fails when a budget is missed.

CPU is the whole process's (user and system, as the kernel counts it when the process ends), start and stop included.
The sink is gleaner with the nop exporter, whatever is measured. Where a peer is missing (bench/peers/build.sh makes
them), its column says so. Rotel, a collector in Rust, is measured in the OTLP rows.
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import k8s

ROOT = pathlib.Path(__file__).resolve().parent.parent
SINK = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d", max_recv_msg_size_mib: 64}, http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}, logs: {level: info}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}, traces: {receivers: [otlp], exporters: [nop]}, metrics: {receivers: [otlp], exporters: [nop]}}}
"""
RELAY = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d", max_recv_msg_size_mib: 16}, http: {endpoint: "127.0.0.1:%(http)d"}}}}
processors: {batch: {}}
exporters: {%(exporter)s: {endpoint: "%(sink)s", compression: %(compression)s, tls: {insecure: true}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [%(exporter)s]}
    logs: {receivers: [otlp], processors: [batch], exporters: [%(exporter)s]}
"""
LINES = """
receivers:
  filelog:
    include: [%s/pods/*/*/*.log]
    include_file_path: true
    start_at: beginning
    operators: [%s]
processors: {batch: {}}
exporters: {otlp: {endpoint: "127.0.0.1:%d", compression: gzip, tls: {insecure: true}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [filelog], processors: [batch], exporters: [otlp]}}}
"""


def ports(count):
    socks = [socket.socket() for _ in range(count)]
    for s in socks:
        s.bind(("127.0.0.1", 0))
    found = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return found


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Collector:
    def __init__(self, binary, config, work, name):
        (work / (name + ".yaml")).write_text(config)
        self.log = work / (name + ".log")
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            child = subprocess.Popen([binary, "--config=%s/%s.yaml" % (work, name)], stdout=log, stderr=log, preexec_fn=die_with_parent)
        self.pid = child.pid
        while "Everything is ready" not in (self.log.read_text() if self.log.exists() else ""):
            if time.monotonic() - self.started > 20:
                raise SystemExit("%s did not start:\n%s" % (binary, self.log.read_text()))
            time.sleep(0.002)
        self.ready = time.monotonic() - self.started

    def peak(self):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/%d/status" % self.pid).read_text()).group(1)) / 1024

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % self.pid).read_text()).group(1)) / 1024

    def cpu(self):
        words = pathlib.Path("/proc/%d/stat" % self.pid).read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """CPU seconds of its whole life, and its peak resident MiB."""
        peak = self.peak()
        os.kill(self.pid, signal.SIGTERM)
        _, status, usage = os.wait4(self.pid, 0)
        if status:
            raise SystemExit("exit status %d:\n%s" % (status, self.log.read_text()[-2000:]))
        return usage.ru_utime + usage.ru_stime, peak


class Rotel(Collector):
    """Has flags and no file, and says nothing when it is ready."""

    def __init__(self, binary, work, grpc, http, sink, compression, protocol):
        self.log = work / "rotel.log"
        words = ["start", "--otlp-grpc-endpoint", "127.0.0.1:%d" % grpc, "--otlp-http-endpoint", "127.0.0.1:%d" % http,
                 "--otlp-grpc-max-recv-msg-size-mib", "16", "--exporter", "otlp", "--otlp-exporter-endpoint", sink,
                 "--otlp-exporter-protocol", protocol, "--otlp-exporter-compression", compression]
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            child = subprocess.Popen([binary, *words], stdout=log, stderr=log, cwd=work, preexec_fn=die_with_parent)
        self.pid = child.pid
        for port in (grpc, http):
            while True:
                if time.monotonic() - self.started > 20 or child.poll() is not None:
                    raise SystemExit("%s did not start:\n%s" % (binary, self.log.read_text()))
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.002)
        self.ready = time.monotonic() - self.started

    def settle(self):
        """Waits until it has sent what it holds: it gives that up when it is stopped."""
        for _ in range(60):
            before = self.cpu()
            time.sleep(0.5)
            if self.cpu() - before < 0.02:
                return


def delivered(log, pipeline):
    found = [json.loads(m) for m in re.findall(r"\tLedger\t(\{.*\})", log.read_text())]
    return sum(one["in"] for one in found if one["pipeline"] == pipeline)


class Sink(Collector):
    def __init__(self, gleaner, work):
        self.port, self.http = ports(2)
        super().__init__(gleaner, SINK % (self.port, self.http), work, "sink")


def relay(binary, options, count, rate=0, gzip=False, logs=False, http=False, each=100, at_once=4):
    """One run; CPU seconds an item and peak MiB."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    sink = Sink(options.gleaner, work)
    grpc_port, http_port = ports(2)
    compression, url = "gzip" if gzip else "none", "http://127.0.0.1:%d" % (sink.http if http else sink.port)
    if pathlib.Path(binary).name == "rotel":
        collector = Rotel(binary, work, grpc_port, http_port, url, compression, "http" if http else "grpc")
    else:
        collector = Collector(binary, RELAY % {
            "grpc": grpc_port, "http": http_port, "exporter": "otlphttp" if http else "otlp", "compression": compression,
            "sink": url if http else "127.0.0.1:%d" % sink.port}, work, "collector")
    words = [options.loadgen, "127.0.0.1:%d" % (http_port if http else grpc_port), "--spans", str(count), "--per-request", str(each), "--parallel", str(at_once)]
    words += ["--rate", str(rate)] * bool(rate) + ["--gzip"] * gzip + ["--logs"] * logs + ["--http"] * http
    said = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    time.sleep(0.5)
    if isinstance(collector, Rotel):
        collector.settle()
    cpu, peak = collector.stop()
    sink.stop()
    got = delivered(sink.log, "logs" if logs else "traces")
    if got != said["sent"]:
        raise SystemExit("%d items sent, %d arrived" % (said["sent"], got))
    subprocess.run(["rm", "-r", work])
    return cpu / said["sent"], peak


def cri_files(folder, lines, files=4):
    text = "2026-11-25T10:00:00.%09dZ stdout F level=info msg=\"order accepted\" order=%d customer=cust-%d-%d total=19.90 currency=EUR trace=0af7651916cd43dd8448eb211c80319c\n"
    for f in range(files):
        path = folder / "pods" / ("shop_web-%d_3f0c9a52-7d1e-4b86-9c55-0a1b2c3d4e5%d" % (f, f)) / "web"
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "0.log", "w") as out:
            for i in range(lines // files):
                out.write(text % (i * 997 % 1_000_000_000, i, f, i % 977))


def json_files(folder, lines):
    path = folder / "pods" / "shop_web-0_3f0c9a52-7d1e-4b86-9c55-0a1b2c3d4e50" / "web"
    path.mkdir(parents=True, exist_ok=True)
    with open(path / "0.log", "w") as out:
        for i in range(lines):
            out.write('{"timestamp":"2026-11-25T10:00:00.%03dZ","level":"info","message":"order accepted","order":%d,"customer":"cust-%d","total":19.9,"trace":"0af7651916cd43dd8448eb211c80319c"}\n' % (i % 1000, i, i % 977))


def idle(binary, options, files, seconds=20):
    """Files that were read and are not written to; percent of a core and MiB."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    for i in range(files):
        path = work / "pods" / ("shop_web-%d_3f0c9a52-7d1e-4b86-9c55-0a1b2c3d4e50" % (i // 4)) / ("c%d" % (i % 4))
        path.mkdir(parents=True)
        (path / "0.log").write_text("".join("2026-11-25T10:00:00.%09dZ stdout F line %d of file %d\n" % (j, j, i) for j in range(40)))
    sink = Sink(options.gleaner, work)
    collector = Collector(binary, LINES % (work, "{type: container}", sink.port), work, "collector")
    busy = collector.cpu()
    while True:  # until everything is read
        time.sleep(5)
        now = collector.cpu()
        if now - busy < 5 * 1.5 * 0.6:
            break
        busy = now
    time.sleep(2)
    before, begun = collector.cpu(), time.monotonic()
    time.sleep(seconds)
    share = 100 * (collector.cpu() - before) / (time.monotonic() - begun)
    resident = collector.resident()
    collector.stop()
    sink.stop()
    subprocess.run(["rm", "-r", work])
    return share, resident


def lines(binary, options, count, operators, make):
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    make(work, count)
    sink = Sink(options.gleaner, work)
    collector = Collector(binary, LINES % (work, operators, sink.port), work, "collector")
    quiet, last = 0, -1
    while quiet < 8:  # until it has nothing left to do
        time.sleep(0.25)
        now = collector.cpu()
        quiet = quiet + 1 if now - last < 0.02 and collector.cpu() > 0 else 0
        last = now
    cpu, peak = collector.stop()
    sink.stop()
    got = delivered(sink.log, "logs")
    if got != count:
        raise SystemExit("%d lines written, %d arrived (%s)" % (count, got, binary))
    subprocess.run(["rm", "-r", work])
    return cpu / count, peak


JSON = "{type: json_parser, timestamp: {parse_from: attributes.timestamp, layout: '%Y-%m-%dT%H:%M:%S.%LZ'}, severity: {parse_from: attributes.level}}"
# What people wrote before there was the container operator.
CHAIN = r"""{type: regex_parser, id: parser-containerd, regex: '^(?P<time>[^ ^Z]+Z) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$', timestamp: {parse_from: attributes.time, layout: '%Y-%m-%dT%H:%M:%S.%LZ'}},
      {type: regex_parser, id: extract_metadata_from_filepath, regex: '^.*\/(?P<namespace>[^_]+)_(?P<pod_name>[^_]+)_(?P<uid>[a-f0-9\-]{36})\/(?P<container_name>[^\._]+)\/(?P<restart_count>\d+)\.log$', parse_from: 'attributes["log.file.path"]', cache: {size: 128}},
      {type: move, from: attributes.log, to: body},
      {type: move, from: attributes.container_name, to: 'resource["k8s.container.name"]'},
      {type: move, from: attributes.namespace, to: 'resource["k8s.namespace.name"]'},
      {type: move, from: attributes.pod_name, to: 'resource["k8s.pod.name"]'},
      {type: move, from: attributes.uid, to: 'resource["k8s.pod.uid"]'}"""
# group, what, unit, budgets: CPU against the real collector and peak MiB; how. Counts are for --scale 1.
ROWS = [
    ("otlp", "OTLP/gRPC -> batch -> OTLP/gRPC, 100 spans of 400 B a request", "span", 1 / 8, 32, 1_000_000, relay, {}),
    ("otlp", "the same, gzip in and out", "span", 1 / 6, 32, 400_000, relay, {"gzip": True}),
    ("otlp", "OTLP/HTTP protobuf, gzip in and out", "span", 1 / 6, 32, 400_000, relay, {"gzip": True, "http": True}),
    ("otlp", "log records of 200 B, 100 a request, plain", "record", 1 / 8, None, 2_000_000, relay, {"logs": True}),
    ("otlp", "10,000 spans/s, 100 a request, plain", "span", 1 / 5, 12, 100_000, relay, {"rate": 10_000}),
    # Four at a time leave gleaner waiting for the generator, and every request pays for a wake-up: no budget.
    ("otlp", "10 spans a request, 4 requests at a time", "span", None, 32, 400_000, relay, {"each": 10}),
    ("otlp", "10 spans a request, 16 requests at a time", "span", 1 / 8, 32, 400_000, relay, {"each": 10, "at_once": 16}),
    ("otlp", "1,000 spans a request", "span", 1 / 8, 32, 1_600_000, relay, {"each": 1000}),
    ("otlp", "8,000 spans a request", "span", 1 / 8, 32, 1_600_000, relay, {"each": 8000}),
    ("filelog", "CRI files -> container -> batch -> OTLP gzip", "line", 1 / 25, 24, 400_000, lines, {"operators": "{type: container}", "make": cri_files}),
    ("filelog", "the same lines, two regex_parser and five move", "line", 1 / 15, 24, 400_000, lines, {"operators": CHAIN, "make": cri_files}),
    ("filelog", "JSON files -> json_parser with time and severity -> batch -> OTLP gzip", "line", 1 / 20, 24, 400_000, lines, {"operators": JSON, "make": json_files}),
]
# Idle files: how many, budget in percent of a core, budget in MiB.
IDLE = [(1_000, 0.5, 12), (10_000, 2, None)]


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("group", nargs="?", choices=sorted({row[0] for row in ROWS} | {"k8s"}), help="all groups without one")
    parse.add_argument("--gleaner", default=str(ROOT / "build/release/gleaner"))
    parse.add_argument("--loadgen", default=str(ROOT / "build/release/loadgen"))
    parse.add_argument("--peer", default=os.environ.get("GLEANER_PEER", str(ROOT / "bench/peers/bin/otelcol-0.159")))
    parse.add_argument("--rotel", default=str(ROOT / "bench/peers/bin/rotel"))
    parse.add_argument("--runs", type=int, default=3)
    parse.add_argument("--scale", type=float, default=1.0)
    options = parse.parse_args()
    peer = options.peer if os.path.exists(options.peer) else None
    if not peer:
        print("no real collector at %s: bench/peers/build.sh makes it; ratios are left out" % options.peer)
    rotel = options.rotel if os.path.exists(options.rotel) else None
    for binary in filter(None, (options.gleaner, peer, rotel)):
        print("%s: %s" % (pathlib.Path(binary).name, subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()))
    if options.group != "k8s":
        print("| What | gleaner, CPU | real collector, CPU | ratio | budget | peak RSS | budget | its peak RSS | Rotel, CPU | ratio | its peak RSS |\n" + "|---" * 11 + "|")
    missed = 0
    for group, name, unit, budget, memory, count, run, extra in ROWS:
        if options.group not in (None, group):
            continue
        ours, theirs, others = [], [], []
        for _ in range(options.runs):  # in turn, so that both see the same machine
            ours.append(run(options.gleaner, options, int(count * options.scale), **extra))
            if peer:
                theirs.append(run(peer, options, int(count * options.scale), **extra))
            if rotel and run is relay:
                others.append(run(rotel, options, int(count * options.scale), **extra))
        us = min(cpu for cpu, _ in ours)
        peak = min(peak for _, peak in ours)
        cells = [name, "%.2f us a %s" % (us * 1e6, unit)]
        if theirs:
            them = min(cpu for cpu, _ in theirs)
            cells += ["%.2f us" % (them * 1e6), "1/%.1f" % (them / us), "1/%d" % round(1 / budget) if budget else ""]
            missed += bool(budget) and us / them > budget
        else:
            cells += ["not measured", "", ""]
        cells += ["%.1f MiB" % peak, "%d" % memory if memory else "", "%.1f MiB" % min(peak for _, peak in theirs) if theirs else ""]
        missed += bool(memory) and peak > memory
        if others:
            other = min(cpu for cpu, _ in others)
            cells += ["%.2f us" % (other * 1e6), "1/%.1f" % (other / us), "%.1f MiB" % min(peak for _, peak in others)]
        else:
            cells += ["not measured", "", ""]
        print("| %s |" % " | ".join(cells), flush=True)
    for files, budget, memory in IDLE if options.group in (None, "filelog") else []:
        share, resident = idle(options.gleaner, options, files)
        theirs = idle(peer, options, files) if peer and files <= 1_000 else None
        missed += share > budget or bool(memory) and resident > memory
        cells = ["%d idle files" % files, "%.2f %% of a core" % share, "%.1f %%" % theirs[0] if theirs else "not measured", "1/%d" % (theirs[0] / max(share, 0.05)) if theirs else "",
                 "%.1f %%" % budget, "%.1f MiB" % resident, "%d" % memory if memory else "", "%.1f MiB" % theirs[1] if theirs else ""]
        print("| %s |" % " | ".join(cells), flush=True)
    if options.group in (None, "k8s"):
        missed += k8s.run(options, peer, Collector, Sink)
    sys.exit(1 if missed else 0)


main()
