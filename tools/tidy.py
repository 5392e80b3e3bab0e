#!/usr/bin/env python3
"""clang-tidy over the sources, with a memory: a file that was clean is looked at again only when it, a header it
includes, .clang-tidy or its command line has changed.

    tidy.py           files that differ from main, and those that are not committed; on main itself: its last five commits
    tidy.py --all     every file of the product
    tidy.py FILE...

Results are kept in build/tidy/, one empty file a clean state. The asan preset's compile commands are used."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "tidy"
INCLUDE = re.compile(rb'^\s*#include "([^"]+)"', re.M)


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else None


def changed():
    """Sources that differ from where this branch left main; a changed header brings the sources that include it."""
    base = next((b[0] for b in (git("merge-base", "HEAD", ref) for ref in ("origin/main", "main")) if b), "HEAD")
    if base == (git("rev-parse", "HEAD") or [""])[0]:
        base = "HEAD~5" if git("rev-parse", "--verify", "--quiet", "HEAD~5") else "HEAD"
    return set((git("diff", "--name-only", base) or []) + (git("ls-files", "--others", "--exclude-standard") or []))


class Headers:
    """The project's own headers below a source; each is read once."""

    def __init__(self):
        self.direct, self.digest = {}, {}

    def look(self, path):
        if path not in self.direct:
            text = path.read_bytes()
            self.digest[path] = hashlib.sha256(text).digest()
            places = [(base / name.decode()).resolve() for name in INCLUDE.findall(text) for base in (ROOT / "src", path.parent)]
            self.direct[path] = {p for p in places if p.is_file() and p.is_relative_to(ROOT)}
        return self.direct[path]

    def below(self, path):
        found, todo = set(), [path]
        while todo:
            for header in self.look(todo.pop()) - found:
                found.add(header)
                todo.append(header)
        return found


def main():
    arguments = sys.argv[1:]
    commands = ROOT / "build" / "asan" / "compile_commands.json"
    entries = {pathlib.Path(e["file"]).resolve(): e["command"] for e in json.loads(commands.read_text())}
    entries = {p: c for p, c in entries.items() if p.is_relative_to(ROOT) and not p.is_relative_to(ROOT / "build")}
    headers = Headers()
    if arguments == ["--all"]:
        files = list(entries)
    elif arguments:
        files = [pathlib.Path(a).resolve() for a in arguments]
    else:
        differ = {ROOT / name for name in changed()}
        files = [p for p in entries if p in differ or headers.below(p) & differ]
        if ROOT / ".clang-tidy" in differ:
            files = list(entries)
    rules = (ROOT / ".clang-tidy").read_bytes()
    KEPT.mkdir(parents=True, exist_ok=True)

    def state(path):
        digest = hashlib.sha256(rules + entries.get(path, "").encode())
        below = sorted(headers.below(path))
        for one in [path, *below]:
            digest.update(str(one.relative_to(ROOT)).encode() + headers.digest.get(one, b""))
        return KEPT / digest.hexdigest()

    todo = [(path, state(path)) for path in sorted(files)]
    todo = [(path, kept) for path, kept in todo if not kept.exists()]

    def tidy(item):
        path, kept = item
        done = subprocess.run(["clang-tidy-16", "-p", str(commands.parent), "--quiet", str(path)], capture_output=True, text=True)
        if done.returncode == 0:
            kept.touch()
        return done.returncode, done.stdout

    bad = 0
    seen = set()  # what a header says, it says to everyone who includes it
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for code, text in pool.map(tidy, todo):
            bad += code != 0
            if code and text not in seen:
                seen.add(text)
                print(text, flush=True)
    print("tidy: %d files looked at, %d unchanged since they were clean, %d with findings" % (len(todo), len(files) - len(todo), bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
