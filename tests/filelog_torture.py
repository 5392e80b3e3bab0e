#!/usr/bin/env python3
"""filelog with storage, made to lose lines: killed -9 at random while its files are rotated under it ten times a second,
its checkpoint at a size limit, its folders closed and opened again, 5,000 files at once, inotify's queue overflowing.
Every line has a number: none may be lost; a kill may repeat one chunk of a receiver, no kill repeats nothing.

  filelog_torture.py GLEANER          the short form, about half a minute
  filelog_torture.py GLEANER --long   minutes, at 50 MB/s
"""
import collections
import ctypes
import gzip
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

CHUNK = 64 << 10  # bytes a receiver has on its way to the file exporter, which has no queue
ROTATE = 0.1  # seconds
KEEP = 20  # rotated files of a writer that stay although they were read: two seconds
RECORD = re.compile(rb'"stringValue":"([a-z0-9]+) (\d+)[ "]')

CONFIG = """
extensions:
  file_storage: {directory: DIR/store, create_directory: true}
receivers:
RECEIVERS
exporters:
EXPORTERS
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: METRICS}}
  pipelines:
PIPELINES
"""


def fail(what):
    raise SystemExit("filelog torture: " + what)


def wait_until(condition, what, seconds=30):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            fail("waited in vain for " + what)
        time.sleep(0.02)


class Gleaner:
    """A collector with one receiver and one file exporter for each name; DIR is `work`."""

    def __init__(self, binary, work, receivers, out="DIR/%s.json", metrics="none", user=None, limits=()):
        self.binary, self.work, self.user, self.limits = binary, work, user, limits
        self.log = work / "log"
        text = CONFIG.replace("RECEIVERS", "\n".join("  filelog/%s: {storage: file_storage, start_at: beginning, %s}" % r for r in receivers.items()))
        text = text.replace("EXPORTERS", "\n".join("  file/%s: {path: %s, append: true, flush_interval: 0}" % (n, out % n if "%s" in out else out) for n in receivers))
        text = text.replace("PIPELINES", "\n".join("    logs/%s: {receivers: [filelog/%s], exporters: [file/%s]}" % (n, n, n) for n in receivers))
        (work / "config.yaml").write_text(text.replace("METRICS", metrics).replace("DIR", str(work)))
        self.process, self.kills = None, 0

    def prepare(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
        for what, soft in self.limits:
            resource.setrlimit(what, (soft, resource.getrlimit(what)[1]))
        if self.user:
            os.setgid(self.user)
            os.setuid(self.user)

    def start(self, stdout=None):
        mark = self.log.stat().st_size if self.log.exists() else 0
        self.process = subprocess.Popen([self.binary, "--config=%s/config.yaml" % self.work], stdout=stdout, stderr=open(self.log, "ab"), preexec_fn=self.prepare)
        wait_until(lambda: b"Everything is ready" in self.said(mark) or self.process.poll() is not None, "the start")
        if self.process.poll() is not None:
            fail("it does not start:\n" + self.log.read_text()[-2000:])

    def said(self, since=0):
        with open(self.log, "rb") as log:
            log.seek(since)
            return log.read()

    def kill(self):
        self.kills += 1
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=30) != 0:
            fail("exit %d:\n%s" % (self.process.returncode, self.log.read_text()[-2000:]))


