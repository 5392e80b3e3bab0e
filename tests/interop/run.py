#!/usr/bin/env python3
"""Others' SDKs and tools as clients, and the real collector as the next hop.

JavaScript (gRPC, HTTP/JSON, HTTP/protobuf; spans, log records, points), Go (gRPC, HTTP; plain and mutual TLS), Java (gRPC,
HTTP), telemetrygen; each with and without gzip. Every client sends COUNT items of one service.name; what gleaner writes to
its file must be those, each once, with their attributes. What is not here (node, go, java with mvn, the registries) is
skipped with a line that says so.

    run.py GLEANER"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEPT = ROOT / "build" / "interop"
sys.path.insert(0, str(HERE.parent))
from relay_test import certificate, free_port, start, stop  # noqa: E402

COUNT = 700  # more than one request
CONFIG = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}
  otlp/tls:
    protocols:
      grpc: {endpoint: "127.0.0.1:%(grpcs)d", tls: &tls {cert_file: %(work)s/cert.pem, key_file: %(work)s/key.pem, client_ca_file: %(work)s/cert.pem}}
      http: {endpoint: "127.0.0.1:%(https)d", tls: *tls}
processors: {batch: {timeout: 50ms}}
exporters: {%(exporter)s}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp, otlp/tls], processors: [batch], exporters: [%(names)s]}
    logs: {receivers: [otlp, otlp/tls], processors: [batch], exporters: [%(names)s]}
    metrics: {receivers: [otlp, otlp/tls], processors: [batch], exporters: [%(names)s]}
"""
SINK = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}}
exporters: {file: {path: "%(work)s/peer.json"}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [file]}, logs: {receivers: [otlp], exporters: [file]}, metrics: {receivers: [otlp], exporters: [file]}}
"""
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/local/go/bin", "NO_PROXY": "127.0.0.1"}


def build(name, *command, cwd=HERE):
    """Runs `command`; what it makes stays under build/interop. @return whether it is there"""
    if not shutil.which(command[0], path=ENV["PATH"]):
        print("interop: %s: skipped, no %s here" % (name, command[0]))
        return False
    try:
        done = subprocess.run(command, cwd=cwd, env=ENV, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        print("interop: %s: skipped, %s took too long" % (name, command[0]))
        return False
    if done.returncode:
        print("interop: %s: skipped, %s failed: %s" % (name, command[0], (done.stderr or done.stdout).strip()[-200:].replace("\n", " ")))
    return done.returncode == 0


def clients(ports, work):
    """(service name, signals it sends, command) of everything that can run here."""
    grpc, http = "127.0.0.1:%d" % ports["grpc"], "127.0.0.1:%d" % ports["http"]
    node, java, go, generator = KEPT / "node", KEPT / "java", KEPT / "go", KEPT / "telemetrygen"
    for source in ("package.json", "send.js"):
        node.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "node" / source, node)
    if (node / "node_modules").is_dir() or build("JavaScript", "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", cwd=node):
        for protocol, endpoint in (("grpc", "http://" + grpc), ("http/json", "http://" + http), ("http/protobuf", "http://" + http)):
            for packed in ("none", "gzip"):
                yield "js-%s-%s" % (protocol, packed), "tlm", ["node", node / "send.js", protocol, endpoint, packed]
    if build("Go", "go", "build", "-o", str(go), ".", cwd=HERE / "go"):
        files = [work / "cert.pem", work / "cert.pem", work / "key.pem"]
        for packed in ("none", "gzip"):
            yield "go-grpc-" + packed, "t", [go, "grpc", grpc, packed]
            yield "go-http-" + packed, "t", [go, "http", http, packed]
        yield "go-grpc-mtls", "t", [go, "grpc", "127.0.0.1:%d" % ports["grpcs"], "gzip", *files]
        yield "go-http-mtls", "t", [go, "http", "127.0.0.1:%d" % ports["https"], "gzip", *files]
    jars = java / "libs"
    if (jars.is_dir() or build("Java", "mvn", "-q", "-B", "-f", str(HERE / "java" / "pom.xml"), "dependency:copy-dependencies",
                               "-DoutputDirectory=" + str(jars))) and \
            build("Java", "javac", "-encoding", "UTF-8", "-cp", "%s/*" % jars, "-d", str(java), str(HERE / "java" / "Send.java")):
        for packed in ("none", "gzip"):
            yield "java-grpc-" + packed, "t", ["java", "-cp", "%s:%s/*" % (java, jars), "Send", "grpc", "http://" + grpc, packed]
            yield "java-http-" + packed, "t", ["java", "-cp", "%s:%s/*" % (java, jars), "Send", "http/protobuf", "http://" + http, packed]
    with tempfile.TemporaryDirectory() as empty:
        ENV["GOBIN"] = str(KEPT)
        if generator.exists() or build("telemetrygen", "go", "install",
                                       "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@latest", cwd=empty):
            for signal, letter in (("traces", "t"), ("logs", "l"), ("metrics", "m")):
                yield "gen-grpc-" + signal, letter, [generator, signal, "--otlp-insecure", "--otlp-endpoint", grpc]
                yield "gen-http-" + signal, letter, [generator, signal, "--otlp-insecure", "--otlp-http", "--otlp-endpoint", http]


def send(name, signals, command):
    words = [str(w) for w in command]
    if name.startswith("gen-"):
        flag = {"t": "--traces", "l": "--logs", "m": "--metrics"}[signals]
        # A trace of telemetrygen has two spans.
        words += ["--service", name, flag, str(COUNT // 2 if signals == "t" else COUNT), "--rate", "0"]
    else:
        fixed = 4 if words[0] != "java" else 7
        if words[0] == "node":
            fixed = 5
        words[fixed:fixed] = [name, str(COUNT)]
    done = subprocess.run(words, env=ENV, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, "%s: %s" % (name, (done.stdout + done.stderr)[-2000:])


def items(path):
    """(service, signal) -> list of items"""
    found = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        for kind, resources in json.loads(line).items():
            for resource in resources:
                service = next(a["value"]["stringValue"] for a in resource["resource"]["attributes"] if a["key"] == "service.name")
                for scope in resource.get("scopeSpans", []):
                    found[service, "t"] += scope["spans"]
                for scope in resource.get("scopeLogs", []):
                    found[service, "l"] += scope["logRecords"]
                for scope in resource.get("scopeMetrics", []):
                    for metric in scope["metrics"]:
                        found[service, "m"] += (metric.get("sum") or metric.get("gauge"))["dataPoints"]
    return found


def attributes(item):
    return {a["key"]: list(a["value"].values())[0] for a in item.get("attributes", [])}


def check(path, sent):
    found = items(path)
    for name, signals in sent:
        for signal in signals:
            got = found.pop((name, signal), [])
            assert len(got) == COUNT, "%s: %d of %d %s in %s" % (name, len(got), COUNT, signal, path.name)
            if name.startswith("gen-"):
                continue
            indexes = sorted(int(attributes(one)["index"]) for one in got)
            assert indexes == list(range(COUNT)), "%s: not every item once" % name
            if signal == "t":
                assert all(attributes(one)["text"] == "grüße" and len(one["events"]) == 1 for one in got), name
    assert not found, "unexpected: %s" % list(found)


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="interop-"))
    certificate(work)
    ports = {name: free_port() for name in ("grpc", "http", "grpcs", "https", "peer_grpc", "peer_http")}
    exporters = {"file": "{path: %s/out.json}" % work}
    peer = os.environ.get("GLEANER_PEER", str(ROOT / "bench/peers/bin/otelcol-0.159"))
    with_peer = os.path.exists(peer)
    if with_peer:
        sink, sink_log = start(peer, work, "peer", SINK % {"grpc": ports["peer_grpc"], "http": ports["peer_http"], "work": work})
        exporters["otlp"] = '{endpoint: "127.0.0.1:%d", compression: zstd, tls: {insecure: true}}' % ports["peer_grpc"]
    else:
        print("interop: the real collector as the next hop: skipped, bench/peers/build.sh makes it")
    config = CONFIG % {**ports, "work": work, "exporter": ", ".join("%s: %s" % one for one in exporters.items()), "names": ", ".join(exporters)}
    process, log = start(sys.argv[1], work, "gleaner", config)
    sent = []
    for name, signals, command in clients(ports, work):
        send(name, signals, command)
        sent.append((name, signals))
    stop(process, log)
    check(work / "out.json", sent)
    if with_peer:
        stop(sink, sink_log)
        check(work / "peer.json", sent)
    print("interop: %d clients, %d items each and signal, all there once%s" %
          (len(sent), COUNT, "; the real collector got them, too" if with_peer else ""))
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
