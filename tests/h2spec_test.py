#!/usr/bin/env python3
"""h2spec's 145 cases against the gRPC port and against HTTP/2 over TLS. Those in EXCEPTIONS may fail, for the reasons in
docs/compatibility.md. Without h2spec, and without Go to build it: skipped."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from relay_test import certificate, free_port, start, stop

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLOSED = {  # frames on streams that are gone are ignored; whether they are gone yet is a race
    "closed: Sends a DATA frame after sending RST_STREAM frame",
    "closed: Sends a HEADERS frame after sending RST_STREAM frame",
    "half closed (remote): Sends a DATA frame",
    "half closed (remote): Sends a HEADERS frame",
    "closed: Sends a DATA frame",
    "closed: Sends a HEADERS frame",
    "Sends stream identifier that is numerically smaller than previous",
    'Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state',
}
LARGE_FRAMES = {"Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE"}  # sends 17 KiB, 64 are allowed
EXCEPTIONS = {
    "gRPC": CLOSED | LARGE_FRAMES | {  # h2spec's GET is no gRPC call: answered at once, without a body
        "Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
        "Sends a PRIORITY frame on half-closed (remote) stream",
        "Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded",
    },
    "HTTPS": CLOSED | LARGE_FRAMES,
}
CONFIG = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%d"}, http: {endpoint: "127.0.0.1:%d", tls: {cert_file: %s, key_file: %s}}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
"""


def find_h2spec():
    tools = ROOT / "build" / "tools"
    have = shutil.which("h2spec") or shutil.which("h2spec", path=str(tools))
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if have or not go:
        return have
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([go, "install", "github.com/summerwind/h2spec/cmd/h2spec@latest"], cwd=work, timeout=300, check=False,
                       env={**os.environ, "GOBIN": str(tools), "GOFLAGS": "-mod=mod"}, capture_output=True)
    return shutil.which("h2spec", path=str(tools))


def main():
    tool = find_h2spec()
    if not tool:
        print("h2spec: skipped, neither h2spec nor a Go that can build it is here")
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="h2spec-"))
    certificate(work)
    ports = {"gRPC": free_port(), "HTTPS": free_port()}
    process, log = start(sys.argv[1], work, "server", CONFIG % (*ports.values(), work / "cert.pem", work / "key.pem"))
    bad = 0
    for name, port in ports.items():
        report = work / (name + ".xml")
        subprocess.run([tool, "-h", "127.0.0.1", "-p", str(port), "-o", "1", "-j", report] + ["-t", "-k"] * (name == "HTTPS"),
                       stdout=subprocess.DEVNULL, timeout=300)
        cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
        failed = {c.get("classname") for c in cases if c.find("error") is not None or c.find("failure") is not None}
        skipped = sum(c.find("skipped") is not None for c in cases)
        print("h2spec: %-5s %d cases, %d skipped by h2spec, %d failed of %d exceptions" %
              (name, len(cases), skipped, len(failed), len(EXCEPTIONS[name])))
        for case in sorted(failed - EXCEPTIONS[name]):
            print("h2spec: %s: fails: %s" % (name, case))
        bad += not failed <= EXCEPTIONS[name] or len(cases) < 140  # some hang on which of two frames is read first
    stop(process, log)
    shutil.rmtree(work)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
