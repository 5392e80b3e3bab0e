#!/usr/bin/env python3
"""Tailing by the static binary while files are rotated under it as fast as a machine can: renamed, copied and
truncated, deleted with their folders; partial lines; a file that may not be read; lines written in the last moment.
What was written must come out, and the ledger must say the same. Takes about ten seconds."""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

LINES = 5000  # of each file
BURST = 25  # lines between two pauses
PAUSE = 0.01  # seconds
ROTATE = 0.05  # seconds between two rotations
UID = "49cc7c1fd3702c40b2686ea7486091d3"
POD = "pods/shop_cart-0_%s/app" % UID

CONFIG = """
receivers:
  filelog/rename: {include: [DIR/rename/*.log*], start_at: beginning}
  filelog/copy: {include: [DIR/copy/*.log*], start_at: beginning}
  filelog/cri: {include: [DIR/pods/*/*/*.log], start_at: beginning, include_file_path: true, operators: [{type: container}]}
  filelog/owner: {include: [DIR/owner/*.log], start_at: beginning, include_file_owner_name: true}
  filelog/gone: {include: [DIR/gone/*/*.log], start_at: beginning}
exporters:
  file/rename: {path: DIR/rename.json}
  file/copy: {path: DIR/copy.json}
  file/cri: {path: DIR/cri.json}
  file/owner: {path: DIR/owner.json}
  file/gone: {path: DIR/gone.json}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs/rename: {receivers: [filelog/rename], exporters: [file/rename]}
    logs/copy: {receivers: [filelog/copy], exporters: [file/copy]}
    logs/cri: {receivers: [filelog/cri], exporters: [file/cri]}
    logs/owner: {receivers: [filelog/owner], exporters: [file/owner]}
    logs/gone: {receivers: [filelog/gone], exporters: [file/gone]}
"""


def wait_until(condition, what, seconds=15):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise SystemExit("waited in vain for " + what)
        time.sleep(0.02)


def records(path):
    """(body, attributes, resource) of every record exported."""
    out = []
    for line in path.read_text().splitlines() if path.exists() else []:
        for resource in json.loads(line)["resourceLogs"]:
            about = attributes(resource["resource"])
            for scope in resource["scopeLogs"]:
                out += [(r["body"].get("stringValue", ""), attributes(r), about) for r in scope["logRecords"]]
    return out


def attributes(owner):
    return {a["key"]: a["value"].get("stringValue") for a in owner.get("attributes", [])}


class Writer:
    """Appends lines to one file and rotates it now and then, in one thread, so that nothing is lost in between."""

    def __init__(self, path, lines, rotate, every):
        self.path, self.lines, self.rotate, self.every = path, lines, rotate, every
        self.rotations = 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        next_rotation = time.time() + self.every
        fd = self.open()
        for i, line in enumerate(self.lines):
            os.write(fd, line.encode() + b"\n")
            if i % BURST == 0:
                time.sleep(PAUSE)
            if time.time() >= next_rotation and i + 1 < len(self.lines):
                self.rotations += 1
                self.rotate(self.path, self.rotations)
                os.close(fd)
                fd = self.open()
                next_rotation = time.time() + self.every
        os.close(fd)

    def open(self):
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def rename(path, n):
    path.rename("%s.%d" % (path, n))


def copy_truncate(path, n):
    shutil.copyfile(path, "%s.%d" % (path, n))
    os.truncate(path, 0)


def rename_away(path, n):
    path.rename("%s.20240101-%06d" % (path, n))  # as the kubelet does: outside of the pattern


