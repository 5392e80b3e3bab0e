#!/usr/bin/env python3
"""./dev order: writes cmake/link_order.txt, the functions that run, which the linker puts side by side.

The kernel maps a program by pages, with sixteen around each one touched. What a sidecar runs is a fifteenth of the
program; strewn over it, most of the rest would be mapped too. Two programs are watched by callgrind: the Fargate pod's
sidecar, and a DaemonSet over container logs with OTLP over HTTP and gzip: the functions that ran once they were up, by
instructions. (Those of the start, put behind them, made neither the start nor the memory smaller.) Names that a later
program no longer has are passed over by the linker, and new functions lie behind: the file grows old gently. Needs root
(tests/pod) and valgrind.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/pod"))
import pod

DAEMON_SET = """
receivers:
  filelog: {include: [%s/pods/*/*/*.log], include_file_path: true, start_at: beginning, operators: [{type: container}]}
  otlp: {protocols: {http: {endpoint: "127.0.0.1:24318"}}}
processors: {batch: {}}
exporters: {otlp: {endpoint: "127.0.0.1:14317", compression: gzip, tls: {insecure: true}}}
service:
  pipelines:
    logs: {receivers: [filelog], processors: [batch], exporters: [otlp]}
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp]}
"""
JSON = '{"timestamp":"2026-11-25T10:00:00.000Z","level":"info","message":"order accepted","order":%d,"total":19.9}\n'
CRI = "2026-11-25T10:00:00.%09dZ stdout F level=info msg=\"order accepted\" order=%d customer=cust-1 total=19.90\n"


class Watched:
    """A collector under callgrind."""

    def __init__(self, binary, config, work, name):
        self.out = work / (name + ".out")
        script = work / (name + ".sh")
        script.write_text("#!/bin/sh\nexec valgrind --tool=callgrind --demangle=no --callgrind-out-file=%s %s \"$@\"\n" % (self.out, binary))
        script.chmod(0o755)
        self.collector = pod.Gleaner(str(script), config, work / (name + ".log"))
        self.collector.wait_ready(60)

    def control(self, word):
        subprocess.run(["callgrind_control", word, str(self.collector.process.pid)], check=True, capture_output=True)

    def functions(self, load):
        """Instructions by function, once it is up."""
        load()
        self.control("-z")
        load()
        self.control("-d")
        if self.collector.stop(60):
            sys.exit("it ended with an error: " + self.collector.log.read_text()[-2000:])
        return counts(pathlib.Path("%s.1" % self.out))


def counts(path):
    """Function -> instructions of its own, from callgrind's file."""
    names, costs, function, of_callee = {}, {}, None, False
    for line in path.read_text().splitlines():
        named = re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line)
        if named:
            if named[3]:
                names[named[2]] = named[3].rsplit("'", 1)[0]  # 'N: how deep it calls itself
            if not named[1]:
                function = named[2]
        elif line.startswith("calls="):
            of_callee = True
        elif re.match(r"[+\-*\d]", line):
            words = line.split()
            if not of_callee and len(words) > 1:
                costs[function] = costs.get(function, 0) + int(words[1])
            of_callee = False
    return {names[function]: cost for function, cost in costs.items() if re.match(r"[A-Za-z_.$0-9]+$", names[function]) and names[function][:2] != "0x"}


def main():
    pod.enter()
    binary, loadgen = ROOT / "build/release/gleaner", ROOT / "build/release/loadgen"
    with tempfile.TemporaryDirectory(prefix="order-") as folder:
        work = pathlib.Path(folder)
        api = pod.ApiServer()
        backend = pod.Gleaner(binary, pod.HERE / "backend.yaml", work / "backend.log", env={"VERBOSITY": "basic"})
        backend.wait_ready()

        def lines(path, line):
            with open(path, "a") as log:
                for part in range(10):
                    log.write("".join(line % ((i,) * line.count("%")) for i in range(100)))
                    log.flush()
                    time.sleep(0.1)

        def spans(where, *flags):
            subprocess.run([loadgen, where, "--spans", "1000", "--rate", "1000", *flags], check=True, stdout=subprocess.DEVNULL)

        def of_sidecar():
            scrapes = api.requests
            spans("127.0.0.1:4317")
            lines(pod.LOG, JSON)
            while api.requests == scrapes:
                time.sleep(0.1)
            time.sleep(3)

        container = work / "pods" / "shop_web-0_0e5c1f2a-6f0c-4a52-9a51-1f0c6a1d2b3c" / "web"
        container.mkdir(parents=True)

        def of_daemon_set():
            spans("127.0.0.1:24318", "--http", "--gzip")
            lines(container / "0.log", CRI)
            time.sleep(3)

        sidecar = Watched(binary, pod.HERE / "sidecar.yaml", work, "sidecar").functions(of_sidecar)
        (work / "daemon_set.yaml").write_text(DAEMON_SET % work)
        daemon_set = Watched(binary, work / "daemon_set.yaml", work, "daemon_set").functions(of_daemon_set)
        backend.stop()

    order = {}
    for part in (sidecar, daemon_set):
        for name, _ in sorted(part.items(), key=lambda one: (-one[1], one[0])):
            order.setdefault(name)
    (ROOT / "cmake/link_order.txt").write_text("".join(name + "\n" for name in order))
    print("order: %d functions run in the sidecar, %d in both" % (len(sidecar), len(order)))


main()
