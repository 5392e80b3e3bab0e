"""Runs many chains in one process of a collector: a receiver, a pipeline and a file for each."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
import normalize  # noqa: E402

POD = "pods/default_pod-%s_49cc7c1f-d370-2c40-b268-6ea7486091d3/app/0.log"
REFUSED = re.compile(r"file_log/c(\d+)\b")
MOST_REFUSED = 60


def escaped(node):
    """`$` means something in a collector's configuration; `$$` is a `$`."""
    if isinstance(node, dict):
        return {escaped(k): escaped(v) for k, v in node.items()}
    if isinstance(node, list):
        return [escaped(v) for v in node]
    return node.replace("$", "$$") if isinstance(node, str) else node


def write(folder, numbered):
    """The configuration and the files of chains."""
    receivers, exporters, pipelines = {}, {}, {}
    for n, chain in numbered.items():
        name = POD % n if chain["pods"] else "logs/%s/in.log" % n
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chain["input"])
        receiver = {"include": [str(path)], "start_at": "beginning", **escaped(chain["receiver"]), "operators": escaped(chain["operators"])}
        if chain["pods"]:
            receiver["include_file_path"] = True
        receivers["file_log/c%d" % n] = receiver
        exporters["file/c%d" % n] = {"path": str(folder / ("c%d.json" % n)), "flush_interval": "100ms"}
        pipelines["logs/c%d" % n] = {"receivers": ["file_log/c%d" % n], "exporters": ["file/c%d" % n]}
    config = {"receivers": receivers, "exporters": exporters,
              "service": {"telemetry": {"metrics": {"level": "none"}, "logs": {"level": "fatal" if len(numbered) > 1 else "warn"}}, "pipelines": pipelines}}
    # One line a receiver, so that places in error messages mean something.
    (folder / "config.yaml").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")


def quiet(folder, process, least, still):
    """Waits until no file grows any more."""
    begun, last, changed = time.monotonic(), None, time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        sizes = sorted((p.name, p.stat().st_size) for p in folder.glob("c*.json"))
        if sizes != last:
            last, changed = sizes, now
        if now - begun > least and now - changed > still or now - begun > 60:
            return
        time.sleep(0.1)


def start(binary, folder, zone):
    env = {"PATH": os.environ["PATH"], "TZ": zone, "HOME": "/home"}
    env |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    with open(folder / "stderr", "wb") as out:
        return subprocess.Popen([binary, "--config=%s" % (folder / "config.yaml")], cwd=folder, env=env, stdout=out, stderr=out)


def output(folder, n, chain):
    path = folder / ("c%d.json" % n)
    text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
    name = POD % n if chain["pods"] else "logs/%s/in.log" % n
    text = text.replace(name, POD % "N" if chain["pods"] else "logs/N/in.log").replace("pod-%d\"" % n, "pod-N\"")
    if chain.get("copies"):
        # The reference copies an entry for several outputs through JSON: its integers become doubles. Ours stay.
        text = re.sub(r'\{"intValue":"?(-?\d+)"?\}', lambda m: '{"doubleValue":%s}' % float(m.group(1)), text)
    return normalize.normalize(text, "logs", str(folder), sort_records=chain["sort"])


def run(binary, chains, zone="UTC", least=1.5, still=1.0):
    """[(outcome, words)] for each chain: outcome is the normalised output, or None where the collector refused it (words: why)
    or ended by itself (words begin with "crash")."""
    results, left = {}, dict(enumerate(chains))
    for _ in range(MOST_REFUSED):
        if not left:
            break
        folder = pathlib.Path(tempfile.mkdtemp(prefix="differential-"))
        try:
            write(folder, left)
            process, hung = start(binary, folder, zone), False
            quiet(folder, process, least, still)
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                    results |= {n: (output(folder, n, chain), "") for n, chain in left.items()}
                    break
                except subprocess.TimeoutExpired:
                    hung = True
                    process.kill()
                    process.wait()
            words = "did not end" if hung else (folder / "stderr").read_text("utf-8", "replace")
            if hung or re.search(r"^(panic|fatal error):|Sanitizer", words, re.M):
                named = []
            else:
                named = sorted({int(n) for n in REFUSED.findall(words)} & set(left))
            if not named:
                # Nobody says whose fault it was: halves find it.
                if len(left) == 1:
                    results |= {n: (None, "crash " + words[-3000:]) for n in left}
                    break
                order = sorted(left)
                half = len(order) // 2
                for part in (order[:half], order[half:]):
                    results |= dict(zip(part, run(binary, [left[n] for n in part], zone, least, still)))
                break
            for n in named:
                said = [line for line in words.split("\n") if "file_log/c%d" % n in line] or [words]
                results[n] = (None, "\n".join(said)[:1500])
                del left[n]
        finally:
            shutil.rmtree(folder, True)
    return [results.get(n, (None, "crash not run: too many refused")) for n in range(len(chains))]
