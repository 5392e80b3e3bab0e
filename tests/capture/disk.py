"""Rows 13 to 15: the cap, full volumes, readers that come, go and do not read."""
import os
import re
import subprocess
import time

from harness import NUMBERED, expect, judge, wait_until

GAP = re.compile(rb"gleaner exec: dropped (\d+) lines, (\d+) bytes, (.*)")


def rows(table, make, long):
    def row(name, check, *arguments):
        try:
            words = check(make(), *arguments)
            table.fact(name, True, words or "as it should be")
        except Exception as why:  # a row that cannot be judged is bad, and the others go on
            table.fact(name, False, "%s: %s" % (type(why).__name__, why))

    row("the cap in blocks, a reader holding deleted files", cap, 60 if long else 4)
    row("an acknowledged segment goes early, a stale reader does not count", acks)
    row("the active segment is deleted from outside", deleted)
    row("the pass-through is blocked, --max-stall=1s", blocked, 10 if long else 3)
    row("--passthrough=stdout at a runtime with two readers", one_stream)
    if os.getuid() == 0:
        row("another process fills the volume", full_volume)
    else:
        table.skip("a full volume", "needs root to mount one")
    row("--max-size=1Ki is refused", refused)


def disk_bytes(box):
    total = 0
    for path in [box.dir, *box.dir.rglob("*")]:
        try:
            total += path.lstat().st_blocks * 512
        except FileNotFoundError:
            pass
    return total


def cap(box, seconds):
    total = 2 << 20
    program = [box.writer, "lines", int(seconds * 50000), "rate", "50000", "burst", "100", "size", "100"]
    process = box.start(program, "--max-total=2Mi", "--max-files=8")
    held, worst = [], 0
    while process.poll() is None:
        for path in box.segments():
            try:
                if len(held) < 200:
                    held.append(open(path, "rb"))
            except FileNotFoundError:
                pass
        worst = max(worst, disk_bytes(box))
        seen = {os.fstat(f.fileno()).st_ino: os.fstat(f.fileno()) for f in held}
        worst = max(worst, sum(s.st_blocks * 512 for s in seen.values() if s.st_nlink == 0) + disk_bytes(box))
        time.sleep(0.01)
    expect(process.returncode == 0, "exit code %d" % process.returncode)
    expect(worst <= total, "%d bytes on disk" % worst)
    # What is there, and what the announcements that are there say, touch: nothing is missing in between.
    records = box.records()
    numbers = [int(NUMBERED.match(t)[1]) for _, t, _ in records if NUMBERED.match(t)]
    expect(numbers == sorted(numbers) and len(set(numbers)) == len(numbers), "lines out of order or doubled")
    expect(numbers[-1] == seconds * 50000 - 1, "the last line is missing")
    expect(numbers[-1] - numbers[0] + 1 == len(numbers), "a hole in the middle")
    expect(any(GAP.match(t) and s == b"stderr" for s, t, _ in records), "no announcement")
    return "at most %d of %d bytes" % (worst, total)


def fresh_ack(box, who, text, age=0):
    path = box.dir / ".ack" / who
    path.with_suffix(".new").write_text(text)
    os.utime(path.with_suffix(".new"), (time.time() - age, time.time() - age))
    path.with_suffix(".new").rename(path)


def acks(box):
    process = box.start([box.writer, "lines", 400000, "rate", "50000", "burst", "100", "size", "100"], "--max-size=256Ki", "--max-files=1000")
    wait_until(lambda: len(box.segments()) > 6, "segments")
    fresh_ack(box, "gone", "1 0\n", age=700)
    fresh_ack(box, "reader", "5 100\n")
    wait_until(lambda: box.segments()[0].name == "00000005.log", "segments 1 to 4 to go")
    process.wait()
    records = box.records()
    numbers = [int(NUMBERED.match(t)[1]) for _, t, _ in records]
    expect(numbers == list(range(numbers[0], 400000)), "lines are missing, or something was announced")


def deleted(box):
    process = box.start([box.writer, "lines", 20000, "rate", "10000", "burst", "10"])
    wait_until(lambda: box.segments() and box.segments()[0].stat().st_size > 20000, "lines")
    with open(box.segments()[0], "rb") as held:
        box.segments()[0].unlink()
        expect(process.wait(20) == 0, "exit code")
        old = held.read()
    numbers = [int(NUMBERED.match(t)[1]) for _, t, _ in box.records()]
    last = int(old.split(b"\n")[-2].split()[3])
    expect(numbers == list(range(last + 1, 20000)), "lines are missing between the deleted file (to %d) and the next (from %d)" % (last, numbers[0]))


def blocked(box, seconds):
    out, into = os.pipe()
    begin = time.monotonic()
    process = box.start([box.writer, "lines", 60000], "--max-stall=1s", stdout=into, stderr=into)
    os.close(into)
    time.sleep(seconds)  # nobody reads
    records = box.records(whole=False)
    row = judge(records, 60000)
    expect(not row.lost and not row.wrong, "the file has %d lines less" % row.lost)
    while os.read(out, 1 << 20):
        pass
    expect(process.wait(20) == 0, "exit code")
    os.close(out)
    stamps = [r[2] for r in records]
    took = float(stamps[-1][17:29]) - float(stamps[0][17:29])
    took += 60 if took < 0 else 0
    expect(took < 2.5, "the program took %.1f s" % took)
    return "the program took %.1f s, the file is complete" % took


def one_stream(box):
    done = subprocess.run([*box.command("--passthrough=stdout"), box.writer, "lines", "20000", "rate", "20000", "burst", "20"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    numbers = [int(line.split()[0]) for line in done.stdout.splitlines()]
    expect(numbers == list(range(20000)) and not done.stderr, "not in order")


def refused(box):
    box.run(["true"], "--max-size=1Ki", code=125)


def full_volume(box):
    box.dir.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(box.dir)], stderr=subprocess.DEVNULL).returncode:
        return "skipped: may not mount"
    try:
        return fill(box)
    finally:
        subprocess.run(["umount", "-l", str(box.dir)])


def fill(box):
    hog, lines = box.dir / "hog", 20000  # 2.7 MB in all, so that nothing goes for the cap
    process = box.start([box.writer, "lines", lines, "rate", "2000", "burst", "20", "size", "100"], "--max-size=256Ki", "--max-files=50")
    wait_until(lambda: len(box.segments()) >= 2, "two segments")
    file = os.open(hog, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(file, b"x" * 65536):
            pass
    except OSError:
        pass
    os.close(file)
    time.sleep(2)
    box.records(whole=False)  # raises when a line is broken
    hog.unlink()
    expect(process.wait(60) == 0, "exit code")
    records = box.records()
    said = lost = 0
    for stream, text, _ in records:
        found = GAP.match(text)
        if found and b"segments" not in found[3]:
            said += int(found[1])
    numbers = [int(NUMBERED.match(t)[1]) for _, t, _ in records if NUMBERED.match(t)]
    for a, b in zip(numbers, numbers[1:]):
        lost += b - a - 1
    expect(said == lost and said > 0, "%d lines are missing, %d announced" % (lost, said))
    expect(numbers[-1] == lines - 1, "no recovery")
    return "%d lines missing, as announced" % lost