def cri_lines():
    """Lines of two streams, a third of them in parts that lie between those of the other stream."""
    lines, texts = [], []

    def put(i, stream, tag, text):
        lines.append("2024-05-05T05:00:%02d.%06dZ %s %s %s" % (i // 1000 % 60, i % 1000, stream, tag, text))

    for i in range(LINES // 2):
        if i % 3:
            put(i, "stdout", "F", "whole %d" % i)
            texts.append("whole %d" % i)
            continue
        put(i, "stdout", "P", "out %d:" % i)
        put(i, "stderr", "P", "err %d:" % i)
        put(i, "stdout", "P", "middle:")
        put(i, "stderr", "F", "end")
        put(i, "stdout", "F", "end")
        texts += ["out %d:middle:end" % i, "err %d:end" % i]
    return lines, texts


def check_equal(name, got, wanted):
    missing, extra = collections.Counter(wanted) - collections.Counter(got), collections.Counter(got) - collections.Counter(wanted)
    if missing or extra:
        raise SystemExit("%s: %d missing, e.g. %s; %d too many, e.g. %s" % (name, sum(missing.values()), list(missing)[:5], sum(extra.values()), list(extra)[:5]))


def main():
    binary = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="filelog-"))
    for folder in ("rename", "copy", POD, "owner", "gone/one"):
        (work / folder).mkdir(parents=True)
    # Root may read everything; it is refused the name of an owner without one instead.
    secret = work / "owner/secret.log"
    secret.write_text("secret\n")
    if os.geteuid() == 0:
        os.chown(secret, 54321, -1)
    else:
        secret.chmod(0)
    (work / "owner/open.log").write_text("open\n")
    (work / "gone/one/a.log").write_text("before\n")
    (work / "config.yaml").write_text(CONFIG.replace("DIR", str(work)))
    log = work / "log"
    process = subprocess.Popen([binary, "--config=%s/config.yaml" % work], stderr=open(log, "wb"))
    try:
        run(work, log, process)
    finally:
        process.poll() is None and process.kill()
    shutil.rmtree(work)


def run(work, log, process):
    wait_until(lambda: "Everything is ready" in log.read_text(), "the start")
    names = "abc"
    written = {n: ["%s %d %s" % (n, i, "x" * (i % 200)) for i in range(LINES)] for n in names}
    trimmed = [line.strip() for n in names for line in written[n]]
    cri, cri_texts = cri_lines()
    writers = [Writer(work / "rename" / (n + ".log"), written[n], rename, ROTATE) for n in names]
    writers += [Writer(work / "copy" / (n + ".log"), written[n], copy_truncate, ROTATE) for n in names]
    writers.append(Writer(work / POD / "0.log", cri, rename_away, 0.5))
    for writer in writers:
        writer.thread.start()
    # Meanwhile a folder goes and comes back.
    wait_until(lambda: len(records(work / "gone.json")) == 1, "the file in the folder")
    shutil.rmtree(work / "gone")
    time.sleep(0.2)  # so that the folder is missing for some scans
    (work / "gone/one").mkdir(parents=True)
    (work / "gone/one/a.log").write_text("after\n")
    wait_until(lambda: len(records(work / "gone.json")) == 2, "the file in the folder that came back")
    for writer in writers:
        writer.thread.join()
    # And the very last lines, one without its end: nobody waits for them before the signal.
    for name in ("rename/a.log", "copy/b.log", "gone/one/a.log"):
        with open(work / name, "a") as out:
            out.write("last line\nunfinished")
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=15) != 0:
        raise SystemExit("exit %d:\n%s" % (process.returncode, log.read_text()))

    last = ["last line", "unfinished"]
    got = {name: records(work / (name + ".json")) for name in ("rename", "copy", "cri", "owner", "gone")}
    texts = {name: [r[0] for r in rows] for name, rows in got.items()}
    check_equal("renamed", texts["rename"], trimmed + last)
    for name in names:  # of one file, in its order
        order = [int(t.split()[1]) for t in texts["rename"] if t.startswith(name + " ")]
        if order != sorted(order):
            raise SystemExit("renamed: records of %s.log changed places" % name)
    check_equal("copied and truncated", set(texts["copy"]), set(trimmed + last))
    twice = len(texts["copy"]) - len(set(texts["copy"]))
    check_equal("container", texts["cri"], cri_texts)
    for text, about, resource in got["cri"]:
        stream = "stderr" if text.startswith("err") else "stdout"
        if about["log.iostream"] != stream or resource.get("k8s.pod.name") != "cart-0":
            raise SystemExit("container: %r has %r %r" % (text, about, resource))
    check_equal("owner", texts["owner"], ["open"])
    if log.read_text().count("Failed to open file") != 1:
        raise SystemExit("the file that cannot be read is to be named once:\n" + log.read_text())
    check_equal("vanished folder", texts["gone"], ["before", "after"] + last)

    ledgers = {l["pipeline"]: l for l in map(json.loads, re.findall(r"Ledger\t(\{.*\})", log.read_text()))}
    for name, rows in got.items():
        ledger = ledgers["logs/" + name]
        if not (ledger["in"] == ledger["delivered"] == len(rows) and ledger["held"] == ledger["dropped"] == 0):
            raise SystemExit("the ledger says %r of %d records" % (ledger, len(rows)))
    print("filelog: %d records through %d rotations, %d of them twice behind copytruncate; ledger exact" %
          (sum(map(len, got.values())), sum(w.rotations for w in writers), twice))


main()