class Writer(threading.Thread):
    """Appends numbered lines at `rate` bytes a second until told to stop, and rotates now and then in the same thread, so that
    nothing is lost between a copy and a truncation."""

    def __init__(self, name, path, rotate, rate, size, out):
        super().__init__()
        self.path, self.rotate, self.rate, self.tag, self.out = path, rotate, rate, name, out
        self.old = {}  # rotated files that are still there, by number
        self.begun, self.ends = set(), set()  # those whose first and last line came out
        self.looked = 0  # bytes of the output
        self.padding = "x" * size
        self.lines, self.rotations, self.written, self.ended = 0, 0, 0, False

    def run(self):
        begun = time.time()
        next_rotation = begun + ROTATE
        fd = self.open()
        while not self.ended:
            block = 40
            text = "".join("%s %d %s\n" % (self.tag, self.lines + i, self.padding[: (self.lines + i) % 97 * len(self.padding) // 96]) for i in range(block)).encode()
            os.write(fd, text)
            self.lines += block
            self.written += len(text)
            now = time.time()
            if now >= next_rotation:
                self.rotations += 1
                os.write(fd, b"END %d \n" % self.rotations)
                self.rotate(self)
                os.close(fd)
                fd = self.open()
                next_rotation += ROTATE
            ahead = begun + self.written / self.rate - now
            if ahead > 0:
                time.sleep(ahead)
        self.rotations += 1
        os.write(fd, b"END %d \n" % self.rotations)
        os.close(fd)

    def open(self):
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(fd, b"BEGIN %d \n" % (self.rotations + 1))
        return fd

    def rotated(self):
        """Where the file goes now. Its last line says which one it is."""
        self.old[self.rotations] = pathlib.Path("%s.%d" % (self.path, self.rotations))
        return self.old[self.rotations]

    def search(self):
        """Looks through what came out since the last time, for the last lines of files."""
        if not self.out.exists():
            return
        with open(self.out, "rb") as out:
            out.seek(max(0, self.looked - 100))
            block = out.read()
            self.looked = out.tell()
        for words, into in ((b'"BEGIN ', self.begun), (b'"END ', self.ends)):
            at = block.find(words)
            while at >= 0:
                into.add(int(re.match(rb"\d*", block[at + len(words) : at + 20]).group() or 0))
                at = block.find(words, at + 1)

    def read(self):
        """Rotated files that were read whole, but for the last ones. What is deleted unread while gleaner is down is lost by
        nature."""
        self.search()
        for n in [n for n in self.old if n in self.ends and n < self.rotations - KEEP]:
            yield self.old.pop(n)

    def all_read(self):
        self.search()
        return self.ends >= set(range(1, self.rotations + 1))


def rename(w):
    w.path.rename(w.rotated())
    for old in w.read():
        old.unlink()


def rename_and_pack(w):
    w.path.rename(w.rotated())
    for old in w.read():
        with open(old, "rb") as text, gzip.open(str(old) + ".gz", "wb", 1) as packed:
            shutil.copyfileobj(text, packed)
        old.unlink()


def copy_and_truncate(w):
    shutil.copyfile(w.path, w.rotated())
    os.truncate(w.path, 0)
    for old in w.read():
        old.unlink()


def delete(w):
    """Takes the last name of files that gleaner has begun to read, whether or not it is through with them."""
    w.path.rename(w.rotated())
    w.search()
    for n in [n for n in w.old if n in w.begun]:
        w.old.pop(n).unlink()


METHODS = {"rename": rename, "pack": rename_and_pack, "copy": copy_and_truncate, "delete": delete}


def count(path):
    """How often each number came, and the bytes of what came again."""
    seen, again = collections.Counter(), 0
    with open(path, "rb") as out:
        rest = b""
        while block := out.read(8 << 20):
            block = rest + block
            cut = block.rfind(b'"stringValue"')  # what is behind it may go on in the next block
            rest = block[cut:] if len(block) >= 4096 and cut > 0 else b""
            seen.update(int(m.group(2)) for m in RECORD.finditer(block, 0, len(block) - len(rest)))
        seen.update(int(m.group(2)) for m in RECORD.finditer(rest))
    return seen


def check(name, path, lines, most_again):
    seen = count(path)
    missing = [n for n in range(lines) if n not in seen]
    if missing:
        fail("%s: %d of %d lines lost, e.g. %s" % (name, len(missing), lines, missing[:10]))
    unknown = [n for n in seen if n >= lines]
    if unknown:
        fail("%s: lines that nobody wrote: %s" % (name, unknown[:10]))
    again = sum(seen.values()) - lines
    if again > most_again:
        first = [n for n, times in sorted(seen.items()) if times > 1][:10]
        fail("%s: %d lines came again, %d may; e.g. %s" % (name, again, most_again, first))
    return again


def rotation(binary, seconds, rate, size, kills):
    """All methods at once, each with a receiver of its own."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    methods = [m for m in METHODS if not (kills and m == "delete")]  # what was deleted while nobody looked is gone
    gleaner = Gleaner(binary, work, {m: "include: [DIR/%s/*.log*], exclude: [DIR/%s/*.gz], include_file_name: false" % (m, m) for m in methods})
    writers = []
    for m in methods:
        (work / m).mkdir()
        writers.append(Writer(m, work / m / "a.log", METHODS[m], rate / len(methods), size, work / (m + ".json")))
    gleaner.start()
    for writer in writers:
        writer.start()
    end = time.time() + seconds
    while time.time() < end:
        time.sleep(random.uniform(0.2, 1.2) if kills else 0.2)
        if kills:
            gleaner.kill()
            time.sleep(random.choice((0, 0.05, 0.3)))
            gleaner.start()
    for writer in writers:
        writer.ended = True
        writer.join()
    for writer in writers:
        wait_until(writer.all_read, "the last lines of " + writer.tag, 600)
    gleaner.stop()
    # A chunk and the line it cuts, in lines of half the size on average.
    per_kill = CHUNK // (size // 2 + 10) * 2
    report = []
    for writer in writers:
        again = check(writer.tag, work / (writer.tag + ".json"), writer.lines, gleaner.kills * per_kill if kills else 0)
        report.append("%s %d lines, %d rotations, %d again" % (writer.tag, writer.lines, writer.rotations, again))
    wrote = sum(w.written for w in writers) / seconds / 1e6
    print("torture: %d kills at %.0f MB/s: %s" % (gleaner.kills, wrote, "; ".join(report)), flush=True)
    shutil.rmtree(work)


def operators(binary, kills):
    """Lines that operators hold: parts of container lines of two streams, and a record of several lines."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    gleaner = Gleaner(binary, work, {
        "cri": "include: [DIR/cri.log], include_file_path: true, operators: [{type: container, add_metadata_from_filepath: false}]",
        "java": "include: [DIR/java.log], include_file_path: true, operators: [{type: recombine, combine_field: body, is_first_entry: 'body startsWith \"java\"'}]"})
    gleaner.start()
    n = 0
    with open(work / "cri.log", "a", 1) as cri, open(work / "java.log", "a", 1) as java:
        for _ in range(kills):
            until = time.time() + random.uniform(0.2, 0.6)
            while time.time() < until:
                stamp = "2024-05-05T05:00:00.%06dZ" % (n % 1000000)
                cri.write("%s stdout P cri %d \n%s stderr F err %d \n" % (stamp, n, stamp, n))
                java.write("java %d \n\tat one\n" % n)
                if n % 50 == 0:
                    time.sleep(0.01)
                cri.write("%s stdout F end\n" % stamp)
                java.write("\tat two\n")
                n += 1
            gleaner.kill()
            gleaner.start()
        java.write("java %d \n" % n)
    for name, whole in (("cri", rb'"cri (\d+) ?end"'), ("java", rb'"java (\d+) ?\\n\s*(?:\\t)?at one\\n\s*(?:\\t)?at two"')):
        pattern = re.compile(whole)
        found = lambda: {int(m.group(1)) for m in pattern.finditer((work / (name + ".json")).read_bytes())}
        wait_until(lambda: len(found()) >= n, "whole records of " + name)
        if found() != set(range(n)):
            fail("%s: records lost: %s" % (name, sorted(set(range(n)) - found())[:10]))
    gleaner.stop()
    print("torture: %d kills: %d records held in parts, none lost" % (gleaner.kills, n))
    shutil.rmtree(work)


def full_disk(binary):
    """The checkpoint grows to a limit that every file of the process has; output goes to a pipe, which has none."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    (work / "in").mkdir()
    gleaner = Gleaner(binary, work, {"full": "include: [DIR/in/*.log], include_file_name: false"}, out="/dev/stdout",
                      metrics="none", limits=[(resource.RLIMIT_FSIZE, 6000)])
    out = work / "out"
    reader, pipe = os.pipe()

    def pump():
        with open(out, "ab", 0) as to:
            while block := os.read(reader, 1 << 16):
                to.write(block)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    gleaner.log = work / "log"
    gleaner.start(stdout=pipe)
    for i in range(50):
        (work / "in" / ("%d.log" % i)).write_text("full %d %s\n" % (i, "y" * 300))
    wait_until(lambda: len(count(out)) == 50 if out.exists() else False, "the lines with a full disk")
    if gleaner.said().count(b"State cannot be written to its file") != 1:
        fail("a full disk is to be said once:\n" + gleaner.said().decode())
    prlimit(gleaner.process.pid, resource.RLIMIT_FSIZE)
    wait_until(lambda: b"State is written to its file again" in gleaner.said(), "the disk with room again")
    gleaner.kill()
    gleaner.limits = []
    gleaner.start(stdout=pipe)
    (work / "in" / "last.log").write_text("full 50 \n")
    wait_until(lambda: 50 in count(out), "the last line")
    gleaner.stop()
    os.close(pipe)
    thread.join()
    again = check("full disk", out, 51, 0)
    print("torture: a full disk: 51 lines, %d again; said once, taken up again" % again)
    shutil.rmtree(work)


def prlimit(pid, what):
    libc = ctypes.CDLL(None, use_errno=True)
    limit = (ctypes.c_uint64 * 2)(2**64 - 1, 2**64 - 1)
    if libc.prlimit(pid, what, limit, None) != 0:
        fail("prlimit: " + os.strerror(ctypes.get_errno()))


def permission(binary):
    """Folder and file are closed and opened again. As nobody, if this is root: root may do everything."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    (work / "store").mkdir()
    (work / "store").chmod(0o555)
    user = 65534 if os.geteuid() == 0 else None
    if user:
        os.chown(work, user, user)
        os.chown(work / "store", user, user)
    gleaner = Gleaner(binary, work, {"may": "include: [DIR/*.log]"}, user=user)
    (work / "a.log").write_text("may 0 \n")
    closed = work / "b.log"
    closed.write_text("may 1 \n")
    if user:
        os.chown(closed, user, user)
    closed.chmod(0)
    gleaner.start()
    wait_until(lambda: 0 in count(work / "may.json"), "the open file")
    wait_until(lambda: b"Failed to open file" in gleaner.said(), "the closed file to be named")
    wait_until(lambda: b"State cannot be written" in gleaner.said(), "the closed folder to be named")
    closed.chmod(0o644)
    (work / "store").chmod(0o755)
    wait_until(lambda: 1 in count(work / "may.json"), "the file that was opened")
    wait_until(lambda: b"State is written to its file again" in gleaner.said(), "the folder that was opened")
    for words in (b"Failed to open file", b"State cannot be written"):
        if gleaner.said().count(words) != 1:
            fail("%s is to be said once:\n%s" % (words, gleaner.said().decode()))
    gleaner.kill()
    gleaner.start()
    with open(work / "a.log", "a") as log:
        log.write("may 2 \n")
    wait_until(lambda: 2 in count(work / "may.json"), "the last line")
    gleaner.stop()
    check("permission", work / "may.json", 3, 0)
    print("torture: permissions taken away and given back: 3 lines, none again")
    shutil.rmtree(work)


def many(binary, files):
    """Thousands of files at once, then a kill, then a line in each."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    (work / "in").mkdir()
    gleaner = Gleaner(binary, work, {"many": "include: [DIR/in/*.log]"})
    gleaner.start()
    begun = time.time()
    for i in range(files):
        (work / "in" / ("%d.log" % i)).write_text("many %d in a new file\n" % i)
    wait_until(lambda: len(count(work / "many.json")) == files, "all files", 60)
    took = time.time() - begun
    time.sleep(0.5)  # the last of them may not be kept yet
    gleaner.kill()
    for i in range(files):
        with open(work / "in" / ("%d.log" % i), "a") as log:
            log.write("many %d of the second run\n" % (files + i))
    begun = time.time()
    gleaner.start()
    wait_until(lambda: len(count(work / "many.json")) == 2 * files, "all files again", 60)
    again = time.time() - begun
    gleaner.stop()
    check("many", work / "many.json", 2 * files, 0)
    print("torture: %d files at once: %.1f s, after a kill %.1f s; none again" % (files, took, again))
    shutil.rmtree(work)


def overflow(binary):
    """More events than inotify queues, made while gleaner is stopped."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
    (work / "in").mkdir()
    gleaner = Gleaner(binary, work, {"over": "include: [DIR/in/*.log]"})
    gleaner.start()
    (work / "in" / "a.log").write_text("over 0 \n")
    wait_until(lambda: 0 in count(work / "over.json"), "the first line")
    queue = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    gleaner.process.send_signal(signal.SIGSTOP)
    for i in range(queue // 2 + 100):
        os.close(os.open(work / "in" / ("%d.tmp" % i), os.O_CREAT | os.O_WRONLY))
        os.unlink(work / "in" / ("%d.tmp" % i))
    for i in range(1, 20):
        (work / "in" / ("late%d.log" % i)).write_text("over %d \n" % i)
    with open(work / "in" / "a.log", "a") as log:
        log.write("over 20 \n")
    gleaner.process.send_signal(signal.SIGCONT)
    begun = time.time()
    wait_until(lambda: len(count(work / "over.json")) == 21, "what came behind the overflow")
    took = time.time() - begun
    gleaner.stop()
    check("overflow", work / "over.json", 21, 0)
    print("torture: %d events for a queue of %d: 21 lines after %.1f s, none again" % (queue + 200, queue, took))
    shutil.rmtree(work)


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    long = "--long" in sys.argv
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    random.seed(seed)
    print("torture: SEED=%d" % seed)
    rotation(binary, 120 if long else 6, 50e6 if long else 4e6, 1000 if long else 300, kills=True)
    rotation(binary, 60 if long else 3, 50e6 if long else 4e6, 1000 if long else 300, kills=False)
    operators(binary, 50 if long else 4)
    full_disk(binary)
    permission(binary)
    many(binary, 5000)
    overflow(binary)


main()
