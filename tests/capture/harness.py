"""Runs a program under gleaner exec and compares what is in the files with the numbers that the program wrote."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

RECORD = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([PF]) (.*)", re.S)
NUMBERED = re.compile(rb"(\d{9}) (out|err)(?: |$)")
TAGS = {b"out": b"stdout", b"err": b"stderr"}
Row = collections.namedtuple("Row", "lost doubled displaced wrong lines note")


class Broken(Exception):
    """What no row may do: broken records, times that do not grow, a wrong exit code."""


def expect(condition, what):
    if not condition:
        raise Broken(what)


class Box:
    """A folder for one row, the wrapper's binaries, and what ran in it."""

    def __init__(self, exec_binary, writer, keep=False):
        self.keep = keep
        self.exec, self.writer = str(exec_binary), str(writer)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="capture."))
        self.dir = self.root / "logs"

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def command(self, *flags):
        return [*self.exec.split(), "--dir", str(self.dir), *flags]

    def start(self, program, *flags, before=(), **options):
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([*before, *self.command("--max-total=2Gi", *flags), "--", *map(str, program)], **options)

    def run(self, program, *flags, code=0, timeout=120, before=(), **options):
        process = self.start(program, *flags, before=before, **options)
        try:
            got = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken("still running after %d s" % timeout)
        expect(got == code, "exit code %s instead of %s" % (got, code))
        return process

    def segments(self):
        return sorted(self.dir.glob("*.log"), key=lambda p: int(p.stem))

    def records(self, whole=True):
        """(stream, text, time) of every line, pieces joined; checks all that holds for every file."""
        last, out, pieces, of = b"", [], [], None
        for path in self.segments():
            data = path.read_bytes()
            expect(not data or data.endswith(b"\n"), "%s does not end with a whole record" % path.name)
            for raw in data.split(b"\n")[:-1]:
                found = RECORD.fullmatch(raw)
                expect(found, "no record: %r" % raw[:80])
                stamp, stream, flag, text = found.groups()
                expect(stamp > last, "the time %s is not above %s" % (stamp, last))
                last = stamp
                expect(of in (None, stream), "a line of %s between the pieces of one of %s" % (stream, of))
                pieces.append(text)
                of = stream if flag == b"P" else None
                if flag == b"F":
                    out.append((stream, b"".join(pieces), stamp))
                    pieces = []
        expect(of is None or not whole, "the last line is not finished")
        return out

    def judge(self, count, streams=None, note=""):
        """Numbers of a run that wrote `count` numbered lines."""
        return judge(self.records(), count, note, streams)


def judge(records, count, note="", streams=None):
    seen, wrong, displaced, highest = collections.Counter(), 0, 0, -1
    for stream, text, *_ in records:
        found = NUMBERED.match(text)
        if not found:
            continue
        number = int(found[1])
        seen[number] += 1
        wrong += stream != TAGS[found[2]]
        displaced += number < highest
        highest = max(highest, number)
    lost = count - sum(1 for n in seen if n < count)
    doubled = sum(n - 1 for n in seen.values())
    return Row(lost, doubled, displaced, wrong, count, note)


class Table:
    """Prints the rows and remembers which were bad. Lost, doubled and wrongly tagged lines are bad in any case; displaced ones
    beyond a row's own share in the long form. The short one runs on machines that do other things besides, where a wrapper may
    not run for longer than a pipe holds packets: a row has three tries there to stay within 2 % (two plain pipes displace 24 to
    48 % each time)."""
    SHORT = 0.02
    TRIES = 3

    def __init__(self, long):
        self.rows, self.bad = 0, []
        self.long = long
        print("%-58s %9s %6s %8s %10s %6s  %s" % ("row", "lines", "lost", "doubled", "displaced", "wrong", ""), flush=True)

    def share(self, allowed):
        return allowed if self.long or allowed is None else max(allowed, self.SHORT)

    def measure(self, name, run, allowed=0):
        """A row of what `run` returns, a Row; in the short form another try when too many lines are displaced, and only then."""
        try:
            row, tries = run(), 1
            share = self.share(allowed)
            while not self.long and tries < self.TRIES and share is not None and row.displaced > share * row.lines \
                    and not (row.lost or row.doubled or row.wrong):
                again, tries = run(), tries + 1
                row = again._replace(note="%s(%d displaced before) %s" % (row.note, row.displaced, again.note))
            self.add(name, row, allowed)
        except Broken as why:
            self.fact(name, False, str(why))

    def add(self, name, row, allowed=0):
        """`allowed`: share of displaced lines that is within the budget, None: recorded only."""
        self.rows += 1
        within = allowed is None or row.displaced <= allowed * row.lines
        share = self.share(allowed)
        good = not (row.lost or row.doubled or row.wrong) and (share is None or row.displaced <= share * row.lines)
        if not good:
            self.bad.append(name)
        print("%-58s %9d %6d %8d %10d %6d  %s%s" % (name, row.lines, row.lost, row.doubled, row.displaced, row.wrong,
                                                   row.note, "  BAD" if not good else "" if within else "  (too many for ./dev soak)"), flush=True)

    def fact(self, name, good, words):
        self.rows += 1
        if not good:
            self.bad.append(name)
        print("%-58s %s%s" % (name, words, "" if good else "  BAD"), flush=True)

    def skip(self, name, why):
        print("%-58s skipped: %s" % (name, why), flush=True)


def have(program):
    return shutil.which(program) is not None


def status(pid, key):
    """A number of /proc/PID/status, e.g. VmHWM in kB."""
    for line in pathlib.Path("/proc/%d/status" % pid).read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    """To the nanosecond, of a program with one thread."""
    return int(pathlib.Path("/proc/%d/schedstat" % pid).read_text().split()[0]) / 1e9


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, "waited in vain for " + what)
        time.sleep(0.01)


def main_guard(table):
    print("capture: %d rows, %d bad%s" % (table.rows, len(table.bad), "".join("\n  BAD: " + name for name in table.bad)))
    sys.exit(1 if table.bad else 0)
