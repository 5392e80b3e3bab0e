#!/usr/bin/env python3
"""Budgets of the Fargate sidecar on the static binary: memory, start, idle CPU, size. Fails with the number.

Timing is not judged here except by generous multiples: what is measured is in docs/benchmarks.md.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "pod"))
import pod

MIB_IDLE, MIB_PEAK, MIB_BINARY = 6, 16, 12


CRI = """
receivers:
  filelog: {include: [%s/pods/*/*/*.log], include_file_path: true, start_at: beginning, operators: [{type: container}]}
processors: {batch: {}}
exporters: {otlp: {endpoint: "127.0.0.1:14317", tls: {insecure: true}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [filelog], processors: [batch], exporters: [otlp]}}}
"""


def container_logs(binary, work):
    """A DaemonSet's filelog while a container writes 10,000 lines/s: peak MiB and the ledger."""
    (work / "cri.yaml").write_text(CRI % work)
    folder = work / "pods" / "shop_web-0_0e5c1f2a-6f0c-4a52-9a51-1f0c6a1d2b3c" / "web"
    folder.mkdir(parents=True)
    collector = pod.Gleaner(binary, work / "cri.yaml", work / "cri.log")
    collector.wait_ready()
    line = "2026-11-25T10:00:00.%09dZ stdout F level=info msg=\"order accepted\" order=%d customer=cust-1 total=19.90 currency=EUR\n"
    with open(folder / "0.log", "w") as log:
        for tenth in range(30):
            log.write("".join(line % (i, i) for i in range(1000)))
            log.flush()
            time.sleep(0.1)
    time.sleep(1)
    peak = collector.status("VmHWM")
    collector.stop()
    return peak, collector.ledgers()["logs"]


def main():
    pod.enter()
    binary, loadgen = sys.argv[1], sys.argv[2]
    failed = []

    def budget(what, value, limit, unit):
        print("budget: %-58s %8.2f of %g %s%s" % (what, value, limit, unit, "" if value <= limit else "   TOO MUCH"))
        if value > limit:
            failed.append(what)

    work = pathlib.Path(tempfile.mkdtemp(prefix="budget-"))
    stripped = work / "stripped"
    subprocess.run(["strip", "-s", "-o", stripped, binary], check=True)
    budget("static binary, stripped", stripped.stat().st_size / 2**20, MIB_BINARY, "MiB")
    api = pod.ApiServer()
    backend = pod.Gleaner(binary, pod.HERE / "backend.yaml", work / "backend.log", env={"VERBOSITY": "basic"})
    backend.wait_ready()
    sidecar = pod.Gleaner(binary, pod.HERE / "sidecar.yaml", work / "sidecar.log")
    sidecar.wait_ready()
    budget("exec to all listeners open", (time.monotonic() - sidecar.started) * 1000, 50 * 5, "ms (50, on a machine that does nothing else)")
    subprocess.run([loadgen, "127.0.0.1:4317", "--spans", "100"], check=True, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while api.requests == 0 and time.monotonic() < end:
        time.sleep(0.05)
    if api.requests == 0:
        failed.append("no scrape within 20 s")
    time.sleep(7)  # memory is given back 5 s after the start
    cpu, since = sidecar.cpu_seconds(), time.monotonic()
    time.sleep(10)
    budget("idle CPU over 10 s, one scrape of the kubelet over TLS in it", (sidecar.cpu_seconds() - cpu) / (time.monotonic() - since) * 100, 0.1 * 10, "% of a core (0.1, on a machine that does nothing else)")
    budget("idle RSS, kubelet over TLS, log file and OTLP in use", sidecar.status("VmRSS"), MIB_IDLE, "MiB")
    subprocess.run([loadgen, "127.0.0.1:4317", "--spans", "50000", "--rate", "10000"], check=True, stdout=subprocess.DEVNULL)
    budget("peak RSS at 10,000 spans/s", sidecar.status("VmHWM"), MIB_PEAK, "MiB")
    line = '{"timestamp":"2026-11-25T10:00:00.000Z","level":"info","message":"order accepted","order":%d,"customer":"cust-1","total":19.9}\n'
    with open(pod.LOG, "a") as log:
        for tenth in range(50):
            log.write("".join(line % i for i in range(1000)))
            log.flush()
            time.sleep(0.1)
    budget("peak RSS at 10,000 JSON lines/s besides", sidecar.status("VmHWM"), MIB_PEAK, "MiB")
    code = sidecar.stop()
    cri_peak, cri = container_logs(binary, work)
    budget("peak RSS at 10,000 CRI lines/s, container operator, OTLP out", cri_peak, MIB_PEAK, "MiB")
    backend.stop()
    if cri["delivered"] != 30_000:
        failed.append("CRI ledger: %s" % cri)
    ledgers = sidecar.ledgers()
    if code != 0 or ledgers["logs"]["delivered"] != 50_000 or ledgers["traces"]["delivered"] != 50_100:
        failed.append("ledger: %s" % ledgers)
    if failed:
        sys.exit("budgets: " + "; ".join(failed) + "\n" + (work / "sidecar.log").read_text()[-3000:])
    subprocess.run(["rm", "-r", str(work)])


main()
