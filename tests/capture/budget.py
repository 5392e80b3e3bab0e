"""Row 16: size, memory, wake-ups, CPU time, throughput beside tee."""
import os
import pathlib
import subprocess
import time

from harness import Broken, cpu_seconds, expect, status, wait_until


def rows(table, make, long):
    size = None
    box = make()
    binary = pathlib.Path(box.exec.split()[0])
    if binary.name == "gleaner-exec":
        size = binary.stat().st_size
        table.fact("binary", size <= 200 << 10 and static(binary), "%d bytes, static (at most 204,800)" % size)
    idle(table, box)
    load(table, make(), long)
    flood(table, make())
    if long:
        throughput(table, make)


def static(binary):
    return b"ld-linux" not in binary.read_bytes() and b"ld-musl" not in binary.read_bytes()


def switches(pid):
    return status(pid, "voluntary_ctxt_switches")


def idle(table, box):
    process = box.start(["sh", "-c", "echo up; echo up >&2; exec sleep 60"])
    wait_until(lambda: box.segments() and box.segments()[0].stat().st_size > 60, "lines")
    time.sleep(0.5)
    before = switches(process.pid)
    time.sleep(3)
    wakeups, memory = switches(process.pid) - before, status(process.pid, "VmRSS")
    process.terminate()
    process.wait()
    table.fact("idle", wakeups == 0 and memory <= 2048, "%d wake-ups in 3 s, RSS %d kB (at most 0, 2,048)" % (wakeups, memory))


def load(table, box, long):
    seconds = 20 if long else 5
    process = box.start([box.writer, "lines", 1000 * (seconds + 3), "rate", "1000", "burst", "1"])
    time.sleep(1)
    # A machine that does other things besides makes the same work cost twice as much: the best of five stretches counts, and
    # twice the budget is bad.
    stretches = []
    for _ in range(5):
        begin, before = time.monotonic(), cpu_seconds(process.pid)
        time.sleep(seconds / 5)
        stretches.append((cpu_seconds(process.pid) - before) / (time.monotonic() - begin) * 100)
    share, memory = min(stretches), status(process.pid, "VmHWM")
    process.wait()
    table.fact("1,000 lines/s", share <= 4 and memory <= 6144, "%.1f %% of a core, RSS %d kB (budget 2 %%, 6,144 kB)" % (share, memory))


def flood(table, box):
    worst = 0
    for words in (["size", "100"], ["size", "5000-14000"], ["size", "60000", "threads", "4"]):
        process = box.start([box.writer, "lines", "10000000", *words], "--max-total=50Mi")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            time.sleep(0.05)
            worst = max(worst, status(process.pid, "VmHWM"))
        process.terminate()
        process.wait()
    table.fact("peak RSS at full speed", worst <= 6144, "%d kB (at most 6,144)" % worst)


def throughput(table, make):
    """A million 100-byte lines in turn; the best of three each."""
    lines = 1000000

    def tee(box):
        return ["bash", "-c", '"$1" lines %d size 100 err 0 | tee "$2" >/dev/null' % lines, "bash", box.writer, str(box.root / "tee")]

    def both(box):
        return ["bash", "-c", '"$1" lines %d size 100 > >(tee "$2" >/dev/null) 2> >(tee "$2.err" >/dev/null)' % lines, "bash", box.writer, str(box.root / "tee")]

    def wrapped(*flags):
        return lambda box: [*box.command("--max-total=2Gi", *flags), "--", box.writer, "lines", str(lines), "size", "100"]

    ways = {"one stream into tee": tee, "two streams into two tees": both, "exec": wrapped(), "exec --order=none": wrapped("--order=none")}
    best = {name: (1e9, 1e9) for name in ways}
    for _ in range(3):
        for name, command in ways.items():
            box = make()
            before, begin = os.times(), time.monotonic()
            subprocess.run(command(box), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            wall, after = time.monotonic() - begin, os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            best[name] = min(best[name], (wall, cpu))
    for name, (wall, cpu) in best.items():
        table.fact("throughput: " + name, True, "%.2f M lines/s, %.2f us of CPU a line, writer included" % (lines / wall / 1e6, cpu * 1e6 / lines))
