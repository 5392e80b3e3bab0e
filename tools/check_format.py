#!/usr/bin/env python3
"""clang-format over committed sources: files that differ from main, or all with --all. Says which `./dev fmt` would change.

Files that were not in the project's format when this check came are listed in tools/not_formatted.txt; the list only
shrinks: a listed file that is clean by now is an error, too."""
import pathlib
import subprocess
import sys

import tidy

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    listed = ROOT / "tools" / "not_formatted.txt"
    known = set(listed.read_text().split()) if listed.exists() else set()
    sources = {f for f in tidy.git("ls-files", "*.cc", "*.h") if (ROOT / f).exists()}
    if sys.argv[1:] != ["--all"]:
        sources &= tidy.changed()
    done = subprocess.run(["clang-format-16", "--dry-run", *sorted(sources)], cwd=ROOT, capture_output=True, text=True)
    wrong = {line.split(":")[0] for line in done.stderr.splitlines() if "-Wclang-format-violations" in line}
    new, clean = sorted(wrong - known), sorted((known & sources) - wrong)
    for name in new:
        print("format: %s: run ./dev fmt" % name)
    for name in clean:
        print("format: %s is in the format now: take it off tools/not_formatted.txt" % name)
    print("format: %d files looked at, %d of them not yet in the format" % (len(sources), len(wrong & known)))
    sys.exit(1 if new or clean else 0)


if __name__ == "__main__":
    main()
