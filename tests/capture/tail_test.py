#!/usr/bin/env python3
"""The article's pod on this machine: a program under gleaner exec, its files read by gleaner's file_log through a hundred
rotations, and --tee-file with the article's own file_log configuration. tail_test.py GLEANER WRITER. What was written must come
out once, in order, and the disk may never hold more than it may. Takes about twenty seconds."""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import expect, wait_until

CRI = """
receivers:
  file_log:
    include: [DIR/logs/*.log]
    start_at: beginning
    poll_interval: 50ms
    operators: [{type: container, format: containerd, add_metadata_from_filepath: false}]
"""
# What is not configured: gleaner knows the folder.
KNOWN = """
receivers:
  file_log:
    include: [DIR/logs/*]
    start_at: beginning
    poll_interval: 50ms
"""
# As published, but for the path and the time, which the numbered lines do not have.
ARTICLE = """
receivers:
  file_log:
    include: DIR/application.log
    include_file_path: false
    start_at: beginning
    resource: {k8s.container.name: fargate-application}
"""
REST = """
exporters:
  file: {path: DIR/out.json, flush_interval: 100ms}  # what is acknowledged has been written
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [file_log], exporters: [file]}}
"""


def values(path):
    """(body, log.iostream) of every record exported."""
    for line in path.read_text().splitlines() if path.exists() else []:
        for resource in json.loads(line)["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    attributes = {a["key"]: a["value"].get("stringValue") for a in record.get("attributes", [])}
                    yield record["body"]["stringValue"], attributes.get("log.iostream")


def run(gleaner, writer, config, flags, lines, rate, both, size=100):
    root = pathlib.Path(tempfile.mkdtemp(prefix="tail."))
    (root / "config.yaml").write_text((config + REST).replace("DIR", str(root)))
    (root / "logs").mkdir()
    log = open(root / "gleaner.log", "w")
    collector = subprocess.Popen([gleaner, "--config", str(root / "config.yaml")], stderr=log, stdout=log)
    program = subprocess.Popen([gleaner, "exec", "--passthrough=none", *[f.replace("DIR", str(root)) for f in flags], "--", writer,
                                "lines", str(lines), "rate", str(rate), "burst", "50", "size", str(size),
                                *(["lead", "1"] if both else ["err", "0"])])
    worst = 0
    while program.poll() is None:
        sizes = 0
        for path in (root / "logs").rglob("*"):
            try:
                sizes += path.lstat().st_blocks * 512
            except FileNotFoundError:
                pass
        worst = max(worst, sizes)
        time.sleep(0.02)
    expect(program.returncode == 0, "exit code %d" % program.returncode)
    wait_until(lambda: any(b.startswith("%09d" % (lines - 1)) for b, _ in values(root / "out.json")), "the last line", 30)
    collector.send_signal(signal.SIGTERM)
    collector.wait(10)
    said = [body for body, _ in values(root / "out.json") if body.startswith("gleaner exec")]
    expect(not said, "gleaner exec dropped what was not acknowledged: %s" % said[:2])
    got = [(int(body[:9]), body[10:13], stream) for body, stream in values(root / "out.json") if not body.startswith("gleaner exec")]
    left = {kind: sorted(p.name for p in root.rglob(kind)) for kind in ("0*.log", "application.log*")}
    shutil.rmtree(root)
    return left, got, worst


def main():
    gleaner, writer = sys.argv[1:3]
    lines = 60000
    # 60,000 lines of 140 bytes in segments of 80 KiB are a hundred rotations.
    files, got, worst = run(gleaner, writer, CRI, ["--dir", "DIR/logs", "--max-size=80Ki", "--max-files=30"], lines, 5000, True)
    numbers = [n for n, *_ in got]
    rotations = int(files["0*.log"][-1][:8])
    lost, doubled = lines - len(set(numbers)), len(numbers) - len(set(numbers))
    displaced = sum(b < a for a, b in zip(numbers, numbers[1:]))
    wrong = sum(stream != "std" + tag for _, tag, stream in got)
    left = len(files["0*.log"])
    print("file_log reads exec: %d rotations, %d files left, %d lines, lost %d, doubled %d, out of order %d, wrong stream %d, at most %d KiB on disk"
          % (rotations, left, lines, lost, doubled, displaced, wrong, worst >> 10))
    expect(rotations >= 100 and not (lost or doubled or displaced or wrong), "see above")
    expect(worst <= 30 * 96 * 1024 + 32768, "the cap was passed")
    expect(left < 29, "what was acknowledged was not deleted")

    # Lines of 12,000 bytes in segments of 80 KiB come in parts of 10 KiB; a line whose parts lie in two segments stays in two.
    _, got, _ = run(gleaner, writer, KNOWN, ["--dir", "DIR/logs", "--max-size=80Ki", "--max-files=200"], 400, 100, True, 12000)
    print("file_log knows exec's folder: %d lines" % len(got))
    numbers = [n for n, *_ in got]
    expect(numbers == list(range(400)), "lines lost, doubled or out of order: %s" % [(i, n) for i, n in enumerate(numbers) if i != n][:9])
    expect(all(stream == "std" + tag for _, tag, stream in got), "a wrong stream")

    files, got, _ = run(gleaner, writer, ARTICLE, ["--tee-file", "DIR/application.log", "--max-size=512Ki", "--max-files=3"], lines, 5000, False)
    numbers = sorted(n for n, tag, _ in got)
    print("the article's file_log reads --tee-file: %d lines, lost %d, doubled %d, %d files" % (
        lines, lines - len(set(numbers)), len(numbers) - len(set(numbers)), len(files["application.log*"])))
    expect(len(set(numbers)) == lines and len(numbers) == lines, "see above")


main()
