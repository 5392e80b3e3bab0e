#!/usr/bin/env python3
"""./dev demo: a Fargate pod with gleaner as its sidecar. Ctrl-C ends it; without one it ends by itself."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pod

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text):
    print(BOLD + text + PLAIN, flush=True)


def application(until):
    """exec_file | tee -a /var/log/fargate/application.log: JSON lines, five a second."""
    tee = subprocess.Popen(["tee", "-a", str(pod.LOG)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=pod.die_with_parent)
    count = 0
    while not until.wait(0.2):
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)
        line = {"timestamp": stamp, "level": "info", "message": "order %d accepted" % count, "order": count, "total": 19.9}
        tee.stdin.write((json.dumps(line) + "\n").encode())
        tee.stdin.flush()
        count += 1
    tee.stdin.close()
    tee.wait()
    return count


def show(stream, until):
    """Passes on records the backend prints, cut to the terminal's width, a few lines a second."""
    shown, second = 0, 0
    for line in stream:
        now = int(time.monotonic())
        shown, second = (shown, second) if now == second else (0, now)
        if b"otelcol.component.id" in line:
            continue  # the frame around what was received
        shown += 1
        if shown <= 6 and not until.is_set():
            text = line.decode(errors="replace").rstrip()
            print(DIM + "  backend | " + PLAIN + text[:150] + ("..." if len(text) > 150 else ""), flush=True)


def main():
    pod.enter()
    binary, loadgen, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 20
    work = tempfile.mkdtemp(prefix="demo-")
    until = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: until.set())
    signal.set_wakeup_fd(-1)

    say("An API server with a kubelet behind it, at https://kubernetes.default.svc:443 (recorded documents, token checked)")
    api = pod.ApiServer()
    say("A backend: a second gleaner that prints what it gets by OTLP")
    backend = pod.Gleaner(binary, pod.HERE / "backend.yaml", work + "/backend.log")
    backend.wait_ready()
    say("The sidecar: gleaner with tests/pod/sidecar.yaml, the configuration of a Fargate pod")
    sidecar = pod.Gleaner(binary, pod.HERE / "sidecar.yaml", work + "/sidecar.log")
    sidecar.wait_ready()
    print("  ready after %.0f ms" % ((time.monotonic() - sidecar.started) * 1000))
    tail = subprocess.Popen(["tail", "-n", "+1", "-f", "--pid=%d" % backend.process.pid, work + "/backend.log"], stdout=subprocess.PIPE, preexec_fn=pod.die_with_parent)
    threading.Thread(target=show, args=(tail.stdout, until), daemon=True).start()
    say("The application: JSON lines through tee to %s, spans by OTLP/gRPC to 127.0.0.1:4317. Ctrl-C ends it." % pod.LOG)
    lines = []
    app = threading.Thread(target=lambda: lines.append(application(until)))
    app.start()
    spans = subprocess.Popen([loadgen, "127.0.0.1:4317", "--spans", str(int(seconds * 10)), "--rate", "10", "--per-request", "5", "--parallel", "1"],
                             stdout=subprocess.PIPE, preexec_fn=pod.die_with_parent)
    cpu, since = sidecar.cpu_seconds(), time.monotonic()
    until.wait(seconds)
    until.set()
    app.join()
    spans.terminate()
    rss, peak = sidecar.status("VmRSS"), sidecar.status("VmHWM")
    share = (sidecar.cpu_seconds() - cpu) / (time.monotonic() - since) * 100
    code = sidecar.stop()
    backend.stop()

    print()
    say("What went through the sidecar")
    print("  %-10s %10s %10s %10s %10s" % ("pipeline", "in", "out", "dropped", "held"))
    ok = code == 0
    for name, one in sorted(sidecar.ledgers().items()):
        print("  %-10s %10d %10d %10d %10d" % (name, one["in"], one["delivered"] + one["persisted"], one["dropped"], one["held"]))
        ok = ok and one["in"] > 0 and one["dropped"] == one["held"] == 0
    logs = sidecar.ledgers().get("logs", {}).get("in")
    print("  the application wrote %d lines; the API server answered %d requests, %d with a wrong token" % (lines[0], api.requests, api.refused))
    print("  gleaner: %.1f MiB resident (peak %.1f), %.2f %% of a core" % (rss, peak, share))
    if not ok or logs != lines[0]:
        sys.exit("something is missing: see %s/sidecar.log" % work)
    subprocess.run(["rm", "-r", work])


main()
