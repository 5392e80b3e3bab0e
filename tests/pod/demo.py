#!/usr/bin/env python3
"""./dev demo: a Fargate pod with gleaner as its sidecar. Ctrl-C ends it; without one it ends by itself."""
import pathlib
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


KEPT = pathlib.Path("/var/log/app")


def application(binary, work):
    """`gleaner exec` where the pod had a pipe into tee: both streams in order in KEPT, stdout as ever in pod.LOG."""
    return subprocess.Popen([binary, "exec", "--dir", str(KEPT), "--tee-file", str(pod.LOG), "--passthrough", "none", "--", sys.executable,
                             str(pod.HERE / "app.py")], stderr=open(work + "/exec.log", "wb"), preexec_fn=pod.die_with_parent)


def kept():
    """(stream, line) of everything gleaner exec has kept, in the order of the writes."""
    lines = [line.split(" ", 3) for path in sorted(KEPT.glob("*.log")) for line in path.read_text().splitlines()]
    return [(stream, text) for _, stream, _, text in lines]


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
    say("The application under gleaner exec: JSON lines by %s, spans by OTLP/gRPC to 127.0.0.1:4317. Ctrl-C ends it." % pod.LOG)
    app = application(binary, work)
    spans = subprocess.Popen([loadgen, "127.0.0.1:4317", "--spans", str(int(seconds * 10)), "--rate", "10", "--per-request", "5", "--parallel", "1"],
                             stdout=subprocess.PIPE, preexec_fn=pod.die_with_parent)
    cpu, since = sidecar.cpu_seconds(), time.monotonic()
    until.wait(seconds)
    until.set()
    app.terminate()
    app_code = app.wait(timeout=10)
    spans.terminate()
    rss, peak = sidecar.status("VmRSS"), sidecar.status("VmHWM")
    share = (sidecar.cpu_seconds() - cpu) / (time.monotonic() - since) * 100
    code = sidecar.stop()
    backend.stop()

    both = kept()
    written = sum(stream == "stdout" for stream, _ in both)
    print()
    say("What gleaner exec kept in %s: stdout and stderr, in the order they were written" % KEPT)
    for stream, text in both[2:8]:
        print(DIM + "  %s | " % stream + PLAIN + (text[:140] + "..." if len(text) > 140 else text))
    print()
    say("What went through the sidecar")
    print("  %-10s %10s %10s %10s %10s" % ("pipeline", "in", "out", "dropped", "held"))
    ok = code == 0 and app_code == 0
    for name, one in sorted(sidecar.ledgers().items()):
        print("  %-10s %10d %10d %10d %10d" % (name, one["in"], one["delivered"] + one["persisted"], one["dropped"], one["held"]))
        ok = ok and one["in"] > 0 and one["dropped"] == one["held"] == 0
    logs = sidecar.ledgers().get("logs", {}).get("in")
    print("  the application wrote %d lines to stdout, %d to stderr; the API server answered %d requests, %d with a wrong token" %
          (written, len(both) - written, api.requests, api.refused))
    print("  gleaner: %.1f MiB resident (peak %.1f), %.2f %% of a core" % (rss, peak, share))
    if not ok or logs != written:
        sys.exit("something is missing: see %s/sidecar.log, exec.log" % work)
    subprocess.run(["rm", "-r", work])


main()
